//! The errors of what the user asked for: their texts and exit codes.
//!
//! Invariant: each error names the value, where it came from and what would be right. Exit codes are gunicorn's: 2 for
//! what its argument parser would refuse, 1 for everything else.

use std::fmt;

use crate::{options::Spelling, values::Problem};

/// Where a value came from. A later layer overrides an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// A variable that only replaces a default (PORT, `WEB_CONCURRENCY`, `FORWARDED_ALLOW_IPS`).
    Default,
    /// A variable of uvicorn's (`UVICORN_LOOP`), which knows no configuration file that could go before it.
    UvicornVariable,
    /// A setting in a configuration file.
    File,
    /// An option in `GUNICORN_CMD_ARGS`.
    CommandVariable,
    /// What `ferricorn dev` stands for.
    Development,
    /// A variable of ferricorn's own.
    Variable,
    /// An option of the command line.
    CommandLine,
}

/// A setting in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name as it stands there.
    pub name: String,
    /// The file, as the user would name it.
    pub file: String,
    /// The line, from 1, if it is known.
    pub line: Option<u32>,
}

/// The place that a value came from, by the name that the user knows.
#[derive(Clone, Debug)]
pub enum Origin {
    /// An option, on the command line or in `GUNICORN_CMD_ARGS`.
    Option(Layer, Spelling),
    /// An environment variable.
    Variable(String),
    /// A setting in a configuration file.
    Setting(Box<Place>),
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "`{}` in `{}:{line}`", self.name, self.file),
            None => write!(formatter, "`{}` in `{}`", self.name, self.file),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(Layer::CommandVariable, spelling) => {
                write!(formatter, "`{spelling}` in `GUNICORN_CMD_ARGS`")
            }
            Self::Option(Layer::Development, spelling) => {
                write!(formatter, "`{spelling}` of `ferricorn dev`")
            }
            Self::Option(_, spelling) => write!(formatter, "`{spelling}`"),
            Self::Variable(name) => write!(formatter, "the environment variable `{name}`"),
            Self::Setting(place) => place.fmt(formatter),
        }
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is nothing to run.
    #[error("no application module specified")]
    NoApplication,
    /// Neither program has such an option.
    #[error("unknown option `{option}`")]
    UnknownOption {
        /// As typed, without its value.
        option: String,
        /// The most similar one, with dashes.
        nearest: Option<String>,
    },
    /// A beginning that several options share.
    #[error("ambiguous option `{option}`: could be {candidates}")]
    AmbiguousOption {
        /// As typed, without its value.
        option: String,
        /// All that begin so.
        candidates: String,
    },
    /// The word after `--help` is no group of options.
    #[error("unknown group of options `{group}`")]
    UnknownGroup {
        /// As typed.
        group: String,
        /// All that there are.
        known: String,
    },
    /// A second word that is no option, which gunicorn passes over in silence.
    #[error("`{second}` after `{first}`: one application at a time")]
    SecondApplication {
        /// The application.
        first: String,
        /// What comes after it.
        second: String,
        /// What is probably meant.
        hint: String,
    },
    /// A command that other programs have, and no module of that name.
    #[error("there is no command `{word}`, and no module of that name")]
    UnknownCommand {
        /// As typed.
        word: String,
        /// What is probably meant.
        hint: String,
    },
    /// What no application can be called.
    #[error("`{text}` names no application: {reason}")]
    NoSuchForm {
        /// As given.
        text: String,
        /// What is wrong with it.
        reason: String,
        /// What is probably meant.
        hint: String,
    },
    /// An option that needs a value is the last word, or another option follows it.
    #[error("a value is missing for `{option}`")]
    MissingValue {
        /// The option with its dashes.
        option: String,
        /// The form, as in `--timeout SECONDS`.
        form: String,
    },
    /// A switch was given a value (`--factory=yes`).
    #[error("`{option}` takes no value")]
    UnexpectedValue {
        /// The option with its dashes.
        option: String,
    },
    /// Anything else that the command line's grammar does not allow.
    #[error("{0}")]
    Grammar(String),
    /// The words of `GUNICORN_CMD_ARGS` are no command line.
    #[error("in `GUNICORN_CMD_ARGS`: {0}")]
    InCommandVariable(Box<Self>),
    /// The words of `GUNICORN_CMD_ARGS` cannot be split.
    #[error("invalid value for the environment variable `GUNICORN_CMD_ARGS`: {0}")]
    CommandVariable(&'static str),
    /// A configuration file that cannot be read.
    #[error("cannot read the configuration file `{file}`: {reason}")]
    File {
        /// The file, as the user would name it, with the line if it is known.
        file: String,
        /// What is wrong with it.
        reason: String,
        /// What would be right.
        hint: String,
    },
    /// A name in a native configuration file that is no setting.
    #[error("unknown setting {place}")]
    UnknownSetting {
        /// Where it stands.
        place: Place,
        /// The most similar one.
        nearest: Option<String>,
    },
    /// A value that is not what it should be.
    #[error("invalid value `{text}` for {origin}: {}", .problem.reason)]
    Value {
        /// The value as given.
        text: String,
        /// Where it was given.
        origin: Origin,
        /// What is wrong with it.
        problem: Problem,
    },
    /// An option that cannot be honoured, and must not be passed over.
    #[error("{origin} cannot be used: {reason}")]
    Refused {
        /// The option.
        origin: Origin,
        /// Why.
        reason: &'static str,
        /// What to do in its place.
        instead: &'static str,
    },
    /// A variable in a value that has no value and no default.
    #[error("invalid value `{text}` for {origin}: the variable `{name}` is not set")]
    UnsetVariable {
        /// The value as given.
        text: String,
        /// Where it was given.
        origin: Origin,
        /// The variable.
        name: String,
    },
}

