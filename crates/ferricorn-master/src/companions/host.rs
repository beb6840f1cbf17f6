//! The process that calls the master's hooks, as the system knows it: its channel, and the calls that it has not answered.
//!
//! Invariant: a call that could not be sent is not waited for.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ferricorn_sys::channel;
use ferricorn_wire::{FromHookHost, ToHookHost};
use tokio::time::timeout;
use tracing::{debug, error, warn};

use super::companion::Companion;
use crate::{
    Command,
    link::{Channel, Heard},
    python::shim::Job,
};

/// How much longer than its limit a hook may take before the process is killed: C code cannot be interrupted.
pub(crate) const MERCY: Duration = Duration::from_secs(2);

/// How long the process may take to exit after it was told to.
const END_LIMIT: Duration = Duration::from_secs(2);

/// Calls that may wait for their turn; what comes when there are more is lost.
const MOST_WAITING: usize = 1000;

/// The largest answer.
const BUFFER: usize = 1024;

/// A process that calls hooks.
pub(crate) struct Host {
    companion: Companion,
    channel: Channel,
    waiting: VecDeque<Waiting>,
    buffer: [u8; BUFFER],
}

struct Waiting {
    id: u64,
    hook: &'static str,
    limit: Duration,
    /// When the process is killed; set when its turn comes.
    due: Instant,
}

/// What has become of the process.
pub(crate) enum Fate {
    /// Every call has been answered.
    Idle,
    /// It is gone, or has to go: a hook does not return.
    Lost,
}

impl Host {
    pub(crate) fn start(
        interpreter: &Path,
        command: &Command,
        environment: Vec<(OsString, OsString)>,
        directory: PathBuf,
    ) -> io::Result<Self> {
        let (ours, theirs) = channel::pair()?;
        let job = Job { words: vec!["hooks".into()], environment, directory, rights: None };
        Ok(Self {
            companion: Companion::start(interpreter, command, &theirs, job)?,
            channel: Channel::new(ours)?,
            waiting: VecDeque::new(),
            buffer: [0; BUFFER],
        })
    }

    /// Says something; false if it does not listen.
    pub(crate) fn send(&self, message: &ToHookHost) -> bool {
        let sent = self.channel.send(message);
        if let Err(error) = &sent {
            // A process that is gone is noticed by its channel, one that hangs by its calls.
            debug!("the process that calls hooks cannot be told anything: {error}");
        }
        sent.is_ok()
    }

    /// Sends a call, whose answer is waited for from now on.
    pub(crate) fn call(&mut self, id: u64, hook: &'static str, limit: Duration, call: &ToHookHost) {
        if self.waiting.len() < MOST_WAITING && self.send(call) {
            self.waiting.push_back(Waiting { id, hook, limit, due: Instant::now() + limit + MERCY });
        }
    }

    /// Whether every call has been answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Listens until every call is answered, or something has to be done. May be dropped while it waits: nothing is
    /// lost.
    pub(crate) async fn attend(&mut self) -> Fate {
        loop {
            let next = self.waiting.front().map(|call| (call.due, call.hook));
            let heard = match next {
                None => self.hear().await,
                Some((due, hook)) => {
                    let Ok(heard) = tokio::time::timeout_at(due.into(), self.hear()).await else {
                        error!(
                            "Hook `{hook}` of the configuration file does not return: its process is replaced"
                        );
                        return Fate::Lost;
                    };
                    heard
                }
            };
            match heard {
                Heard::Message(FromHookHost::Done { id }) => self.answered(id),
                Heard::Garbage(error) => warn!("an answer about a hook cannot be understood: {error}"),
                Heard::End => {
                    warn!("the process that calls hooks (pid: {}) has ended", self.companion.pid());
                    return Fate::Lost;
                }
            }
            if self.is_idle() {
                return Fate::Idle;
            }
        }
    }

    fn answered(&mut self, id: u64) {
        self.waiting.retain(|call| call.id != id);
        if let Some(next) = self.waiting.front_mut() {
            next.due = Instant::now() + next.limit + MERCY;
        }
    }

    async fn hear(&mut self) -> Heard<FromHookHost> {
        self.channel.hear(&mut self.buffer).await
    }

    /// Lets the process end, and waits for it, with a limit. For after the event loop.
    pub(crate) async fn end(mut self) {
        let ended = async { while !matches!(self.hear().await, Heard::End) {} };
        if timeout(END_LIMIT, ended).await.is_err() {
            self.kill();
        }
        // It has closed everything or was killed, so this does not take long.
        let _ = self.companion.wait();
    }

    /// Kills the process. It is reaped like any other child.
    pub(crate) fn kill(&self) {
        self.companion.kill();
    }
}
