//! What happened, in words: the log lines ([`observe`]). What is known of a death or a hang is `ferricorn_telemetry`'s.
//!
//! Does not own: what happened, and where the log goes.

pub(crate) mod observe;
