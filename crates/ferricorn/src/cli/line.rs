//! One line of words, read by the parser: the options that were given, under the names that were used.
//!
//! Each long name is an argument of its own, so that it is known afterwards which of a setting's names was used; the
//! first one is shown in help. Unique beginnings and mistyped names are dealt with before the parser sees them.

use clap::{
    ArgMatches,
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use ferricorn_config::{
    ConfigError, Given, Layer,
    options::{self, Entry, Spelling},
};

use super::parser::{APP, Purpose, command};

/// What a command line says.
pub(super) struct Line {
    /// The first word that is no option.
    pub(super) app: Option<String>,
    /// A word after it.
    pub(super) second: Option<String>,
    /// The options, in the order of the line.
    pub(super) given: Vec<Given>,
}

impl Line {
    /// Whether an option was given, under any of its names.
    pub(super) fn has(&self, name: &str) -> bool {
        self.given.iter().any(|given| given.spelling.entry.name() == name)
    }
}

/// Reads the words of a line.
pub(super) fn read(words: Vec<String>, layer: Layer) -> Result<Line, ConfigError> {
    let mut completed = Vec::with_capacity(words.len());
    let mut options_ended = false;
    let mut shorts = Vec::new();
    for word in preload_always(words) {
        options_ended |= word == "--";
        // The parser does not tell which of an option's names was used, and uvicorn has no short ones.
        if let Some(letter) =
            word.strip_prefix('-').filter(|_| !options_ended).and_then(|it| it.chars().next())
        {
            shorts.push(letter);
        }
        completed.push(if options_ended { word } else { ferricorn_config::complete(&word)? });
    }
    let matches =
        command(Purpose::Parse).try_get_matches_from(completed).map_err(|error| translate(&error))?;
    let mut given = Vec::new();
    for spelling in options::all().filter(|entry| !entry.file_only).flat_map(Entry::spellings) {
        collect(&matches, spelling, layer, &mut given);
    }
    given.sort_by_key(|(index, _)| *index);
    for (_, given) in &mut given {
        given.spelling.short = given.spelling.entry.short.is_some_and(|letter| shorts.contains(&letter));
    }
    let mut words = matches.get_many::<String>(APP).into_iter().flatten().cloned();
    let (app, second) = (words.next(), words.next());
    Ok(Line { app, second, given: given.into_iter().map(|(_, given)| given).collect() })
}

/// The words with `--preload always` as the one option that it is: a switch that knows one word.
fn preload_always(words: Vec<String>) -> Vec<String> {
    let mut read: Vec<String> = Vec::with_capacity(words.len());
    let mut options_ended = false;
    for word in words {
        options_ended |= word == "--";
        let follows = word == "always" && read.last().is_some_and(|before| before == "--preload");
        if !options_ended && (follows || word == "--preload=always") {
            read.truncate(read.len() - usize::from(follows));
            read.push("--preload-always".to_owned());
        } else {
            read.push(word);
        }
    }
    read
}

/// What was given under one name, with the places of the values in the line.
fn collect(matches: &ArgMatches, spelling: Spelling, layer: Layer, given: &mut Vec<(usize, Given)>) {
    let id = spelling.long;
    if matches.value_source(id) != Some(ValueSource::CommandLine) {
        return;
    }
    let Some(indices) = matches.indices_of(id) else { return };
    if !spelling.entry.takes_value() {
        // Of a switch that is repeated the last one counts.
        given.extend(
            indices.max().map(|index| (index, Given::option(spelling, spelling.on.to_string(), layer))),
        );
        return;
    }
    let values = matches.get_many::<String>(id).into_iter().flatten();
    given.extend(
        indices.zip(values).map(|(index, text)| (index, Given::option(spelling, text.clone(), layer))),
    );
}

/// A complaint of the parser in our own words.
fn translate(error: &clap::Error) -> ConfigError {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    // The parser shows an option with its value's name, as in `--timeout <SECONDS>`.
    let shown = text(ContextKind::InvalidArg);
    let option = shown.split([' ', '[', '=']).next().unwrap_or_default().to_owned();
    match error.kind() {
        ErrorKind::UnknownArgument => ConfigError::UnknownOption { nearest: None, option },
        ErrorKind::InvalidValue | ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues => {
            ConfigError::MissingValue { form: shown.replace(['<', '>'], ""), option }
        }
        ErrorKind::TooManyValues => ConfigError::UnexpectedValue { option },
        kind => ConfigError::Grammar(kind.to_string()),
    }
}
