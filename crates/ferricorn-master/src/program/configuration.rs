//! The master's part in making settings again. Reading them is the program's.

use std::{ffi::OsString, path::PathBuf};

use ferricorn_config::{PythonFile, Settings};

use crate::launch::Command;

/// A Python file that has to be executed before settings can be made.
pub struct Question {
    /// The interpreter.
    pub python: PathBuf,
    /// The file.
    pub file: PythonFile,
    /// What it sees in `sys.argv`.
    pub command: Command,
    /// What it sees of the environment.
    pub variables: Vec<(OsString, OsString)>,
}

/// Settings that were read again.
pub struct Reread {
    /// The settings.
    pub settings: Settings,
    /// Whether the log is coloured; `None`: on a terminal.
    pub colors: Option<bool>,
    /// One line each, for the log.
    pub warnings: Vec<String>,
}

/// Reads the settings again. An error is the text of one log line, possibly with a traceback.
pub trait Configuration {
    /// Looks for the configuration file: the question to Python, if it is one in Python.
    fn begin(&mut self) -> Result<Option<Question>, String>;
    /// The settings and the warnings about them. `answer` is Python's, if there was a question.
    fn finish(&mut self, answer: Option<&str>) -> Result<Reread, String>;
}