impl ConfigError {
    /// Whether this is an error of usage: those are reported with the usage line.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::UnknownOption { .. }
            | Self::AmbiguousOption { .. }
            | Self::UnknownGroup { .. }
            | Self::MissingValue { .. }
            | Self::UnexpectedValue { .. }
            | Self::SecondApplication { .. }
            | Self::UnknownCommand { .. }
            | Self::NoSuchForm { .. }
            | Self::Grammar(_) => true,
            Self::InCommandVariable(error) => error.is_usage(),
            Self::Value { origin, problem, .. } => problem.syntax && matches!(origin, Origin::Option(..)),
            Self::NoApplication
            | Self::CommandVariable(_)
            | Self::File { .. }
            | Self::UnknownSetting { .. }
            | Self::Refused { .. }
            | Self::UnsetVariable { .. } => false,
        }
    }

    /// The exit code of the program: 1 or 2.
    pub fn exit_code(&self) -> u8 {
        if self.is_usage() { 2 } else { 1 }
    }

    /// What would be right, in one line.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoApplication => Some("name the application, as in `ferricorn main:app`".to_owned()),
            Self::UnknownOption { nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "`ferricorn --help` lists the options".to_owned(),
            }),
            Self::AmbiguousOption { .. } => Some("write the name in full".to_owned()),
            Self::UnknownGroup { known, .. } => Some(format!("choose from {known}")),
            Self::MissingValue { form, .. } => Some(format!("write `{form}`")),
            Self::UnexpectedValue { option } => Some(format!("write `{option}` alone")),
            Self::Grammar(_) => None,
            Self::InCommandVariable(error) => error.hint(),
            Self::CommandVariable(_) => Some("quote its words as in a shell".to_owned()),
            Self::File { hint, .. }
            | Self::SecondApplication { hint, .. }
            | Self::UnknownCommand { hint, .. }
            | Self::NoSuchForm { hint, .. } => Some(hint.clone()),
            Self::UnknownSetting { nearest, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "settings have the names of the options, as in `graceful_timeout`".to_owned(),
            }),
            Self::Value { problem, .. } => problem.hint.clone(),
            Self::Refused { instead, .. } => Some((*instead).to_owned()),
            Self::UnsetVariable { name, .. } => {
                Some(format!("set `{name}`, or give a default: `${{{name}:-VALUE}}`"))
            }
        }
    }
}
