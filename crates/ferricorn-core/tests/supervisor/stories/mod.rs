//! The life cycle, told as stories on a clock that jumps.

mod deaths;
mod recycling;
mod reloads;
mod scaling;
mod silence;
mod starts;
mod stops;
mod urgency;
