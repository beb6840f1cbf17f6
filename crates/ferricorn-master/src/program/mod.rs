//! What the program passes to the master, and how the master ends.

mod configuration;
mod master_log;

use ferricorn_config::Settings;
use ferricorn_core::BootFailure;

use crate::takeover::Invocation;
pub use configuration::{Configuration, Question, Reread};
pub use master_log::{MasterLog, NextLog};

/// The target of events that are a metric rather than a line: `metric` is its name, `value` its number, `kind` statsd's
/// letter for what it is, if it is no gauge.
pub const METRIC: &str = "ferricorn::metric";

/// What the master needs to run.
pub struct Program {
    /// What the user asked for.
    pub settings: Settings,
    /// Somebody has named a worker class.
    pub names_worker_class: bool,
    /// How the program was started.
    pub invocation: Invocation,
    /// The product's version.
    pub version: &'static str,
    /// Reads the settings again (SIGHUP).
    pub configuration: Box<dyn Configuration>,
    /// The master's own log.
    pub log: Box<dyn MasterLog>,
}

/// How the master ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked to stop.
    Stopped,
    /// It could not begin: no interpreter, no socket.
    CannotStart,
    /// No worker of the first generation ever became ready.
    BootFailed(BootFailure),
}

impl Outcome {
    /// The exit code, with gunicorn's meaning: 0 stopped, 1 cannot start, 3 worker failed to boot, 4 application not
    /// found.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Stopped => 0,
            Self::CannotStart | Self::BootFailed(BootFailure::Environment) => 1,
            Self::BootFailed(BootFailure::Boot | BootFailure::Startup) => 3,
            Self::BootFailed(BootFailure::App) => 4,
        }
    }
}
