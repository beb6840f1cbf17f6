//! What is printed on the terminal before there is a log, in one form: `Error: …`, then `hint: …` as the last line.
//!
//! Owns: the form, and whether it is coloured. Does not own: the texts, the log.
//!
//! Invariant: a closed or full terminal never stops the program; what cannot be written is dropped.

use std::{
    env,
    ffi::OsString,
    fmt::Write as _,
    io::{self, IsTerminal as _, Write},
};

use ferricorn_config::{ConfigError, Shown};

/// Writes to standard output. The exit code is 0 even if the reader has gone.
pub fn print(text: &str) -> u8 {
    let mut output = io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
    0
}

/// Reports why there are no settings, and returns the exit code.
pub fn config_error(error: &ConfigError) -> u8 {
    let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    self::error(&format!("{error}{hint}"));
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
    complain("Warning:", "1;33", message);
}

/// Reports something that is no mistake.
pub fn notice(message: &str) {
    complain("Notice:", "1;34", message);
}

/// Reports what prevents a start, or what was asked for, and returns the exit code 1. A line of the message that begins with
/// `hint: ` is one.
pub fn error(message: &str) -> u8 {
    complain("Error:", "1;31", message);
    1
}

/// Writes to standard error what is no error, for those who read the output itself by a program.
pub fn remark(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// One write, so that lines of several processes do not mix.
fn complain(kind: &str, color: &str, message: &str) {
    let mut text = painted(kind, color, has_colors());
    text.push(' ');
    text.push_str(message);
    text.push('\n');
    if has_colors() {
        text = text.replace("\nhint: ", &format!("\n{} ", painted("hint:", "1;36", true)));
    }
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

fn painted(text: &str, color: &str, has_colors: bool) -> String {
    if has_colors { format!("\x1b[{color}m{text}\x1b[0m") } else { text.to_owned() }
}

fn has_colors() -> bool {
    colors(io::stderr().is_terminal())
}

/// Whether what goes to a terminal, or to something else, is coloured as this process was started.
pub fn colors(is_terminal: bool) -> bool {
    wants_colors(|name| env::var_os(name), is_terminal)
}

/// Whether texts for a reader have colours: `NO_COLOR` forbids them, `FORCE_COLOR` and `CLICOLOR_FORCE` demand them (`0` is no
/// demand), else a terminal has them that is not `dumb`.
fn wants_colors(variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let given = |name| variable(name).filter(|value| !value.is_empty());
    if given("NO_COLOR").is_some() {
        return false;
    }
    let forced = ["FORCE_COLOR", "CLICOLOR_FORCE"].into_iter().filter_map(given).any(|value| value != "0");
    forced || is_terminal && variable("TERM").is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_for_those_who_demand_them() {
        let wants = |given: &[(&str, &str)], is_terminal| {
            let find =
                |name: &str| given.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).into());
            wants_colors(find, is_terminal)
        };
        assert!(wants(&[], true));
        assert!(!wants(&[], false));
        assert!(wants(&[("NO_COLOR", ""), ("TERM", "xterm")], true));
        for given in [[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], [("TERM", "dumb"), ("FORCE_COLOR", "0")]] {
            assert!(!wants(&given, true), "{given:?}");
        }
        for given in [[("FORCE_COLOR", "1"), ("TERM", "dumb")], [("CLICOLOR_FORCE", "yes"), ("NO_COLOR", "")]]
        {
            assert!(wants(&given, false), "{given:?}");
        }
    }
}
