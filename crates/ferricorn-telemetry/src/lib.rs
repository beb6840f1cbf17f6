//! The metrics of a service.
//!
//! Owns: the names of the metrics and what they count ([`metrics::names`]), histograms and percentiles, the adding up of the
//! tallies of workers so that each is counted exactly once ([`metrics::fold`]), and the text forms. Does not own: the layout
//! of the shared memory (`ferricorn_wire::tally`), where numbers come from, who asks for them.
//!
//! Invariants:
//! * Pure: no clock, no file, no socket. Time and facts come in, text goes out.
//! * No label has a value that a client can choose, except the status code, of which there are 500.
//! * A counter is shown from the start, with 0, wherever the set of its labels is closed.

pub mod forms;
pub mod metrics;
