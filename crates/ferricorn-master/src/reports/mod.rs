//! What happened, in words: the log lines ([`observe`], and [`ends`] for a death or a hang), and what clients are told ([`reasons`]). What is known of a death or a hang is `ferricorn_telemetry`'s.
//!
//! Does not own: what happened, and where the log goes.

mod ends;
pub(crate) mod observe;
pub(crate) mod reasons;

use std::time::Duration;

/// Seconds with a precision that a log needs.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100.0).round() / 100.0
}
