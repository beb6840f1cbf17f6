//! The thin shell around the core: it turns what happens into events, and orders into system calls.
//!
//! Owns: the event loop ([`run`](mod@run)), the sources of events ([`sources`]), the execution of actions
//! ([`world`]), the worker processes as the system knows them ([`crew`]), the log lines ([`observe`]), and the Python
//! shim that it embeds ([`shim`]). Does not own: any decision about a worker's life (`ferricorn-core`), settings
//! (`ferricorn-config`), system calls (`ferricorn-sys`).
//!
//! Invariants:
//! * Nothing in the loop waits for a worker. Waiting is a state with a deadline, and lives in the core.
//! * Everything runs on the main thread: the kernel ties a worker's life to the *thread* that spawned it.
//! * The master is never in the path of a request.

mod binding;
mod crew;
mod death;
mod hang;
mod helper;
mod interpreter;
mod observe;
mod policy;
mod run;
mod shim;
mod shortage;
mod sources;
mod start_message;
mod world;

use std::io;

use ferricorn_config::Settings;
use ferricorn_core::{BootFailure, ExitReason, Supervisor};
use tracing::{error, info};

pub use ferricorn_sys::memory::limit as memory_limit;
pub use helper::{ExecuteError, check_application, execute};
pub use interpreter::InterpreterError;

/// The target of events that are a gauge rather than a line: `metric` is its name, `value` its number.
pub const METRIC: &str = "ferricorn::metric";

/// What the master needs to run.
pub struct Program {
    /// What the user asked for.
    pub settings: Settings,
    /// The product's version.
    pub version: &'static str,
    /// Whether workers colour the level names on standard error.
    pub colors: bool,
    /// Opens the master's own log file anew (SIGUSR1).
    pub reopen_logs: Box<dyn FnMut() -> io::Result<()>>,
}

/// How the master ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was told to.
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
            Self::BootFailed(BootFailure::Boot) => 3,
            Self::BootFailed(BootFailure::App) => 4,
        }
    }
}

/// Runs the service until it is told to stop. Call it from the main thread.
pub fn run(program: Program) -> Outcome {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            error!("cannot start the event loop: {error}");
            return Outcome::CannotStart;
        }
    };
    runtime.block_on(serve(program))
}

async fn serve(program: Program) -> Outcome {
    info!("Starting ferricorn {}", program.version);
    let mut signals = match sources::Signals::install() {
        Ok(signals) => signals,
        Err(error) => {
            error!("cannot install signal handlers: {error}");
            return Outcome::CannotStart;
        }
    };
    let interpreter = match interpreter::find(program.settings.python.as_deref()) {
        Ok(interpreter) => interpreter,
        Err(error) => {
            error!("{error}\nhint: {}", error.hint());
            return Outcome::CannotStart;
        }
    };
    let listeners = match binding::bind_all(&program.settings, &mut signals).await {
        Ok(listeners) => listeners,
        Err(binding::BindError::Interrupted) => return Outcome::Stopped,
        Err(binding::BindError::Failed) => return Outcome::CannotStart,
    };
    let core = Supervisor::new(policy::from_settings(&program.settings), policy::seed());
    let outcome = match world::World::new(program, interpreter, listeners, signals) {
        Ok(world) => run::run(core, world).await,
        Err(error) => {
            error!("cannot prepare to start workers: {error}");
            return Outcome::CannotStart;
        }
    };
    info!("Shutting down: Master");
    match outcome {
        run::Ended::ListenFailed => Outcome::CannotStart,
        run::Ended::Exited(ExitReason::Stopped) => Outcome::Stopped,
        run::Ended::Exited(ExitReason::BootFailed(failure)) => {
            error!("{}", observe::reason(failure));
            Outcome::BootFailed(failure)
        }
    }
}
