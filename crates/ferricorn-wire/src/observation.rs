//! The state of a service at one moment, for live views: `ferricorn top` and `/status.json`.
//!
//! A reader keeps an earlier one and subtracts: rates and percentiles of a stretch of time are the reader's to make, so that
//! the master keeps no history. Counts only grow while the service lives. Times are seconds since 1970, durations seconds.

use serde::{Deserialize, Serialize};

/// A service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact that somebody asks for")]
pub struct Observation {
    /// When this was found out.
    pub at: f64,
    /// The product's version.
    pub version: String,
    /// What it is called: `--name`, or the application.
    pub name: String,
    /// The master's pid.
    pub pid: u32,
    /// When the service began; an upgrade does not change it.
    pub started_at: f64,
    /// Where it listens.
    pub addresses: Vec<String>,
    /// How many workers are wanted.
    pub target: u16,
    /// The generation that serves.
    pub generation: u32,
    /// Why it is not ready to serve; `None` if it is.
    pub not_ready: Option<String>,
    /// A reload is under way.
    pub reloading: bool,
    /// An upgrade is under way.
    pub upgrading: bool,
    /// Nothing is recycled, since the last reload was rejected.
    pub frozen: bool,
    /// The service is stopping.
    pub stopping: bool,
    /// What all workers have counted, those that are gone included.
    pub traffic: Traffic,
    /// The upper bounds of the cells of histograms, in seconds; the last cell has none.
    pub bounds: Vec<f64>,
    /// The queues of connections that wait to be accepted.
    pub queues: Vec<Queue>,
    /// Every worker process, by its slot.
    pub workers: Vec<ObservedWorker>,
    /// The last ends of workers, the newest first.
    pub deaths: Vec<Death>,
    /// Ends of workers by cause, those that there were.
    pub exits: Vec<(String, u64)>,
}

/// What was counted about requests.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    /// Workers count; otherwise all of this is 0.
    pub counted: bool,
    /// Requests by status code, those that there were.
    pub codes: Vec<(u16, u64)>,
    /// Requests by how long they took: the number of a cell and its count, those that are not empty.
    pub cells: Vec<(usize, u64)>,
    /// The sum of their seconds.
    pub seconds: f64,
    /// Requests whose connection was lost before the response was complete.
    pub aborted: u64,
    /// Requests that were cut since the grace of a drain was over.
    pub cut: u64,
    /// WebSockets that are open.
    pub websockets: u64,
}

impl Traffic {
    /// All requests.
    pub fn requests(&self) -> u64 {
        self.codes.iter().map(|(_, count)| count).sum()
    }

    /// Requests that were answered with an error of the server's.
    pub fn errors(&self) -> u64 {
        self.codes.iter().filter(|(code, _)| *code >= 500).map(|(_, count)| count).sum()
    }
}

/// The queue of a listening socket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Queue {
    /// Its address.
    pub listener: String,
    /// How many connections wait.
    pub waiting: u32,
    /// How many may.
    pub limit: u32,
    /// The most in the last 60 s.
    pub peak: u32,
}

/// A worker process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ObservedWorker {
    /// Its slot.
    pub slot: u16,
    /// Its pid.
    pub pid: i32,
    /// Its generation.
    pub generation: u32,
    /// `booting`, `serving`, `draining` or `silent`.
    pub state: String,
    /// The same as `ferricorn ctl status` has it.
    pub stage: String,
    /// When its process was made.
    pub started_at: f64,
    /// What it has counted.
    pub traffic: Traffic,
    /// Requests being handled.
    pub in_flight: u64,
    /// Open connections.
    pub connections: u64,
    /// How late the last tick of its event loop was.
    pub lag: f64,
    /// How long ago its event loop last ran; `None` before it runs.
    pub heartbeat_age: Option<f64>,
    /// How long the oldest request has been under way; 0 without one.
    pub oldest: f64,
    /// Processor time since it began.
    pub processor: f64,
    /// Resident memory in bytes.
    pub resident: Option<u64>,
    /// The part of it that is no file's, in bytes.
    pub anonymous: Option<u64>,
    /// Requests in flight, the oldest first; empty if paths must not be shown.
    pub requests: Vec<RequestInFlight>,
}

/// A request in flight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestInFlight {
    /// `METHOD /path`, without the query.
    pub name: String,
    /// How long it has been under way; `None`: less than a tenth of a second.
    pub age: Option<f64>,
}

/// The end of a worker.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Death {
    /// When.
    pub at: f64,
    /// Its slot.
    pub slot: u16,
    /// Its pid.
    pub pid: i32,
    /// The cause as the log names it.
    pub cause: String,
    /// The line of the log.
    pub text: String,
    /// Whether it was planned.
    pub planned: bool,
    /// How long it had lived.
    pub age: f64,
}
