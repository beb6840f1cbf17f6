//! Which program a word names.

use ferricorn_config::command_line;

use crate::sources::has_extension;

/// What is started in the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// gunicorn.
    Gunicorn,
    /// uvicorn.
    Uvicorn,
    /// This program.
    Ferricorn,
    /// `fastapi run` or `fastapi dev`.
    FastApi,
    /// hypercorn.
    Hypercorn,
    /// daphne.
    Daphne,
    /// granian.
    Granian,
    /// A Python file, by its path.
    File(String),
    /// `python -m` with another module.
    Module(String),
    /// A shell script, by its path.
    Script(String),
    /// Another program, by its name.
    Other(String),
    /// It is in a variable, or there is none.
    Unknown,
}

impl Program {
    /// The program with this name; a path counts by its last part.
    pub(super) fn named(word: &str) -> Self {
        match word.rsplit('/').next().unwrap_or(word) {
            "gunicorn" => Self::Gunicorn,
            "uvicorn" => Self::Uvicorn,
            "ferricorn" => Self::Ferricorn,
            "fastapi" => Self::FastApi,
            "hypercorn" => Self::Hypercorn,
            "daphne" => Self::Daphne,
            "granian" => Self::Granian,
            name if has_extension(name, "sh") => Self::Script(word.to_owned()),
            name if has_extension(name, "py") => Self::File(word.to_owned()),
            name if name.contains(super::UNKNOWN) || name.is_empty() => Self::Unknown,
            name => Self::Other(name.to_owned()),
        }
    }

    /// `python -m` with this module.
    pub(super) fn module(name: &str) -> Self {
        match Self::named(name) {
            Self::Other(name) => Self::Module(name),
            program => program,
        }
    }

    /// Its name in a sentence.
    pub fn name(&self) -> &str {
        match self {
            Self::Gunicorn => "gunicorn",
            Self::Uvicorn => "uvicorn",
            Self::Ferricorn => "ferricorn",
            Self::FastApi => "fastapi",
            Self::Hypercorn => "hypercorn",
            Self::Daphne => "daphne",
            Self::Granian => "granian",
            Self::File(name) | Self::Module(name) | Self::Script(name) | Self::Other(name) => name,
            Self::Unknown => "the program",
        }
    }

    /// Whether it serves a Python application that is named on its command line.
    pub fn is_server(&self) -> bool {
        matches!(
            self,
            Self::Gunicorn
                | Self::Uvicorn
                | Self::Ferricorn
                | Self::FastApi
                | Self::Hypercorn
                | Self::Daphne
                | Self::Granian
        )
    }

    /// By whose rules its options are read, if they are known here.
    pub fn rules(&self) -> Option<command_line::Program> {
        match self {
            Self::Gunicorn => Some(command_line::Program::Gunicorn),
            Self::Uvicorn => Some(command_line::Program::Uvicorn),
            Self::Ferricorn => Some(command_line::Program::Ferricorn),
            _ => None,
        }
    }
}
