//! The ways of log lines and metrics out of the process: a file or standard error, the journal of systemd, syslog, statsd.
//!
//! Owns: the form of a line ([`Said`]), and that writing one never holds up the service: what cannot be taken in time waits in
//! a queue with a limit or is lost, and the loss is counted. Does not own: which lines there are, and which log holds.

mod daemons;
mod datagram;
mod event;
pub mod journal;
mod line;
mod peer;
mod sink;
mod stream;

use ferricorn_config::LogLevel;

pub use daemons::{DaemonError, Daemons, Patience};
pub use event::Said;
pub use sink::{Sink, SinkError};
pub use stream::Rest;

/// Syslog's numbers of the levels (RFC 5424, section 6.2.1).
pub fn severity(level: LogLevel) -> u32 {
    match level {
        LogLevel::Trace | LogLevel::Debug => 7,
        LogLevel::Info => 6,
        LogLevel::Warning => 4,
        LogLevel::Error => 3,
        LogLevel::Critical => 2,
    }
}
