//! The options of `ferricorn check`: what may be written, and what it means.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ferricorn_check::{
    Config, Platform,
    config::{Required, is_variable_name},
    rules,
};

use super::render::Format;

/// What to do.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Options {
    pub(super) paths: Vec<PathBuf>,
    pub(super) format: Format,
    /// Where the output goes; `None` is standard output.
    pub(super) output: Option<PathBuf>,
    pub(super) color: Color,
    pub(super) advice: bool,
    pub(super) strict: bool,
    /// The settings of the check itself.
    pub(super) config: Config,
    /// The file with the wishes about the check; `None`: that of the repository.
    pub(super) config_file: Option<PathBuf>,
    /// Whether gunicorn's files of settings are executed, and by which interpreter.
    pub(super) run_config: bool,
    pub(super) python: Option<PathBuf>,
    /// The file of the findings that are known.
    pub(super) baseline: Option<PathBuf>,
    pub(super) write_baseline: bool,
    pub(super) print_facts: bool,
    pub(super) fix: bool,
    pub(super) unsafe_fixes: bool,
    pub(super) diff: bool,
    pub(super) explain: Option<String>,
    pub(super) list_rules: bool,
    pub(super) list_data: bool,
}

/// When there are colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Color {
    /// On a terminal.
    Auto,
    Always,
    Never,
}

impl Options {
    /// What the words mean; otherwise what is wrong with them.
    pub(super) fn of(matches: &ArgMatches) -> Result<Self, String> {
        let word = |name: &str| matches.get_one::<String>(name).map(String::as_str);
        let options = Self {
            paths: matches.get_many("path").into_iter().flatten().cloned().collect(),
            format: word("format").and_then(Format::of).unwrap_or(Format::Text),
            output: matches.get_one("output").cloned(),
            color: match word("color") {
                Some("always") => Color::Always,
                Some("never") => Color::Never,
                _ => Color::Auto,
            },
            advice: matches.get_flag("advice"),
            strict: matches.get_flag("strict"),
            config: config(matches)?,
            config_file: matches.get_one("config").cloned(),
            run_config: matches.get_flag("run-config"),
            python: matches.get_one("python").cloned(),
            baseline: matches.get_one("baseline").cloned(),
            write_baseline: matches.get_flag("write-baseline"),
            print_facts: matches.get_flag("print-facts"),
            fix: matches.get_flag("fix"),
            unsafe_fixes: matches.get_flag("unsafe-fixes"),
            diff: matches.get_flag("diff"),
            explain: word("explain").map(|id| id.trim().to_ascii_uppercase()),
            list_rules: matches.get_flag("list-rules"),
            list_data: matches.get_flag("list-data"),
        };
        if options.write_baseline && options.baseline.is_none() {
            return Err("--write-baseline needs --baseline FILE".to_owned());
        }
        if options.unsafe_fixes && !options.fix && !options.diff {
            return Err("--unsafe-fixes needs --fix, or --diff to see what it would do".to_owned());
        }
        if let Some(id) = &options.explain
            && !rules::all().any(|rule| rule.id.to_string() == *id)
        {
            let problem = rules::unknown(id).unwrap_or_else(|| format!("`{id}` begins several ids"));
            return Err(format!("--explain: {problem}"));
        }
        Ok(options)
    }
}

/// The settings of the check itself.
fn config(matches: &ArgMatches) -> Result<Config, String> {
    let list = |name: &str| -> Vec<String> {
        let values = matches.get_many::<String>(name).into_iter().flatten();
        values.map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
    };
    let ids = |name: &str| -> Result<Vec<String>, String> {
        let ids: Vec<String> = list(name).iter().map(|id| id.to_ascii_uppercase()).collect();
        match ids.iter().find_map(|id| rules::unknown(id)) {
            Some(problem) => Err(format!("--{name}: {problem}")),
            None => Ok(ids),
        }
    };
    let required_env = list("required-env").into_iter().map(|name| {
        if is_variable_name(&name) {
            return Ok(Required { name, place: None });
        }
        Err(format!(
            "--required-env: `{name}` cannot be the name of a variable. Write names with commas between: A,B"
        ))
    });
    Ok(Config {
        select: ids("select")?,
        ignore: ids("ignore")?,
        required_env: required_env.collect::<Result<_, _>>()?,
        platforms: list("platform").iter().filter_map(|word| Platform::of_word(word)).collect(),
        no_inline_ignores: matches.get_flag("no-inline-ignores"),
        no_file: matches.get_flag("no-config"),
        app: app(matches)?,
        ..Config::default()
    })
}

