//! How the program ended.

use std::{fmt, os::unix::process::ExitStatusExt, process::ExitStatus, time::Instant};

/// How and when a process ended.
#[derive(Clone, Copy, Debug)]
pub struct Exit {
    status: ExitStatus,
    at: Instant,
}

impl Exit {
    pub(crate) fn new(status: ExitStatus) -> Self {
        Self { status, at: Instant::now() }
    }

    /// The exit code; a process that a signal ended has the negative number of the signal.
    pub fn code(self) -> i32 {
        self.status.code().unwrap_or_else(|| -self.status.signal().unwrap_or(0))
    }

    /// When the harness saw it.
    pub fn at(self) -> Instant {
        self.at
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}
