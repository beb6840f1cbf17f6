//! The program `ferricorn`: the command line, the log, the exit code, and what the user reads.
//!
//! Owns: parsing ([`cli`]), messages on the terminal ([`report`]) and the log's form ([`logging`]). Does not own: the
//! options and their meaning (`ferricorn-config`), nor the supervision (`ferricorn-master`).

pub mod cli;
pub mod commands;
pub mod configuration;
pub mod ctl;
mod guess;
pub mod help;
pub mod logging;
pub mod report;
pub mod surroundings;
pub mod target;
mod usage;
pub mod words;

use std::{ffi::OsString, io, io::IsTerminal};

use cli::{Request, StartRequest};
use configuration::{Configuration, ProcessStart};
use ferricorn_config::{ConfigError, Resolved, Settings, Shown, Task};
use ferricorn_master::{Invocation, Program, Unfit};
use ferricorn_wire::BootStage;

/// The product's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the program with these arguments, of which the first is its name, and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let words = arguments.get(1..).unwrap_or_default().to_vec();
    if words.first().is_some_and(|word| word == ctl::WORD) {
        return ctl::run(&words[1..]);
    }
    if words.first().is_some_and(|word| word == commands::check::WORD) {
        return commands::check::run(&words[1..]);
    }
    if words.first().is_some_and(|word| word == commands::top::WORD) {
        return commands::top::run(&words[1..]);
    }
    if words.first().is_some_and(|word| word == commands::probe::WORD) {
        return commands::probe::run(&words[1..]);
    }
    let invocation = Invocation::of_this_process(arguments.clone());
    let process = ProcessStart::of_this_process(invocation.command(), invocation.python_search());
    match cli::parse(arguments, &process.environment()) {
        Ok(Request::Help(Some(group))) => report::print(&help::group_help(group)),
        Ok(Request::Help(None)) => report::print(&help::help(io::stdout().is_terminal())),
        Ok(Request::ManPage) => report::print(&help::man_page()),
        Ok(Request::Completions(shell)) => report::print(&help::completions(&shell).unwrap_or_default()),
        Ok(Request::Version) => report::print(&format!("ferricorn (version {VERSION})\n")),
        Ok(Request::Start(request)) => start(request, process, invocation),
        Err(error) => report::config_error(&error),
    }
}

fn start(request: StartRequest, process: ProcessStart, invocation: Invocation) -> u8 {
    if let Err(error) = std::env::current_dir() {
        return report::error(&format!("the working directory does not exist: {error}"));
    }
    let environment = process.environment();
    let configuration = Configuration::new(request, process);
    let resolved = match read(&configuration) {
        Ok(resolved) => resolved,
        Err(error) => return report::config_error(&error),
    };
    let Resolved { settings, colors, task, shown, warnings, notes } = resolved;
    if let Err(error) = std::env::set_current_dir(&settings.chdir) {
        return report::error(&format!("can't chdir to `{}`: {error}", settings.chdir.display()));
    }
    if task != Task::Serve {
        return rehearse(task, &settings, &invocation, &shown, &warnings);
    }
    let log = match logging::start(&settings, colors) {
        Ok(log) => log,
        Err(error) => return report::error(&error.to_string()),
    };
    for note in notes {
        tracing::info!("{note}");
    }
    let hints = surroundings::hints(&environment, &shown);
    for warning in warnings.iter().chain(&hints) {
        tracing::warn!("{warning}");
    }
    let named = |name: &str| shown.iter().any(|line| line.name == name && !line.is_default());
    let program = Program {
        names_worker_class: named("worker_class"),
        settings,
        invocation,
        version: VERSION,
        configuration: Box::new(configuration),
        log: Box::new(log.clone()),
    };
    let outcome = ferricorn_master::run(program);
    log.flush();
    outcome.exit_code()
}

/// `--print-config` and `--check-config`: everything that can be known without binding.
fn rehearse(
    task: Task,
    settings: &Settings,
    invocation: &Invocation,
    shown: &[Shown],
    warnings: &[String],
) -> u8 {
    if task == Task::Print {
        report::print(&report::settings(shown));
    }
    for warning in warnings {
        report::warning(warning);
    }
    if let Some(unreadable) = shown.iter().find_map(unreadable) {
        return report::error(&unreadable);
    }
    let found = match invocation.python_search().find(settings.python.as_deref()) {
        Ok(found) => found,
        Err(error) => return report::error(&format!("{error}\nhint: {}", error.hint())),
    };
    if let Some(note) = found.note {
        report::warning(&note.text);
    }
    match ferricorn_master::rehearse(settings, &found.python, &invocation.command(), VERSION) {
        Ok(None) => 0,
        Ok(Some(Unfit { stage: BootStage::Import | BootStage::App, text })) => {
            report::error(&format!("the application `{}` cannot be loaded\n{text}", settings.app))
        }
        Ok(Some(unfit)) => report::error(&unfit.text),
        Err(error) => report::error(&error.to_string()),
    }
}

/// A setting that names a file which has to be there.
fn unreadable(line: &Shown) -> Option<String> {
    const FILES: [&str; 3] = ["ca_certs", "certfile", "keyfile"];
    if !FILES.contains(&line.name.as_str()) || line.value.is_empty() {
        return None;
    }
    let error = std::fs::File::open(&line.value).err()?;
    Some(format!("`{}` (`{}`, from {}) cannot be read: {error}", line.value, line.name, line.source))
}

/// The settings of this configuration.
fn read(configuration: &Configuration) -> Result<Resolved, ConfigError> {
    let source = configuration.source()?;
    let answer = configuration.ask_python(&source)?;
    let resolved = configuration.resolve(source, answer.as_deref())?;
    configuration.look_for_target(&resolved.settings)?;
    Ok(resolved)
}
