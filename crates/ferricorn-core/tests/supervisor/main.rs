//! The core's decisions, tried on fake workers and a clock that jumps. One program, since all of them share the simulation.

mod developing;
mod leaving;
mod preload;
mod properties;
mod reading;
mod sim;
mod stories;
mod throttling;
mod upgrades;
