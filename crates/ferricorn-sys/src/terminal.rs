//! The controlling terminal of this process and its session, and whether it was started under `nohup`.
//!
//! Owns: what the kernel says of them now. Does not own: what follows from it.

use std::{
    fs::OpenOptions,
    os::{fd::AsFd, unix::fs::OpenOptionsExt as _},
};

use nix::{
    sys::termios::{SetArg, Termios, tcgetattr, tcsetattr},
    unistd::{Pid, getpgrp, getsid, tcgetpgrp},
};

/// Whether there is a controlling terminal. One that was hung up is none any more.
pub fn exists() -> bool {
    let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags).open("/dev/tty").is_ok()
}

/// Whether this descriptor is the controlling terminal and another job is in its foreground, so that Ctrl-C ends that one.
pub fn is_in_background_of(descriptor: &impl AsFd) -> bool {
    // Fails for any other terminal, of which the kernel does not tell it.
    tcgetpgrp(descriptor.as_fd()).is_ok_and(|foreground| foreground != getpgrp())
}

/// How a terminal is set: whether it echoes, whether it waits for a whole line.
#[derive(Debug)]
pub struct Modes(Termios);

impl Modes {
    /// Those of this descriptor; `None` if it is no terminal.
    pub fn of(descriptor: &impl AsFd) -> Option<Self> {
        tcgetattr(descriptor).ok().map(Self)
    }

    /// Sets them again, unless another job has the terminal.
    pub fn restore(&self, descriptor: &impl AsFd) {
        if !is_in_background_of(descriptor) {
            // It may be gone.
            let _ = tcsetattr(descriptor, SetArg::TCSADRAIN, &self.0);
        }
    }
}

/// The pid of the leader of our session, whether that process lives or not; none if it is outside our pid namespace.
pub fn session_leader() -> Option<i32> {
    getsid(None).ok().map(Pid::as_raw).filter(|pid| *pid > 0)
}

/// Whether SIGHUP is ignored. To be asked before a handler is set, which makes the kernel forget what `nohup` has done.
pub fn ignores_hang_up() -> bool {
    // SAFETY: the call only asks, with a place for the answer that lives through it; all zeroes are a valid `sigaction`.
    unsafe {
        let mut action = std::mem::zeroed::<libc::sigaction>();
        libc::sigaction(libc::SIGHUP, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}
