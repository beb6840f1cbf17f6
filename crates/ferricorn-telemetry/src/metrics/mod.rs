//! What is counted, and how counts become metrics.

mod families;
pub mod fold;
mod histogram;
pub mod names;
mod service;
mod tally;

pub use families::families;
pub use histogram::{Histogram, Resolution};
pub use service::{Build, CAUSES, Counter, Life, ListenQueue, Process, Service, Worker, WorkerState};
pub use tally::Tally;
