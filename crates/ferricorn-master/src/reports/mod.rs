//! What happened, in words: the log lines ([`observe`]), and what clients are told ([`reasons`]). What is known of a death or a hang is `ferricorn_telemetry`'s.
//!
//! Does not own: what happened, and where the log goes.

pub(crate) mod observe;
pub(crate) mod reasons;
