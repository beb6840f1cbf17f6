//! Every setting with its value and where it came from (`--print-config`).

use crate::{
    choose::{Choice, Choices},
    error::Origin,
    options::{self, Entry, Kind, Standing, Target},
    settings::Bind,
};

/// One line of `--print-config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The setting's name, as in a configuration file.
    pub name: String,
    /// Its value as text; empty when there is none.
    pub value: String,
    /// Where it came from.
    pub source: String,
}

/// Every setting that has an effect, by name.
pub(crate) fn all(choices: &Choices, app: &str, binds: &[Bind]) -> Vec<Shown> {
    let mut shown: Vec<Shown> =
        options::all().filter(|entry| has_value(entry)).map(|entry| one(entry, choices)).collect();
    for line in &mut shown {
        // What holds of these does not follow from one option.
        match line.name.as_str() {
            "wsgi_app" => {
                // It counts where the command line names none.
                if line.value != app {
                    "the command line".clone_into(&mut line.source);
                }
                app.clone_into(&mut line.value);
            }
            "bind" => line.value = binds.iter().map(Bind::to_string).collect::<Vec<_>>().join(", "),
            _ => {}
        }
    }
    shown.sort_by(|left, right| left.name.cmp(&right.name));
    shown
}

fn has_value(entry: &Entry) -> bool {
    !matches!(entry.kind, Kind::Hook(_))
        && !matches!(entry.name(), "check-config" | "print-config")
        && matches!(entry.standing, Standing::Supported(Target::Draft(_) | Target::Uvicorn(_)))
}

fn one(entry: &'static Entry, choices: &Choices) -> Shown {
    let name = entry.setting_name();
    match choices.get(entry.name()).filter(|choices| !choices.is_empty()) {
        Some(choices) => {
            let texts: Vec<&str> = choices.iter().map(|choice| choice.text.as_str()).collect();
            let source = choices.last().map(source).unwrap_or_default();
            Shown { name, value: texts.join(", "), source }
        }
        None => Shown { name, value: default(entry), source: "default".to_owned() },
    }
}

/// The default, which stands in the help.
fn default(entry: &Entry) -> String {
    let text = entry.help.split_once("[default: ").and_then(|(_, rest)| rest.strip_suffix(']'));
    text.unwrap_or_default().to_owned()
}

fn source(choice: &Choice) -> String {
    match &choice.origin {
        Origin::Setting(place) => {
            place.line.map_or_else(|| place.file.clone(), |line| format!("{}:{line}", place.file))
        }
        Origin::Variable(name) => name.clone(),
        Origin::Option(..) => choice.origin.to_string().replace('`', ""),
    }
}
