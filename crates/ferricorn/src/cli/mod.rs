//! The command line: what the user asks for.
//!
//! Owns: commands that are answered at once (`--help`, `--version`), the application, the order of `GUNICORN_CMD_ARGS` and the
//! line. Does not own: how words become options ([`mod@line`]), the parser itself ([`parser`]).

mod line;
pub(crate) mod parser;

use std::ffi::OsString;

use ferricorn_config::{ConfigError, Environment, Given, Layer, options::Group};

use crate::{help, words};
use line::read;

/// The word that makes it a server for development.
const DEVELOPMENT: &str = "dev";

/// What the user asks for.
#[derive(Debug)]
pub enum Request {
    /// `--help`, whole or of one group.
    Help(Option<Group>),
    /// `--man-page`.
    ManPage,
    /// `--completions`, of this shell.
    Completions(String),
    /// `--version`.
    Version,
    /// To serve an application.
    Start(StartRequest),
}

/// What was given for a start.
#[derive(Debug)]
pub struct StartRequest {
    /// The application, the first word that is no option.
    pub app: Option<String>,
    /// The options of `GUNICORN_CMD_ARGS` and of the command line, in this order.
    pub given: Vec<Given>,
    /// The first word is `dev`.
    pub development: bool,
}

/// Parses the arguments, of which the first is the program's name, and `GUNICORN_CMD_ARGS`.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Request, ConfigError> {
    let mut words = Vec::new();
    for argument in arguments.into_iter().skip(1) {
        words.push(argument.into_string().map_err(|argument| {
            ConfigError::Grammar(format!("`{}` is not valid UTF-8", argument.to_string_lossy()))
        })?);
    }
    let development = words.first().is_some_and(|word| word == DEVELOPMENT);
    if development {
        words.remove(0);
    }
    let (words, group) = help_group(words)?;
    let line = read(words, Layer::CommandLine)?;
    if line.has("help") {
        return Ok(Request::Help(group));
    }
    if line.has("man-page") {
        return Ok(Request::ManPage);
    }
    if let Some(shell) = line.given.iter().rev().find(|given| given.spelling.entry.name() == "completions") {
        shell.check()?;
        return Ok(Request::Completions(shell.text.to_lowercase()));
    }
    if line.has("version") {
        return Ok(Request::Version);
    }
    if let (Some(first), Some(second)) = (&line.app, &line.second) {
        let (first, second) = (first.clone(), second.clone());
        let hint = words::second(&first, &second);
        return Err(ConfigError::SecondApplication { first, second, hint });
    }
    // An application that is named in the variable does not count, as in gunicorn.
    let mut given = match environment.get("GUNICORN_CMD_ARGS") {
        Some(text) => {
            let words = ferricorn_config::split(text)?;
            let line = read(words, Layer::CommandVariable);
            // A reader of the command line does not see the variable.
            line.map_err(|error| ConfigError::InCommandVariable(Box::new(error)))?.given
        }
        None => Vec::new(),
    };
    given.extend(line.given);
    Ok(Request::Start(StartRequest { app: line.app, given, development }))
}

/// The words without the one that names a group after `--help`, and the group.
fn help_group(mut words: Vec<String>) -> Result<(Vec<String>, Option<Group>), ConfigError> {
    for (at, word) in words.iter().enumerate() {
        let next = words.get(at + 1).map(String::as_str);
        let (place, name) = match (word.as_str(), next) {
            ("--", _) => break,
            ("--help" | "-h", Some(next)) if may_be_group(next) => (at + 1, next),
            (word, _) => match word.strip_prefix("--help=") {
                Some(name) => (at, name),
                None => continue,
            },
        };
        let Some(group) = help::group(name) else { return Err(unknown_group(name)) };
        if place == at {
            "--help".clone_into(&mut words[at]);
        } else {
            words.remove(place);
        }
        return Ok((words, Some(group)));
    }
    Ok((words, None))
}

/// Whether a word after `--help` is there for the help's sake: an option is not, nor is the application.
fn may_be_group(word: &str) -> bool {
    !word.starts_with('-') && !word.contains([':', '.'])
}

fn unknown_group(name: &str) -> ConfigError {
    let known: Vec<String> = help::groups().into_iter().map(|(name, _)| format!("`{name}`")).collect();
    ConfigError::UnknownGroup { group: name.to_owned(), known: known.join(", ") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{
        parser::{Purpose, command},
        *,
    };

    fn words(text: &str) -> Result<StartRequest, ConfigError> {
        let words = ["ferricorn"].into_iter().chain(text.split_whitespace()).map(OsString::from);
        match parse(words, &Environment::default())? {
            Request::Start(request) => Ok(request),
            other => panic!("not a start: {other:?}"),
        }
    }

    fn pairs(request: &StartRequest) -> Vec<(&str, &str)> {
        request.given.iter().map(|given| (given.spelling.long, given.text.as_str())).collect()
    }

    #[test]
    fn the_parser_can_be_made_from_the_table() {
        command(Purpose::Parse).debug_assert();
    }

    #[test]
    fn preload_knows_one_word_and_leaves_the_application_alone() {
        for (line, option, app) in [
            ("--preload main:app", "preload", Some("main:app")),
            ("--preload always main:app", "preload-always", Some("main:app")),
            ("main:app --preload=always", "preload-always", Some("main:app")),
            ("always --preload", "preload", Some("always")),
        ] {
            let request = words(line).unwrap();
            assert_eq!((pairs(&request), request.app.as_deref()), (vec![(option, "true")], app), "{line}");
        }
    }

    #[test]
    fn options_come_in_the_order_of_the_line_under_the_names_that_were_used() {
        let request =
            words("--timeout-keep-alive 5 main:app -w4 --keep-alive=2 -b a:1 -b b:2 --factory").unwrap();
        assert_eq!(request.app.as_deref(), Some("main:app"));
        let expected = [
            ("timeout-keep-alive", "5"),
            ("workers", "4"),
            ("keep-alive", "2"),
            ("bind", "a:1"),
            ("bind", "b:2"),
            ("factory", "true"),
        ];
        assert_eq!(pairs(&request), expected);
    }

    #[test]
    fn negative_numbers_and_a_lone_hyphen_are_values() {
        let request = words("--timeout -1 --access-logfile - -t -5 main:app").unwrap();
        assert_eq!(pairs(&request), [("timeout", "-1"), ("access-logfile", "-"), ("timeout", "-5")]);
        assert_eq!(request.app.as_deref(), Some("main:app"));
    }

    #[test]
    fn of_a_repeated_switch_the_last_one_comes_last() {
        let request = words("--no-access-log --access-log --no-access-log --preload --preload a").unwrap();
        assert_eq!(
            pairs(&request),
            [("access-log", "true"), ("no-access-log", "false"), ("preload", "true")]
        );
    }

    #[test]
    fn the_variable_of_gunicorn_comes_before_the_line_and_names_no_application() {
        let environment = [("GUNICORN_CMD_ARGS", "--workers 3 other:app --name 'a b'")].into_iter().collect();
        let arguments = ["ferricorn", "-w", "4"].map(OsString::from);
        let Ok(Request::Start(request)) = parse(arguments, &environment) else { panic!("not a start") };
        assert_eq!(pairs(&request), [("workers", "3"), ("name", "a b"), ("workers", "4")]);
        assert_eq!(request.app, None);
    }
}
