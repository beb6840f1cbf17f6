//! The thin shell around the core: it turns what happens into events, and orders into system calls.
//!
//! Owns, room by room: the event loop and the execution of actions ([`world`]), the [`start`] that leads there, the
//! [`sources`] of events, a [`reload`]'s new settings, one master after another ([`takeover`]), the worker processes as the
//! system knows them ([`crew`]) and the other Python processes ([`companions`], [`hooks`]), what all of them are made of
//! ([`python`](mod@python)), the channels to them ([`link`]), log lines ([`reports`]), and what the system gives
//! ([`outside`]). Does not own: any decision about a worker's life (`ferricorn-core`), settings
//! (`ferricorn-config`), system calls (`ferricorn-sys`).
//!
//! Invariants:
//! * Nothing in the loop waits for a worker. Waiting is a state with a deadline, and lives in the core.
//! * Everything runs on the main thread: the kernel ties a worker's life to the *thread* that spawned it.
//! * The master is never in the path of a request.

mod companions;
mod crew;
mod endpoint;
mod hooks;
mod launch;
mod link;
mod outside;
mod program;
mod python;
mod reload;
mod reports;
mod sources;
mod start;
mod takeover;
mod world;

use std::collections::VecDeque;

use ferricorn_core::{Event, ExitReason, Supervisor};
use ferricorn_sys::exec;
use ferricorn_wire::upgrade::FromSuccessor;
use python::interpreter;
use reports::observe;
use takeover::succession::{self, Succession};
use tracing::{error, info};
use world::{
    World,
    run::{self, End},
};

pub use companions::{ExecuteError, Unfit, execute, rehearse};
pub use launch::{Command, working_directory};
pub use outside::{SystemAccounts, memory_limit};
pub use program::{Configuration, METRIC, MasterLog, NextLog, Outcome, Program, Question, Reread};
pub use python::{Found, InterpreterError, Note, PythonSearch, has_native_http};
pub use takeover::Invocation;

/// Runs the service until it is asked to stop. Call it from the main thread.
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
            let End { reason, control, mut hooks, last_word } = Box::pin(run::run(core, world, queue)).await;
            control.end().await;
            info!("Shutting down: Master");
            hooks.end().await;
            conclude(reason, last_word)
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
    if let Succession::Trial(predecessor) = succession {
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
fn conclude(reason: ExitReason, last_word: Option<String>) -> Outcome {
    match reason {
        ExitReason::ListenFailed => Outcome::CannotStart,
        ExitReason::Stopped => Outcome::Stopped,
        ExitReason::BootFailed(failure) => {
            let sentence = observe::reason(failure);
            let word = last_word.map(|word| format!(" {word}")).unwrap_or_default();
            error!("{sentence}{word}");
            Outcome::BootFailed(failure)
        }
    }
}
