//! What all our Python processes that are not workers have in common.

use std::{
    io,
    os::fd::{AsRawFd, RawFd},
    path::Path,
};

use ferricorn_sys::{Process, Signal, spawn, wait};

use crate::{
    Command,
    python::shim::{self, Job},
};

/// One such process. Dropping it does not touch the process: most end with the channel that they hold.
pub(super) struct Companion {
    process: Process,
}

impl Companion {
    /// Starts one. `link` is its end of what it speaks through: a channel, or a file for its answer.
    pub(super) fn start(
        interpreter: &Path,
        command: &Command,
        link: &impl AsRawFd,
        job: Job,
    ) -> io::Result<Self> {
        Self::start_with(interpreter, command, link, &[], job)
    }

    /// The same, with more descriptors that it inherits.
    pub(super) fn start_with(
        interpreter: &Path,
        command: &Command,
        link: &impl AsRawFd,
        more: &[RawFd],
        job: Job,
    ) -> io::Result<Self> {
        let sources = shim::sources(command)?;
        let mut plan = shim::plan(interpreter, &sources, link, job);
        plan.inherit.extend(more);
        let child = spawn::spawn(&plan).map_err(io::Error::other)?;
        Ok(Self { process: child.process })
    }

    pub(super) fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Kills it. It is reaped like any other child; one that is gone already is reaped in a moment.
    pub(super) fn kill(&self) {
        self.signal(Signal::Kill);
    }

    /// Signals it. One that is gone is no news.
    pub(super) fn signal(&self, signal: Signal) {
        let _ = self.process.signal(signal);
    }

    /// Waits for its exit, for before the event loop and after it.
    pub(super) fn wait(&self) -> io::Result<wait::Exit> {
        wait::wait_for(self.pid())
    }
}
