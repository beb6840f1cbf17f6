//! One process that can be signalled safely: its pid cannot have been reused.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

/// A signal that the master sends to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM.
    Terminate,
    /// SIGKILL.
    Kill,
    /// SIGABRT.
    Abort,
    /// SIGUSR1.
    User1,
    /// SIGUSR2.
    User2,
    /// SIGINT.
    Interrupt,
    /// SIGQUIT.
    Quit,
    /// SIGHUP.
    Hangup,
}

impl Signal {
    /// The number that this platform has for it.
    pub fn number(self) -> i32 {
        match self {
            Self::Terminate => libc::SIGTERM,
            Self::Kill => libc::SIGKILL,
            Self::Abort => libc::SIGABRT,
            Self::User1 => libc::SIGUSR1,
            Self::User2 => libc::SIGUSR2,
            Self::Interrupt => libc::SIGINT,
            Self::Quit => libc::SIGQUIT,
            Self::Hangup => libc::SIGHUP,
        }
    }
}

/// A process, held by pid and pidfd. The pidfd keeps meaning the same process after it was reaped and its pid was
/// given to another one.
///
/// Where the kernel has no pidfds (before 5.3, some sandboxes) or the descriptors have run out, there is the pid alone:
/// then drop this value as soon as [`crate::wait::reap`] has reported the process.
#[derive(Debug)]
pub struct Process {
    pid: i32,
    pidfd: Option<OwnedFd>,
}

impl Process {
    /// Takes hold of `pid`, which must be a child that was not reaped yet, or be one's whose end would be known: nobody
    /// else can have its pid then.
    pub fn open(pid: i32) -> Self {
        // SAFETY: a syscall without pointers; the flags are 0.
        let number = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let pidfd = i32::try_from(number).ok().filter(|number| *number >= 0).map(|number| {
            // SAFETY: the kernel has just made this descriptor (close-on-exec, always) and nothing else knows it.
            unsafe { OwnedFd::from_raw_fd(number) }
        });
        Self { pid, pidfd }
    }

    /// The pid. Only a name to show: it may belong to another process once this one was reaped.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The pidfd, readable once the process has exited; none where the kernel has no such thing.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(|pidfd| pidfd.as_fd())
    }

    /// Sends a signal. `ESRCH` when the process was reaped; to a zombie it succeeds and does nothing.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let Some(pidfd) = &self.pidfd else { return kill(self.pid, signal) };
        let no_information = std::ptr::null::<libc::siginfo_t>();
        // SAFETY: the descriptor is open for the length of the call; a null siginfo asks the kernel to fill it in as
        // for kill(2).
        let result = unsafe {
            libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), signal.number(), no_information, 0)
        };
        if result == 0 {
            return Ok(());
        }
        match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ENOSYS) => kill(self.pid, signal),
            error => Err(error),
        }
    }
}

fn kill(pid: i32, signal: Signal) -> io::Result<()> {
    // 0 and negative numbers mean groups and "everybody".
    if pid <= 0 {
        return Err(io::Error::from_raw_os_error(libc::ESRCH));
    }
    // SAFETY: a syscall without pointers.
    match unsafe { libc::kill(pid, signal.number()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
