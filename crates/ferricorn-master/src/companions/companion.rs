//! A Python process of ours that is no worker: what every one of them has.

use std::{io, os::fd::AsRawFd, path::Path};

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
        let sources = shim::sources(command)?;
        let plan = shim::plan(interpreter, &sources, link, job);
        let child = spawn::spawn(&plan).map_err(io::Error::other)?;
        Ok(Self { process: child.process })
    }

    pub(super) fn pid(&self) -> i32 {
        self.process.pid()
    }

    /// Kills it. It is reaped like any other child; one that is gone already is reaped in a moment.
    pub(super) fn kill(&self) {
        let _ = self.process.signal(Signal::Kill);
    }

    /// Waits for its exit, for before the event loop and after it.
    pub(super) fn wait(&self) -> io::Result<wait::Exit> {
        wait::wait_for(self.pid())
    }
}
