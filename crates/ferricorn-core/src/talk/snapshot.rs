//! The state of the service at one moment, for those who ask.

use crate::{Generation, Retirement, Slot, WorkerId};

/// The state of the service at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact that somebody asks for")]
pub struct Snapshot {
    /// How many workers are wanted.
    pub target: u16,
    /// The generation that the service runs.
    pub generation: Generation,
    /// Whether a reload is under way.
    pub reloading: bool,
    /// Whether an upgrade is under way.
    pub upgrading: bool,
    /// Whether recycling is suspended since the last reload was rejected.
    pub frozen: bool,
    /// Whether the service is stopping.
    pub stopping: bool,
    /// Every worker, by its slot; of those that share one, the oldest first.
    pub workers: Vec<WorkerSnapshot>,
}

/// The state of one worker at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerSnapshot {
    /// Its id.
    pub id: WorkerId,
    /// Its slot.
    pub slot: Slot,
    /// Its generation.
    pub generation: Generation,
    /// Where it is in its life.
    pub stage: Stage,
    /// It is the first worker of a reload, and has not proven itself: another one has its slot beside it.
    pub on_probation: bool,
}

/// Where a worker is in its life, for snapshots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The application is starting.
    Booting,
    /// It serves.
    Ready,
    /// It finishes what it has.
    Draining(Retirement),
    /// Its event loop has ended, and its process has not.
    Ending,
    /// It was killed, or is about to be.
    Killed(Retirement),
}
