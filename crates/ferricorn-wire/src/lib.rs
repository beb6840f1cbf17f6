//! The messages between master and worker, and between a master and its successor; the layout of their shared memory.
//!
//! Owns: the messages of the channel ([`ToWorker`], [`ToMaster`]; [`ToTemplate`], [`FromTemplate`]), their encoding, and the layout of the
//! scoreboard ([`scoreboard`]). Does not own: sockets, processes, decisions.
//!
//! Invariants:
//! * The channel is one `SOCK_SEQPACKET` pair per worker. One message is one packet, never more, never less.
//! * A packet is one JSON object whose `type` names the message. An unknown field is ignored, so that either
//!   side may be the newer one; an unknown `type` is an error that the receiver logs and survives.
//! * End of file on the channel means that the other side is dead, and nothing else does.
//! * The files under `tests/golden/` are read by the tests of this crate and by those of the Python shim: neither
//!   side can change the wire alone.

pub mod control;
pub mod observation;
pub mod scoreboard;
pub mod tally;
pub mod upgrade;

mod hooks;
mod log_settings;
mod template;
mod to_master;
mod to_worker;

pub use hooks::{CallHook, FromHookHost, HookFile, HookServer, HookWorker, Hooks, LoadHooks, ToHookHost};
pub use log_settings::{AccessLog, DaemonAddress, LogConfig, LogSettings, Statsd, Syslog};
pub use template::{FromTemplate, LoadTemplate, ToTemplate, Warm};
pub use to_master::{BootStage, DyingCause, Runs, ToMaster};
pub use to_worker::{AppSettings, Development, DrainMode, Load, NativeHttp, Start, ToWorker, Who};

use std::time::Duration;

use serde::{Serialize, de::DeserializeOwned};

/// The largest packet that either side sends, in bytes. The kernel's default send buffer (212,992 bytes, see
/// `socket(7)`) bounds a SEQPACKET message; a traceback is cut to fit well below that.
pub const MAX_PACKET: usize = 128 * 1024;

/// Turns a message into the bytes of one packet.
pub fn encode<M: Serialize>(message: &M) -> Vec<u8> {
    serde_json::to_vec(message)
        .expect("messages hold only strings, numbers and lists, which always serialize")
}

/// Reads the bytes of one packet.
///
/// # Errors
/// The packet is not JSON, or not a message of this type; the text says what was wrong and where.
pub fn decode<M: DeserializeOwned>(packet: &[u8]) -> Result<M, serde_json::Error> {
    serde_json::from_slice(packet)
}

/// A duration as the messages have it: whole milliseconds, rounded down.
pub fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
