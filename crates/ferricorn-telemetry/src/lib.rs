//! What a service tells of itself: numbers, reports, and the ways of its lines out of the process.
//!
//! Owns: the names of the metrics and what they count ([`metrics::names`]), histograms and percentiles, the adding up of the
//! tallies of workers so that each is counted exactly once ([`metrics::fold`]), and the text forms; the cause of a death and the
//! view of a hang ([`reports`]); the delivery of lines to files and daemons ([`delivery`]). Does not own: the layout of the
//! shared memory (`ferricorn_wire::tally`), where numbers and evidence come from, who asks for them.
//!
//! Invariants:
//! * All but [`delivery`] is pure: no clock, no file, no socket. Time and facts come in, text goes out.
//! * No label has a value that a client can choose, except the status code, of which there are 500.
//! * A counter is shown from the start, with 0, wherever the set of its labels is closed.
//! * Nothing here can change the service: what is told orders nothing.

pub mod delivery;
pub mod forms;
pub mod metrics;
pub mod reports;
