//! How fast the service may try again after failures: the pauses of one slot, and what all slots may spend together.

mod backoff;
mod budget;

pub use backoff::Backoff;
pub(crate) use budget::Budget;
