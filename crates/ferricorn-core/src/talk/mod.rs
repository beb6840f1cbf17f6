//! The messages between the core and the shell: facts in, orders, replies and notices out, and the values they carry.
//!
//! Owns: these types. Does not own: a decision; nothing here has behaviour beyond names and comparisons.

mod action;
mod event;
mod ids;
mod notice;
mod policy;
mod reply;
mod retirement;
mod snapshot;

pub use action::{Action, ExitReason, Origin, TemplateSignal, WorkerSignal};
pub use event::{
    BootFailure, Command, Event, Exit, Scarce, StopMode, Throttled, Unread, UpgradeFailure, Vitals,
};
pub use ids::{Generation, RequestId, Slot, WorkerId};
pub use notice::Notice;
pub use policy::{Manner, Policy, UpgradeWay};
pub use reply::Reply;
pub use retirement::Retirement;
pub use snapshot::{Snapshot, Stage, WorkerSnapshot};
