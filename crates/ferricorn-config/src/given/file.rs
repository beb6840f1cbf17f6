//! Configuration files: the answer of the Python helper, or a TOML text, becomes [`Given`]s.
//!
//! Owns: the form of the helper's answer, and how a value of Python or TOML becomes the text of an option. Does not own:
//! reading the file or running Python; the master does.
//!
//! In a Python file gunicorn's names and ferricorn's own count. uvicorn's do not, because such files use `host`, `port`
//! and the like as variables; they count with `uvicorn_` before them. A TOML file is ferricorn's own: there every name
//! of the table counts, and an unknown one is an error.

use serde::Deserialize;

use super::{ConfigError, Given, Layer, Origin, Place};
use crate::{
    options::{self, Spelling, Standing, Target},
    values::{Kind, Problem},
};

/// A value as a configuration file has it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum FileValue {
    /// Python's `None`.
    None,
    /// A truth value.
    Flag(bool),
    /// A whole number, in decimal digits: Python's have no limit.
    Whole(String),
    /// A number with decimals.
    Number(f64),
    /// A text.
    Text(String),
    /// A list or a tuple.
    List(Vec<Self>),
    /// Names with values, as JSON.
    Table(String),
    /// A function with this number of arguments by position.
    Function(u32),
    /// A class, by `module.name`.
    Class(String),
    /// Anything else, as Python shows it.
    Other(String),
}

/// One name of a configuration file.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct FileEntry {
    /// The name.
    pub name: String,
    /// The line of its last assignment, from 1.
    pub line: Option<u32>,
    /// Its value when the file had been executed.
    pub value: FileValue,
    /// The file itself reads it: a variable of its own, and hardly a mistyped setting.
    #[serde(default)]
    pub used: bool,
}

/// What a configuration file says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FileContent {
    /// The file as the user would name it.
    pub name: String,
    /// Whether it is in TOML, and so written for ferricorn.
    pub native: bool,
    /// Its names.
    pub entries: Vec<FileEntry>,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    entries: Vec<FileEntry>,
    failure: Option<String>,
}

impl FileContent {
    /// Reads the helper's answer about the file `name`.
    pub fn from_answer(name: &str, answer: &str) -> Result<Self, ConfigError> {
        let answer: Answer = serde_json::from_str(answer).map_err(|error| ConfigError::File {
            file: name.to_owned(),
            reason: format!("the answer of Python cannot be understood: {error}"),
            hint: "does the file write to descriptors that it has not opened?".to_owned(),
        })?;
        match answer.failure {
            Some(failure) => Err(ConfigError::File {
                file: name.to_owned(),
                reason: failure,
                hint: "the lines above say where it failed".to_owned(),
            }),
            None => Ok(Self { name: name.to_owned(), native: false, entries: answer.entries }),
        }
    }

    /// The options that the file gives, the hooks that it defines, and what to warn of.
    pub(crate) fn given(&self, warnings: &mut Vec<String>) -> Result<FileGiven, ConfigError> {
        let mut result = FileGiven::default();
        for entry in &self.entries {
            let place = Place { name: entry.name.clone(), file: self.name.clone(), line: entry.line };
            let Some(spelling) = self.find(&entry.name) else {
                self.unknown(entry, place, warnings)?;
                continue;
            };
            // What only a command line can ask for: `config`, `help`.
            let program = matches!(spelling.entry.standing, Standing::Supported(Target::Program));
            if program && spelling.entry.name() != "env-file" {
                continue;
            }
            let origin = Origin::Setting(Box::new(place));
            let texts = texts(&spelling, &entry.value).map_err(|problem| ConfigError::Value {
                text: shown(&entry.value),
                origin: origin.clone(),
                problem,
            })?;
            if matches!(spelling.entry.kind, Kind::Hook(_)) && !texts.is_empty() {
                result.hooks.push(spelling.entry.setting_name());
            }
            result.given.extend(texts.into_iter().map(|text| {
                let origin = origin.clone();
                Given { spelling, text, layer: Layer::File, origin }
            }));
        }
        Ok(result)
    }

    fn find(&self, name: &str) -> Option<Spelling> {
        if self.native {
            return options::find_setting(&name.replace('-', "_"));
        }
        if let Some(uvicorns) = name.strip_prefix("uvicorn_") {
            return options::find_setting(uvicorns).filter(|it| !it.entry.file_only);
        }
        options::find_setting(name).filter(|it| options::counts_in_python(name, it))
    }

    fn unknown(
        &self,
        entry: &FileEntry,
        place: Place,
        warnings: &mut Vec<String>,
    ) -> Result<(), ConfigError> {
        if self.native {
            return Err(ConfigError::UnknownSetting {
                nearest: options::nearest_setting(&entry.name),
                place,
            });
        }
        let a_value = !matches!(entry.value, FileValue::Other(_) | FileValue::Class(_));
        if !entry.used && a_value && entry.name != "_" {
            let function = matches!(entry.value, FileValue::Function(_));
            let near = options::nearest_python_setting(&entry.name, function);
            warnings.extend(near.map(|near| format!("{place} is no setting; did you mean `{near}`?")));
        }
        Ok(())
    }
}

/// The options of a file.
#[derive(Debug, Default)]
pub(crate) struct FileGiven {
    pub(crate) given: Vec<Given>,
    pub(crate) hooks: Vec<String>,
}

