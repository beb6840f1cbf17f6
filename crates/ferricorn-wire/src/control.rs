//! The messages between `ferricorn ctl` and a master: over a unix stream socket with an abstract address, one JSON
//! object per line, one request and one response per connection.

use serde::{Deserialize, Serialize};

use crate::observation::{Observation, Traffic};

/// The longest line that either side accepts, in bytes. A request has a few dozen, a status about 150 per worker.
pub const MAX_REQUEST: u64 = 4096;

/// The abstract address of the master with this pid. Pids repeat from one pid namespace to the next, abstract addresses
/// do not care: so the namespace is part of it, as `/proc/self/ns/pid` names it.
pub fn address(pid_namespace: &str, pid: u32) -> String {
    let digits: String = pid_namespace.chars().filter(char::is_ascii_digit).collect();
    format!("{}{pid}", prefix(&digits))
}

/// The pid in the address of a master of this pid namespace; none if the address is something else.
pub fn pid_of(pid_namespace: &str, address: &str) -> Option<u32> {
    let digits: String = pid_namespace.chars().filter(char::is_ascii_digit).collect();
    address.strip_prefix(&prefix(&digits))?.parse().ok()
}

fn prefix(digits: &str) -> String {
    format!("ferricorn.{digits}.")
}

/// What a master is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Request {
    /// How the service is.
    Status,
    /// Everything that a live view shows.
    Observe,
    /// The metrics, in Prometheus' text format or in `OpenMetrics`.
    Metrics {
        /// In `OpenMetrics`.
        openmetrics: bool,
    },
    /// Replace every worker.
    Reload {
        /// Answer when it has succeeded or failed, and not at once.
        wait: bool,
    },
    /// Hand the service over to the program that is on disk now.
    Upgrade {
        /// Answer when it has succeeded or failed, and not at once.
        wait: bool,
    },
    /// Replace the worker of one slot.
    Recycle {
        /// The slot.
        slot: u16,
    },
    /// What the worker of one slot is doing: its stacks, requests and tasks.
    Dump {
        /// The slot.
        slot: u16,
    },
    /// Log from this level on, until the next start.
    LogLevel {
        /// Its name, as that of `--log-level`.
        level: String,
    },
    /// Stop gracefully.
    Stop,
    /// Run this many workers.
    Scale {
        /// How many.
        workers: u16,
    },
}

/// What a master answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Response {
    /// It was done, or will be.
    Done {
        /// What, in one line.
        text: String,
    },
    /// It was not.
    Failed {
        /// Why, in one line.
        text: String,
    },
    /// How the service is.
    Status(Status),
    /// Everything that a live view shows.
    Observation(Box<Observation>),
    /// A text that was asked for, as it is.
    Text {
        /// The text.
        text: String,
    },
    /// Nothing was done: the service belongs to another master by now. Ask that one.
    Moved {
        /// Its pid.
        pid: u32,
    },
}

/// How a service is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact that somebody asks for")]
pub struct Status {
    /// The product's version.
    pub version: String,
    /// The master's pid.
    pub pid: u32,
    /// What it has bound.
    pub addresses: Vec<String>,
    /// It listens there: clients can connect. Before the first worker is ready they cannot.
    pub listening: bool,
    /// How many workers are wanted.
    pub target: u16,
    /// The generation that serves.
    pub generation: u32,
    /// A reload is under way.
    pub reloading: bool,
    /// An upgrade is under way.
    pub upgrading: bool,
    /// The master that is about to take over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<u32>,
    /// The last reload was rejected, and nothing is recycled.
    pub frozen: bool,
    /// The service is stopping.
    pub stopping: bool,
    /// What was counted about requests; `None` of a master that does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<Traffic>,
    /// Every worker, by its slot; of those that share one, the oldest first.
    pub workers: Vec<WorkerStatus>,
}

/// How a worker is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerStatus {
    /// Its pid.
    pub pid: i32,
    /// Its slot.
    pub slot: u16,
    /// Its generation.
    pub generation: u32,
    /// `booting`, `ready`, `probation` (the first one of a reload, beside that whose slot it is to have), `draining` or
    /// `killed`.
    pub stage: String,
    /// Requests answered since it began.
    pub requests: u64,
    /// Requests being handled now.
    pub in_flight: u64,
    /// Open connections.
    pub connections: u64,
}
