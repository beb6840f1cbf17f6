//! One worker process as the system knows it, and its history.
//!
//! Owns: its pid, channel, row and black box; how much it may say at a time. Does not own: what its words mean.

use std::{
    collections::BTreeSet,
    io,
    task::{Context, Poll},
    time::Instant,
};

use ferricorn_core::{Generation, Slot};
use ferricorn_sys::{BlackBox, Courtesy, Process};
use ferricorn_telemetry::reports::hang::Hang;
use ferricorn_wire::ToMaster;
use tracing::{debug, warn};

use super::silence::Silence;
use crate::link::{Channel, Heard};

/// Messages that a worker may say between two readings of the scoreboard. A worker in order says a handful in its life;
/// what one says beyond waits in its own channel, so that a flood costs the master next to nothing.
pub(super) const ALLOWANCE: u32 = 20;

/// One worker process.
pub(crate) struct Member {
    pub(crate) slot: Slot,
    pub(crate) generation: Generation,
    pub(crate) pid: i32,
    pub(super) process: Process,
    pub(super) channel: Channel,
    pub(super) row: usize,
    /// How it gives way for a while; `None`: it cannot give way at all, as that could not be taken back.
    pub(super) courtesy: Option<Courtesy>,
    /// It gives way to those that serve.
    pub(super) gives_way: bool,
    /// When its process was made.
    pub(crate) spawned_at: Instant,
    /// The stage and the text of its boot failure, until it was shown.
    pub(crate) boot_failure: Option<(ferricorn_wire::BootStage, String)>,
    /// What it said and we saw of it, for the report of its death.
    pub(crate) history: History,
    pub(super) silence: Silence,
    pub(super) black_box: BlackBox,
    /// Messages that it may still say before the scoreboard is read again.
    pub(super) allowance: u32,
    /// Messages that could not be understood.
    pub(super) garbage: u64,
}

impl Member {
    /// Leaves the processors to those that serve, as far as that can be taken back.
    pub(super) fn give_way(&mut self) {
        let Some(courtesy) = &self.courtesy else { return };
        self.gives_way = true;
        // If that fails, it costs others a little time and nothing else.
        if let Err(error) = courtesy.give() {
            debug!("worker (pid: {}) does not give way to others: {error}", self.pid);
        }
    }

    /// Gives way no more, nor does what it has started meanwhile.
    pub(super) fn hurry(&mut self) {
        let Some(courtesy) = self.courtesy.as_ref().filter(|_| std::mem::take(&mut self.gives_way)) else {
            return;
        };
        // One that is gone is no news: its exit is on its way.
        if let Err(error) = courtesy.take_back()
            && error.kind() != io::ErrorKind::NotFound
        {
            warn!("cannot restore the priority of worker (pid: {}): {error}", self.pid);
        }
    }

    /// It is gone: what it has started while it gave way, and has left behind, gives way no more.
    pub(super) fn release_family(&self) {
        if let Some(courtesy) = self.courtesy.as_ref().filter(|_| self.gives_way) {
            courtesy.release_family();
        }
    }

    /// The next thing that it says and that can be understood, as far as it may say something now.
    pub(super) fn poll_message(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Option<ToMaster> {
        while self.allowance > 0
            && let Poll::Ready(heard) = self.channel.poll_hear(context, buffer)
        {
            match heard {
                Heard::End => return None,
                Heard::Garbage(error) => self.complain(&error),
                Heard::Message(message) => {
                    self.allowance -= 1;
                    return Some(message);
                }
            }
            self.allowance -= 1;
        }
        None
    }

    /// What it still said, when it has exited.
    pub(super) fn last_words(&mut self, buffer: &mut [u8]) -> Vec<ToMaster> {
        let mut words = Vec::new();
        loop {
            match self.channel.last_word(buffer) {
                Heard::End => return words,
                Heard::Garbage(error) => self.complain(&error),
                Heard::Message(message) => words.push(message),
            }
        }
    }

    /// Tells of a message that cannot be understood: the first, the tenth, the hundredth, ...
    fn complain(&mut self, error: &dyn std::fmt::Display) {
        self.garbage += 1;
        if self.garbage == 10_u64.pow(self.garbage.ilog10()) {
            let (pid, count) = (self.pid, self.garbage);
            warn!("a message of worker (pid: {pid}) cannot be understood ({count} so far): {error}");
        }
    }
}

/// What has become of a worker so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    pub(crate) stage: Stage,
    /// The stage of the boot that it said had failed.
    pub(crate) boot_stage: Option<ferricorn_wire::BootStage>,
    /// What it said had ended it, with the traceback.
    pub(crate) dying: Option<(ferricorn_wire::DyingCause, String)>,
    /// Where its event loop was when the log last reported that it does not run; `None` after it has run again.
    pub(crate) hang: Option<Hang>,
    /// It was sent SIGKILL by us.
    pub(crate) killed: bool,
    /// The numbers of what else it was sent by us.
    pub(crate) signals: BTreeSet<i32>,
    /// The most resident memory that it ever had, in bytes; known once it was waited for.
    pub(crate) peak_memory: Option<u64>,
    /// The control group has counted a kill for lack of memory around its death.
    pub(crate) out_of_memory: bool,
}

/// How far a worker has come, for the report of its death.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stage {
    #[default]
    Booting,
    Serving,
    Draining,
}

impl Stage {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Booting => "booting",
            Self::Serving => "serving",
            Self::Draining => "draining",
        }
    }
}
