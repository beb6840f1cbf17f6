//! The sources of events besides the workers' channels: signals, ended children, the scoreboard's clock, files
//! that change.

pub(crate) mod changes;
pub(crate) mod control;
mod hang_up;
mod signals;

pub(crate) use signals::{Received, SignalKind, Signals};
