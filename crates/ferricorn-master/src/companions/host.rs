//! The process that calls the master's hooks, as the system knows it: its channel, and the calls that it has not answered.
//!
//! Invariant: a call that could not be sent is not waited for.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use ferricorn_sys::{Process, Signal, channel, spawn, wait};
use ferricorn_wire::{FromHookHost, ToHookHost};
use tokio::{io::unix::AsyncFd, time::timeout};
use tracing::{debug, error, warn};

use crate::{Command, link, python::shim};

/// How much longer than its limit a hook may take before the process is killed: C code cannot be interrupted.
pub(crate) const MERCY: Duration = Duration::from_secs(2);

/// How long the process may take to end after it was told to.
const END_LIMIT: Duration = Duration::from_secs(2);

/// Calls that may wait for their turn; what comes when there are more is lost.
const MOST_WAITING: usize = 1000;

/// The largest answer.
const BUFFER: usize = 1024;

/// A process that calls hooks.
pub(crate) struct Host {
    process: Process,
    channel: AsyncFd<OwnedFd>,
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
        let sources = shim::sources(command)?;
        let (ours, theirs) = channel::pair()?;
        let job = shim::Job { words: vec!["hooks".into()], environment, directory, rights: None };
        let child =
            spawn::spawn(&shim::plan(interpreter, &sources, &theirs, job)).map_err(io::Error::other)?;
        Ok(Self {
            process: child.process,
            channel: link::watch(ours)?,
            waiting: VecDeque::new(),
            buffer: [0; BUFFER],
        })
    }

    /// Says something; false if it does not listen.
    pub(crate) fn send(&self, message: &ToHookHost) -> bool {
        let sent = channel::send(&self.channel, &ferricorn_wire::encode(message));
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
                None => self.read().await,
                Some((due, hook)) => {
                    let Ok(heard) = tokio::time::timeout_at(due.into(), self.read()).await else {
                        error!(
                            "Hook `{hook}` of the configuration file does not return: its process is replaced"
                        );
                        return Fate::Lost;
                    };
                    heard
                }
            };
            let Some(length) = heard else {
                warn!("the process that calls hooks (pid: {}) has ended", self.process.pid());
                return Fate::Lost;
            };
            match ferricorn_wire::decode(&self.buffer[..length]) {
                Ok(FromHookHost::Done { id }) => self.answered(id),
                Err(error) => warn!("an answer about a hook cannot be understood: {error}"),
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

    /// The length of the next answer in the buffer; none at the end of the channel.
    async fn read(&mut self) -> Option<usize> {
        loop {
            let mut ready = self.channel.readable().await.ok()?;
            if let Ok(read) = ready.try_io(|channel| channel::receive(channel, &mut self.buffer)) {
                return read.ok().filter(|length| *length > 0);
            }
        }
    }

    /// Lets the process end, and waits for it, with a limit. For after the event loop.
    pub(crate) async fn end(mut self) {
        let ended = async { while self.read().await.is_some() {} };
        if timeout(END_LIMIT, ended).await.is_err() {
            self.kill();
        }
        // It has closed everything or was killed, so this does not take long.
        let _ = wait::wait_for(self.process.pid());
    }

    /// Kills the process. It is reaped like any other child.
    pub(crate) fn kill(&self) {
        let _ = self.process.signal(Signal::Kill);
    }
}
