//! What is said on the terminal before there is a log, in the forms that gunicorn's users know.
//!
//! Invariant: a closed or full terminal never stops the program; what cannot be written is dropped.

use std::{
    fmt::Write as _,
    io::{self, Write},
};

use ferricorn_config::{ConfigError, Shown};

/// The line that says how the program is called.
pub const USAGE: &str = "usage: ferricorn [OPTIONS] [APP_MODULE]";

/// Writes to standard output. The exit code is 0 whether somebody reads it or not.
pub fn print(text: &str) -> u8 {
    let mut output = io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    0
}

/// Reports why there are no settings, and returns the exit code.
pub fn config_error(error: &ConfigError) -> u8 {
    let hint = error.hint().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
    let text = if error.is_usage() {
        format!("{USAGE}\nferricorn: error: {error}\n{hint}")
    } else {
        format!("Error: {error}\n{hint}")
    };
    complain(&text);
    error.exit_code()
}

/// Every setting in one line: its name, its value without secrets, its source.
pub fn settings(shown: &[Shown]) -> String {
    let name = shown.iter().map(|line| line.name.len()).max().unwrap_or(0);
    let value = shown.iter().map(|line| line.public.len()).filter(|width| *width <= 40).max().unwrap_or(0);
    let mut text = String::new();
    for line in shown {
        let _ = writeln!(text, "{:name$} = {:value$}  # {}", line.name, line.public, line.source);
    }
    text
}

/// Reports something that does not prevent a start.
pub fn warning(message: &str) {
    complain(&format!("Warning: {message}\n"));
}

/// Reports anything else that prevents a start, and returns the exit code.
pub fn error(message: &str) -> u8 {
    complain(&format!("Error: {message}\n"));
    1
}

/// Writes to standard error: one write, so that lines of several processes do not mix.
pub fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
