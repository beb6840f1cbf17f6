//! The program `ferricorn`: the command line, the log, the exit code, and what the user reads.
//!
//! Owns: parsing ([`cli`]), messages on the terminal ([`report`]) and the log's form ([`logging`]). Does not own: the
//! options and their meaning (`ferricorn-config`), nor the supervision (`ferricorn-master`).

pub mod cli;
pub mod logging;
pub mod report;

use std::{ffi::OsString, io, io::IsTerminal, path::Path};

use cli::{Request, StartRequest};
use ferricorn_config::{ConfigError, Environment, Facts, Resolved};
use ferricorn_master::Program;

/// The product's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Runs the program with these arguments, of which the first is its name, and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let environment: Environment = std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
        .collect();
    match cli::parse(arguments, &environment) {
        Ok(Request::Help) => report::print(&cli::help(io::stdout().is_terminal())),
        Ok(Request::Version) => report::print(&format!("ferricorn (version {VERSION})\n")),
        Ok(Request::Start(request)) => start(&request, &environment),
        Err(error) => report::config_error(&error),
    }
}

fn start(request: &StartRequest, environment: &Environment) -> u8 {
    let resolved = match resolve(request, environment) {
        Ok(Ok(resolved)) => resolved,
        Ok(Err(error)) => return report::config_error(&error),
        Err(error) => return report::error(&format!("the working directory is not to be found: {error}")),
    };
    let Resolved { settings, colors, warnings } = resolved;
    if let Err(error) = std::env::set_current_dir(&settings.chdir) {
        return report::error(&format!("can't chdir to `{}`: {error}", settings.chdir.display()));
    }
    let log = match logging::start(&settings, colors) {
        Ok(log) => log,
        Err(error) => return report::error(&error.to_string()),
    };
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let program = Program {
        settings,
        version: VERSION,
        colors: log.colors(),
        reopen_logs: Box::new(move || log.reopen()),
    };
    ferricorn_master::run(program).exit_code()
}

fn resolve(request: &StartRequest, environment: &Environment) -> io::Result<Result<Resolved, ConfigError>> {
    let facts = Facts {
        current_directory: std::env::current_dir()?,
        // Knows the affinity mask and the quota of the control group.
        memory: ferricorn_master::memory_limit(),
        processors: std::thread::available_parallelism()
            .map_or(1, |count| u16::try_from(count.get()).unwrap_or(u16::MAX)),
        is_directory: &Path::is_dir,
    };
    Ok(ferricorn_config::resolve(request.app.as_deref(), &request.given, environment, &facts))
}
