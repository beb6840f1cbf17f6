//! A file that could not be read.

use std::fmt;

use ferricorn_check::{Secrets, Unreadable};

/// A file with the reason why it was left out. It is no finding: nothing fails because of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Notice {
    /// Its path, relative to the root.
    pub(in super::super) path: String,
    /// The line that stopped the reading.
    pub(super) line: Option<u32>,
    /// The reason.
    pub(in super::super) problem: String,
    /// Whether it is left out because a program has yet to make a file of it.
    pub(in super::super) template: bool,
}

impl Notice {
    pub(in super::super) fn new(path: &str, problem: &Unreadable, secrets: &Secrets) -> Self {
        let line = if let Unreadable::Format { line, .. } = problem { Some(*line) } else { None };
        Self {
            path: path.to_owned(),
            line,
            problem: secrets.redact(problem.to_string()),
            template: *problem == Unreadable::Template,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` is not read: {}", self.path, self.problem)
    }
}