/// The texts that a command line would have for a value: none for one that is not set.
fn texts(spelling: &Spelling, value: &FileValue) -> Result<Vec<String>, Problem> {
    let entry = spelling.entry;
    if *value == FileValue::None {
        return Ok(Vec::new());
    }
    if let Kind::Hook(arguments) = entry.kind {
        return hook(arguments, value);
    }
    if entry.repeats {
        return match value {
            FileValue::List(items) => items.iter().map(|item| one(entry.kind, item)).collect(),
            // As gunicorn does, which knows no list on its command line.
            FileValue::Text(text) if entry.kind != Kind::Header => Ok(text
                .split(',')
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect()),
            other => Ok(vec![one(entry.kind, other)?]),
        };
    }
    // A list of hosts where the command line has commas.
    if let (Kind::Text, FileValue::List(items)) = (entry.kind, value) {
        let items: Vec<String> = items.iter().map(|item| one(entry.kind, item)).collect::<Result<_, _>>()?;
        return Ok(vec![items.join(",")]);
    }
    let text = one(entry.kind, value)?;
    if !spelling.on {
        return Ok(vec![if text == "true" { "false".to_owned() } else { "true".to_owned() }]);
    }
    Ok(vec![text])
}

fn hook(arguments: &[u32], value: &FileValue) -> Result<Vec<String>, Problem> {
    let allowed: Vec<String> = arguments.iter().map(u32::to_string).collect();
    match value {
        FileValue::Function(found) if arguments.contains(found) => Ok(vec!["function".to_owned()]),
        FileValue::Function(found) => Err(Problem::meaning(
            format!("the function takes {found} arguments by position"),
            format!("write one that takes {}", allowed.join(" or ")),
        )),
        // gunicorn imports it then.
        FileValue::Text(path) if path.contains('.') => Ok(vec![path.clone()]),
        FileValue::Class(path) => Ok(vec![path.clone()]),
        _ => Err(Problem::meaning(
            "not a function",
            format!("write a function that takes {}", allowed.join(" or ")),
        )),
    }
}

fn one(kind: Kind, value: &FileValue) -> Result<String, Problem> {
    let seconds = matches!(kind, Kind::Seconds);
    match (kind, value) {
        (Kind::Table, FileValue::Table(json)) => Ok(json.clone()),
        (Kind::Table, _) => Err(Problem::meaning("not a dictionary", "write `{...}`")),
        (Kind::Switch | Kind::Boolean, FileValue::Flag(on)) => Ok(on.to_string()),
        (Kind::Switch | Kind::Boolean, FileValue::Text(text)) => {
            match text.trim().to_ascii_lowercase().as_str() {
                word @ ("true" | "false") => Ok(word.to_owned()),
                _ => Err(Problem::meaning("not a boolean", "write True or False")),
            }
        }
        (Kind::Switch | Kind::Boolean, _) => Err(Problem::meaning("not a boolean", "write True or False")),
        // Python counts with its booleans, and gunicorn lets it.
        (Kind::Whole | Kind::Workers | Kind::Port | Kind::Memory, FileValue::Flag(on)) => {
            Ok(u8::from(*on).to_string())
        }
        (Kind::Seconds, FileValue::Flag(on)) => Ok(u8::from(*on).to_string()),
        (Kind::Address | Kind::Host, FileValue::Whole(_)) => {
            Err(Problem::meaning("not an address", "write `\"HOST:PORT\"`"))
        }
        (_, FileValue::Whole(digits)) => Ok(digits.clone()),
        (Kind::Whole | Kind::Workers | Kind::Port | Kind::Seconds, FileValue::Text(text)) => {
            Ok(decimal(text))
        }
        (_, FileValue::Number(number)) if seconds => Ok(number.to_string()),
        (Kind::Whole | Kind::Workers | Kind::Port | Kind::Memory, FileValue::Number(_)) => Err(
            Problem::meaning("not a whole number", "write a number without decimals, or `int(...)` of it"),
        ),
        (Kind::Header, FileValue::List(parts)) => match parts.as_slice() {
            [FileValue::Text(name), FileValue::Text(value)] => Ok(format!("{name}:{value}")),
            _ => Err(Problem::meaning("not a header", "write `\"NAME: VALUE\"`")),
        },
        (_, FileValue::Text(text)) => Ok(text.clone()),
        (_, FileValue::Class(path)) => Ok(path.clone()),
        (Kind::Address, FileValue::List(parts)) => match parts.as_slice() {
            [FileValue::Text(host), FileValue::Whole(port)] => Ok(format!("{host}:{port}")),
            _ => Err(Problem::meaning("not an address", "write `\"HOST:PORT\"`")),
        },
        _ => Err(Problem::meaning("a value of the wrong type", "write a text or a number")),
    }
}

/// A number as Python's `int(text, 0)` reads it, in decimal digits; anything else stays what it is.
fn decimal(text: &str) -> String {
    let bare = text.trim().replace('_', "").to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(number) =
            bare.strip_prefix(prefix).and_then(|digits| u64::from_str_radix(digits, radix).ok())
        {
            return number.to_string();
        }
    }
    text.to_owned()
}

/// A value as the error shows it.
fn shown(value: &FileValue) -> String {
    match value {
        FileValue::None => "None".to_owned(),
        FileValue::Flag(on) => (if *on { "True" } else { "False" }).to_owned(),
        FileValue::Whole(text) | FileValue::Text(text) | FileValue::Class(text) | FileValue::Other(text) => {
            text.clone()
        }
        FileValue::Number(number) => number.to_string(),
        FileValue::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        FileValue::Table(json) => json.clone(),
        FileValue::Function(_) => "a function".to_owned(),
    }
}
