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
mod boot_failure;
mod command;
mod control;
mod crew;
mod death;
mod environment;
mod hang;
mod helper;
mod hooks;
mod interpreter;
mod invocation;
mod legacy;
mod limits;
mod manager;
mod master_log;
mod observe;
mod peer;
mod policy;
mod reloading;
mod rights;
mod run;
mod shim;
mod shortage;
mod sources;
mod start;
mod start_message;
mod succession;
mod successor;
mod throttling;
mod working_directory;
mod world;

use std::collections::VecDeque;

use ferricorn_config::Settings;
use ferricorn_core::{BootFailure, Event, ExitReason, Supervisor};
use ferricorn_sys::exec;
use ferricorn_wire::upgrade::FromSuccessor;
use run::End;
use succession::Succession;
use tracing::{error, info};
use world::World;

pub use command::Command;
pub use helper::{ExecuteError, Unfit, check_application, execute};
pub use interpreter::{Found, InterpreterError, Note, PythonSearch};
pub use invocation::Invocation;
pub use limits::memory_limit;
pub use master_log::{MasterLog, NextLog};
pub use reloading::{Configuration, Question, Reread};
pub use rights::SystemAccounts;
pub use working_directory::working_directory;

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
    /// Makes the settings anew (SIGHUP).
    pub configuration: Box<dyn Configuration>,
    /// The master's own log.
    pub log: Box<dyn MasterLog>,
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
            Self::BootFailed(BootFailure::Boot | BootFailure::Startup) => 3,
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
    match prepare(program).await {
        Ok((core, world, queue)) => {
            let End { why, control, mut hooks, last_word } = Box::pin(run::run(core, world, queue)).await;
            control.end().await;
            info!("Shutting down: Master");
            hooks.end().await;
            conclude(why, last_word)
        }
        Err(outcome) => outcome,
    }
}

/// Everything that is needed, or how the start has ended already.
async fn prepare(mut program: Program) -> Result<(Supervisor, World, VecDeque<Event>), Outcome> {
    let failed = |text: String| {
        error!("{text}");
        Outcome::CannotStart
    };
    let succession = succession::find_out().map_err(failed)?;
    let signals = sources::Signals::install(succession.ignores_hang_up())
        .map_err(|error| failed(format!("cannot install signal handlers: {error}")))?;
    exec::accept_signals();
    let note =
        interpreter::settle(&mut program.settings, &program.invocation.python_search()).map_err(failed)?;
    if let Succession::Check(predecessor) = succession {
        predecessor.tell(&FromSuccessor::Ready);
        return Err(Outcome::Stopped);
    }
    info!("Starting ferricorn {}", program.version);
    if let Some(note) = note {
        note.log();
    }
    start::start(program, signals, succession).await
}

/// gunicorn's last line, with what has to be known: it is the one that is read.
fn conclude(why: run::Ended, last_word: Option<String>) -> Outcome {
    match why {
        run::Ended::ListenFailed => Outcome::CannotStart,
        run::Ended::Exited(ExitReason::Stopped) => Outcome::Stopped,
        run::Ended::Exited(ExitReason::BootFailed(failure)) => {
            let reason = observe::reason(failure);
            let word = last_word.map(|word| format!(" {word}")).unwrap_or_default();
            error!("{reason}{word}");
            Outcome::BootFailed(failure)
        }
    }
}
