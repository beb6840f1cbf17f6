//! The messages between a master and its successor, and what the one leaves to the other.
//!
//! Beside: the two have a channel, whose first packet is an [`Estate`]. In place: the new program is first run as a
//! check, with a channel on which it has to say that it is ready; then it replaces the old one and finds a [`Legacy`] in
//! a memfd. How it was started is in the variable [`VARIABLE`], in a form that will never change.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Runs;

/// The variable that tells a program that it is a successor: `VERSION,KIND,DESCRIPTOR` ([`Succession`]).
pub const VARIABLE: &str = "FERRICORN_UPGRADE";

/// To be raised when anything changes that one master leaves to the next: the messages of this file, the layout of the
/// scoreboard, what workers say to their master and hand over to each other.
pub const VERSION: u32 = 2;

/// How a program was started as a successor: the content of [`VARIABLE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Succession {
    /// The [`VERSION`] of the predecessor.
    pub version: u32,
    /// What it is to do.
    pub kind: SuccessionKind,
    /// The channel, or the memfd.
    pub descriptor: i32,
}

/// What a successor is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuccessionKind {
    /// Say on the channel that it is fit, and exit.
    Trial,
    /// Serve beside the predecessor, and take over.
    Beside,
    /// Go on where the predecessor was in this very process.
    InPlace,
}

impl SuccessionKind {
    const NAMES: [(Self, &str); 3] =
        [(Self::Trial, "check"), (Self::Beside, "beside"), (Self::InPlace, "in-place")];
}

impl Succession {
    /// The content of the variable.
    pub fn to_text(self) -> String {
        let name = SuccessionKind::NAMES.iter().find(|(kind, _)| *kind == self.kind).map_or("", |it| it.1);
        format!("{},{name},{}", self.version, self.descriptor)
    }

    /// Reads the content of the variable; none if it has not this form.
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split(',');
        let version = fields.next()?.parse().ok()?;
        let name = fields.next()?;
        let kind = SuccessionKind::NAMES.iter().find(|(_, known)| *known == name)?.0;
        let descriptor = fields.next()?.parse().ok()?;
        fields.next().is_none().then_some(Self { version, kind, descriptor })
    }
}

/// From a master to the program that is to succeed it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToSuccessor {
    /// The first packet: what both have from now on.
    Estate(Estate),
    /// The service is yours: the files of unix sockets, the pid file.
    TakeOver,
    /// You are not wanted any more.
    Stop {
        /// Whether the old master serves on, and its workers take idle connections over.
        siblings: bool,
    },
}

/// From the new program to the master that it is to succeed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromSuccessor {
    /// All workers serve, and have held; or, of a check: the program is fit.
    Ready,
    /// It has taken over.
    Serves,
    /// It cannot; it exits right after this message.
    Refused {
        /// Why, in one line without a full stop.
        reason: String,
    },
}

/// What all masters of a service have in common. Numbers of descriptors are those of the successor's own table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estate {
    /// The predecessor's version of the product, for the log.
    pub version: String,
    /// The predecessor's pid, for the log.
    pub pid: u32,
    /// The listening sockets, in the order of the configuration.
    pub listeners: Vec<ListenerState>,
    /// The two ends of the handoff queue.
    pub handoff: [i32; 2],
    /// How many workers there should be, if a client has asked for another number than that of the settings.
    pub scaled_to: Option<u16>,
    /// The level of the log, if a client has asked for another one than that of the settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_level: Option<String>,
    /// The memfds of the tally boards whose counts continue, of the predecessor and of those before it; empty: it keeps
    /// none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tallies: Vec<i32>,
    /// The memfd of the tally board that the successor is to use, which the predecessor reads as well, so that what is
    /// counted there is not lost if the succession fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_tally: Option<i32>,
    /// The listening socket of the metrics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ListenerState>,
    /// What runs in the workers, if one has said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<Box<Runs>>,
    /// The predecessor outlives the end of its terminal: it was started under `nohup`, or succeeds one that was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignores_hang_up: bool,
}

impl Estate {
    /// The files of unix sockets, in the order of the listeners.
    pub fn files(&self) -> Vec<Option<PathBuf>> {
        self.listeners.iter().map(|listener| listener.file.as_ref().map(PathBuf::from)).collect()
    }
}

/// One listening socket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ListenerState {
    /// Its descriptor.
    pub descriptor: i32,
    /// The file of its unix socket; `None` if there is none, or if another process made it.
    pub file: Option<String>,
    /// The service has made it itself, and no other process accepts on it.
    #[serde(default)]
    pub ours: bool,
}

/// What a program finds that replaces a master in its own process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Legacy {
    /// What it would get beside as well.
    pub estate: Estate,
    /// The socket that `ferricorn ctl` asks at, so that it is there without a gap; none if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<i32>,
    /// The memfd of the scoreboard.
    pub scoreboard: i32,
    /// How many workers are wanted.
    pub target: u16,
    /// The generation that the service runs.
    pub generation: u32,
    /// The highest generation ever begun.
    pub last_generation: u32,
    /// The last reload was rejected.
    pub frozen: bool,
    /// The id that the next worker gets.
    pub next_id: u64,
    /// Every worker.
    pub workers: Vec<WorkerState>,
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerState {
    /// Its id.
    pub id: u64,
    /// Its pid: it is a child of this process.
    pub pid: i32,
    /// How long ago it was started, in milliseconds.
    pub age_ms: u64,
    /// Its slot.
    pub slot: u16,
    /// Its generation.
    pub generation: u32,
    /// The master's end of its channel; none if it has closed the other one.
    pub channel: Option<i32>,
    /// The memfd that it writes its last stack into.
    pub black_box: i32,
    /// Its row of the scoreboard.
    pub row: u32,
    /// Why it leaves; none if it serves.
    pub leaving: Option<String>,
    /// How long it may take to leave, in milliseconds.
    pub left_ms: u64,
}
