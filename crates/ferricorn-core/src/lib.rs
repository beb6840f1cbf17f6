//! The part of ferricorn that decides. Facts go in as [`Event`]s, orders come out as [`Action`]s.
//!
//! Owns: the life cycle of every worker, and with it restart, back-off, recycling, reload, scaling, upgrade and stop.
//! Does not own: a clock, a process, a socket, a task, a log. Time is an argument, randomness is a seed.
//!
//! # Theory of operation
//!
//! [`Supervisor::step`] does three things, always in this order: it *records* what happened, it *expires* promises
//! that are overdue, and it *reconciles* what is with what should be. Reload, recycling, scaling, crash and stop are
//! therefore not five procedures but five changes of a wish: a reload makes every worker outdated, a recycle makes
//! one worker due, scaling changes the number of slots, a crash empties a slot, a stop wishes for no worker at all.
//! Any of them may arrive in the middle of any other, since there is nothing to interrupt.
//!
//! Invariants, each held by a property test in `tests/supervisor/properties.rs`:
//! * `step` never panics, whatever the event; unknown and repeated ids included.
//! * No action names a worker whose exit was recorded, so a reused pid is never signalled.
//! * Workers that are not leaving never outnumber target + surge; a slot has at most one starting worker.
//! * While no worker fails, ready workers never fall below the target once it was reached.
//! * A worker that drains is gone, or was sent a kill, by its deadline.
//! * An upgrade that fails leaves everything as it was; the first stop wins over it.
//! * After a stop nothing is spawned; a quick stop overrides a graceful one and never the other way round.
//! * A clock that jumps kills no worker for silence.
//! * Every command gets exactly one reply. Same seed and same events give the same actions.

#![forbid(unsafe_code)]

mod first_start;
mod hang_up;
mod pacing;
mod reading;
mod reload;
mod rollout;
mod scale;
mod supervisor;
mod talk;
mod template;
mod upgrade;
mod watch;
mod worker;

pub use hang_up::{HangUp, HangUpSender, Meaning, Terminal};
pub use pacing::Backoff;
pub use supervisor::{Leaving, Legacy, LegacyWorker, Supervisor};
pub use talk::{
    Action, BootFailure, Command, Event, Exit, ExitReason, Generation, Manner, Notice, Origin, Policy, Reply,
    RequestId, Retirement, Scarce, Slot, Snapshot, Stage, StopMode, TemplateSignal, Throttled, Unread,
    UpgradeFailure, UpgradeWay, Vitals, WorkerId, WorkerSignal, WorkerSnapshot,
};

#[cfg(test)]
mod tests {
    /// Clippy fails here if `clippy.toml` no longer forbids the clock: the expectation would not be met.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "shows that the list of forbidden calls is in force")]
    fn a_call_of_the_clock_is_a_lint() {
        let _ = std::time::Instant::now();
    }
}
