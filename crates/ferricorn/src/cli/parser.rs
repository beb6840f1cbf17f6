//! The parser, made from the one table of options: for a command line, for help, and for the completions of a shell.

use clap::{
    Arg, ArgAction, Command, ValueHint,
    builder::{
        PossibleValuesParser,
        styling::{AnsiColor, Styles},
    },
};
use ferricorn_config::options::{self, Entry, Group, Kind, Spelling, Standing};

use crate::help;

/// The argument that is no option.
pub(super) const APP: &str = "APP_MODULE";

const AFTER_HELP: &str = "\
`ferricorn dev` serves an application while you work on it: each save is served at once.\n\
`ferricorn ctl` asks a running master: `ferricorn ctl --help`.\n\
`ferricorn check` reads a repository and says what will break when it is deployed: `ferricorn check --help`.\n\
A value may hold $NAME, ${NAME} or ${NAME:-DEFAULT}. GUNICORN_CMD_ARGS may hold further options.\n\
Every option of gunicorn and uvicorn is known. One that is not listed here is accepted with a warning that says why it \
changes nothing, or refused with what to use in its place.\n\
`ferricorn --help sockets` shows one group alone.\n";

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
