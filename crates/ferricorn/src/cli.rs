//! The command line: from words to options of the one table, by a parser that is made from that table.
//!
//! Each long name is an argument of its own, so that it is known afterwards which of a setting's names was used; the
//! first one is shown in help. Unique beginnings and mistyped names are dealt with before the parser sees them.

use std::ffi::OsString;

use clap::{
    Arg, ArgAction, ArgMatches, Command, ValueHint,
    builder::{
        PossibleValuesParser,
        styling::{AnsiColor, Styles},
    },
    error::{ContextKind, ContextValue, ErrorKind},
    parser::ValueSource,
};
use ferricorn_config::{
    ConfigError, Environment, Given, Layer,
    options::{self, Entry, Group, Kind, Spelling, Standing},
};

use crate::{help, words};

const APP: &str = "APP_MODULE";

/// The word that makes it a server for development.
const DEVELOPMENT: &str = "dev";

const AFTER_HELP: &str = "\
`ferricorn dev` serves an application while you work on it: each save is served at once.\n\
`ferricorn ctl` asks a running master: `ferricorn ctl --help`.\n\
`ferricorn check` reads a repository and says what will break when it is deployed: `ferricorn check --help`.\n\
A value may hold $NAME, ${NAME} or ${NAME:-DEFAULT}. GUNICORN_CMD_ARGS may hold further options.\n\
Every option of gunicorn and uvicorn is known. One that is not listed here is accepted with a warning that says why it \
changes nothing, or refused with what to use in its place.\n\
`ferricorn --help sockets` shows one group alone.\n";

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

/// What a parser is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To parse.
    Parse,
    /// To show all options that work.
    Help,
    /// To complete what is typed in a shell, which wants to know the choices and what is a file.
    Completions,
}

struct Line {
    app: Option<String>,
    /// A word after it.
    second: Option<String>,
    given: Vec<Given>,
}

impl Line {
    fn has(&self, name: &str) -> bool {
        self.given.iter().any(|given| given.spelling.entry.name() == name)
    }
}

fn read(words: Vec<String>, layer: Layer) -> Result<Line, ConfigError> {
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

/// The parser, made from the table.
pub(crate) fn command(purpose: Purpose) -> Command {
    let styles = Styles::styled()
        .header(AnsiColor::Green.on_default().bold())
        .usage(AnsiColor::Green.on_default().bold())
        .literal(AnsiColor::Cyan.on_default().bold())
        .placeholder(AnsiColor::Cyan.on_default());
    let mut command = Command::new("ferricorn")
        .about("Runs Python ASGI applications on supervised uvicorn workers")
        .override_usage("ferricorn [OPTIONS] [APP_MODULE]")
        .after_help(AFTER_HELP)
        .styles(styles)
        .max_term_width(help::WIDTH)
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args_override_self(true);
    for entry in options::all().filter(|entry| !entry.file_only) {
        for spelling in entry.spellings() {
            command = command.arg(argument(spelling, purpose));
        }
    }
    command.arg(
        Arg::new(APP)
            .num_args(0..)
            .help_heading(Group::App.title())
            .help("The application: module:attribute, module or module:factory()"),
    )
}

fn argument(spelling: Spelling, purpose: Purpose) -> Arg {
    let Spelling { entry, long, on, .. } = spelling;
    let first = on && long == entry.name();
    let mut argument = Arg::new(long).long(long).help_heading(entry.group.title());
    argument = if entry.takes_value() {
        argument.action(ArgAction::Append).num_args(1).value_name(entry.metavar).allow_negative_numbers(true)
    } else {
        argument.action(ArgAction::SetTrue)
    };
    if let Some(lone) = entry.lone {
        argument = argument.num_args(0..=1).default_missing_value(lone);
    }
    if purpose == Purpose::Completions {
        argument = for_shells(argument, entry);
    }
    if let Some(short) = entry.short.filter(|_| first) {
        argument = argument.short(short);
    }
    argument.help(help_line(entry)).hide(!first || !matches!(entry.standing, Standing::Supported(_)))
}

/// What a shell may suggest for the value.
fn for_shells(argument: Arg, entry: &Entry) -> Arg {
    match (entry.kind, entry.metavar) {
        (Kind::Choice(words), _) => argument.value_parser(PossibleValuesParser::new(words)),
        (_, "FILE" | "PATH") => argument.value_hint(ValueHint::FilePath),
        (_, "DIR" | "DIRS") => argument.value_hint(ValueHint::DirPath),
        (_, "HOST") => argument.value_hint(ValueHint::Hostname),
        (_, "USER") => argument.value_hint(ValueHint::Username),
        _ => argument,
    }
}

/// The help of an option, with its other names.
pub(crate) fn help_line(entry: &Entry) -> String {
    let others: Vec<String> =
        entry.longs[1..].iter().chain(&entry.off).map(|long| format!("--{long}")).collect();
    if others.is_empty() {
        entry.help_with_default()
    } else {
        format!("{} [also: {}]", entry.help_with_default(), others.join(", "))
    }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

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