/// The application of `--app`.
fn app(matches: &ArgMatches) -> Result<Option<String>, String> {
    let Some(text) = matches.get_one::<String>("app") else { return Ok(None) };
    let (module, name) = text.split_once(':').unwrap_or((text, "app"));
    let is_name = |part: &str| {
        part.starts_with(|it: char| it.is_alphabetic() || it == '_')
            && part.chars().all(|it| it.is_alphanumeric() || it == '_')
    };
    if module.split('.').all(is_name) && name.trim_end_matches("()").split('.').all(is_name) {
        return Ok(Some(text.clone()));
    }
    Err(format!("--app: `{text}` is no module with a name. Write app.main:app for `app` in app/main.py"))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

fn value(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

/// What clap reads.
pub(super) fn command() -> Command {
    let formats = Format::ALL.map(|(word, _)| word);
    Command::new("ferricorn check")
        .bin_name("ferricorn check")
        .about("Reads a repository as the platform will, and says what will break in production")
        .long_about(
            "Reads a repository as the platform will, and says what will break in production.\n\n\
             It opens no connection and executes nothing; only --run-config does. The exit code is 0 if there is no error, 1 if there is one, and 2 \
             if PATH cannot be read.",
        )
        .no_binary_name(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("path")
                .value_name("PATH")
                .num_args(0..)
                .value_parser(value_parser!(PathBuf))
                .help("A directory, or files to report on alone [default: the repository around this directory]"),
        )
        .arg(value("format", "FORMAT", "The form of the output [default: text]").alias("output-format").value_parser(formats))
        .arg(value("output", "FILE", "Write to this file, not to standard output").value_parser(value_parser!(PathBuf)))
        .arg(value("color", "WHEN", "Colours [default: auto, on a terminal without NO_COLOR]").value_parser(["auto", "always", "never"]))
        .arg(flag("advice", "Show what is worth knowing, too, not only errors and warnings"))
        .arg(flag("strict", "Exit with 1 if there are warnings"))
        .arg(value("select", "IDS", "Report these rules only: ids or their beginnings (FC101,FC3)").value_delimiter(',').action(ArgAction::Append))
        .arg(value("ignore", "IDS", "Leave out these rules").value_delimiter(',').action(ArgAction::Append))
        .arg(value("required-env", "NAMES", "Variables that every service has to have (A,B)").value_delimiter(',').action(ArgAction::Append))
        .arg(value("platform", "NAME", "Report on this platform only; may be given several times").value_delimiter(',').action(ArgAction::Append).value_parser(Platform::ALL.map(Platform::word)))
        .arg(flag("no-inline-ignores", "Report what comments in the files silence, too"))
        .arg(value("app", "MODULE:NAME", "The application of services whose own cannot be found"))
        .arg(flag("run-config", "Execute gunicorn's configuration files that services load, and take the values of what they compute"))
        .arg(value("python", "PATH", "The interpreter of --run-config [default: as for the server]").value_parser(value_parser!(PathBuf)).requires("run-config"))
        .arg(value("config", "FILE", "Read [check] or [tool.ferricorn.check] of this file, not of the repository's").value_parser(value_parser!(PathBuf)).conflicts_with("no-config"))
        .arg(flag("no-config", "Do not read [check] of ferricorn.toml and [tool.ferricorn.check] of pyproject.toml"))
        .arg(flag("fix", "Apply the fixes that change nothing but the mistake"))
        .arg(flag("unsafe-fixes", "With --fix: apply the others, too"))
        .arg(flag("diff", "Print what --fix would change as a patch, and write nothing"))
        .arg(value("baseline", "FILE", "Leave out the findings that this file knows").value_parser(value_parser!(PathBuf)))
        .arg(flag("write-baseline", "Write all findings to the file of --baseline"))
        .arg(flag("print-facts", "Print what was understood as JSON, for bug reports"))
        .arg(value("explain", "ID", "Explain a rule"))
        .arg(flag("list-rules", "List all rules (also with --format json)"))
        .arg(flag("list-data", "List the data that the rules rest on, with its date and source (also with --format json)"))
}
