//! What another program opened for us: systemd's socket activation, and the descriptors that a predecessor leaves.
//!
//! The rules of the first are those of `sd_listen_fds(3)`. The caller passes the two variables in and keeps them out of the
//! workers' environment.

use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

use crate::listen::{ListenError, Listener};

/// `SD_LISTEN_FDS_START`: the first descriptor that systemd passes.
const FIRST_DESCRIPTOR: RawFd = 3;

/// Why sockets that were passed could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum InheritError {
    /// A variable holds something that is no number.
    #[error("{variable} is `{value}`, which is not a number of {what}")]
    NotANumber {
        /// `LISTEN_PID` or `LISTEN_FDS`.
        variable: &'static str,
        /// What it holds.
        value: String,
        /// What it should count.
        what: &'static str,
    },
    /// One of the descriptors is no listening stream socket.
    #[error("file descriptor {descriptor} from systemd cannot be used")]
    Descriptor {
        /// The number.
        descriptor: RawFd,
        /// What is wrong with it.
        source: ListenError,
    },
}

/// Takes over the sockets that systemd passed: those from 3 on, `LISTEN_FDS` of them, if `LISTEN_PID` is `own_pid`.
/// None at all when either variable is absent, or when they were meant for another process (a wrapper script that was
/// activated and forked instead of exec'ing).
///
/// Call it once: it takes ownership of the descriptors.
pub fn systemd_listeners(
    listen_pid: Option<&str>,
    listen_fds: Option<&str>,
    own_pid: u32,
) -> Result<Vec<Listener>, InheritError> {
    let (Some(listen_pid), Some(listen_fds)) = (listen_pid, listen_fds) else { return Ok(Vec::new()) };
    let pid: u32 = listen_pid.parse().map_err(|_| InheritError::NotANumber {
        variable: "LISTEN_PID",
        value: listen_pid.to_owned(),
        what: "a process",
    })?;
    if pid != own_pid {
        return Ok(Vec::new());
    }
    let not_a_count = || InheritError::NotANumber {
        variable: "LISTEN_FDS",
        value: listen_fds.to_owned(),
        what: "file descriptors",
    };
    let count: u16 = listen_fds.parse().map_err(|_| not_a_count())?;
    (FIRST_DESCRIPTOR..FIRST_DESCRIPTOR + RawFd::from(count))
        .map(|descriptor| {
            Listener::inherited(descriptor).map_err(|source| InheritError::Descriptor { descriptor, source })
        })
        .collect()
}

/// Takes ownership of a descriptor that was left open for us, and makes it close-on-exec.
///
/// The number must be one that nothing else in this process uses: ownership passes here, and only here.
pub fn descriptor(number: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: only a number is passed in; a bad one is answered with EBADF.
    if number <= 2 || unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) } != 0 {
        let text = format!("file descriptor {number} was not passed on");
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    // SAFETY: it is open (just asked), and the caller gives it to us.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
