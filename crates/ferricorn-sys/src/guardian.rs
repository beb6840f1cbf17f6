//! A guardian: a process between us and one that we start.
//!
//! Owns: its life between fork and end. Does not own: when there is one ([`crate::spawn`]), and when it is let go.
//! Invariants: it runs no program and holds no descriptor but 0, 1 and 2; no signal but SIGKILL reaches it; it ends as the
//! process ends that it stands for.
//!
//! Why: systemd waits only for a main process that is its own child at the moment when it is told of it. One that is
//! somebody else's is killed right after the first signal of a stop (`KillMode=mixed`, systemd 252). A process whose
//! guardian is killed is handed to the service manager by the kernel, since that is the nearest "child subreaper" (see
//! `PR_SET_CHILD_SUBREAPER` in prctl(2)), or pid 1.

use std::os::fd::RawFd;

/// Forks in the child of a fork. Returns in the new process; the present one becomes its guardian, writes its pid into the
/// descriptor, and never returns. The error is an errno.
///
/// # Safety
///
/// Only in the child of a fork that runs nothing else, before exec, with all signals blocked.
pub(crate) unsafe fn split(pid_to: RawFd) -> Result<(), i32> {
    // Not `fork`: that runs handlers which need not be safe here. Neither process uses what the C library keeps of its
    // own pid.
    // SAFETY: a system call without pointers; as for fork(2), the new process has a copy of everything.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    match i32::try_from(child) {
        Ok(0) => Ok(()),
        Ok(pid) if pid > 0 => guard(pid, pid_to),
        _ => Err(nix::errno::Errno::last_raw()),
    }
}

fn guard(pid: i32, pid_to: RawFd) -> ! {
    let bytes = pid.to_ne_bytes();
    let mut status = 0;
    // SAFETY (all calls below): async-signal-safe system calls on numbers and on memory that lives through the call.
    unsafe {
        libc::write(pid_to, bytes.as_ptr().cast(), bytes.len());
        // Closed, not just on exec: sockets would live on here, and the starter waits for the end of a pipe.
        let first: libc::c_uint = 3;
        if libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) != 0 {
            for descriptor in 3..65_536 {
                libc::close(descriptor);
            }
        }
        while libc::waitpid(pid, &raw mut status, 0) != pid {
            if nix::errno::Errno::last_raw() != libc::EINTR {
                libc::_exit(1);
            }
        }
        if libc::WIFEXITED(status) {
            libc::_exit(libc::WEXITSTATUS(status));
        }
        let signal = libc::WTERMSIG(status);
        libc::signal(signal, libc::SIG_DFL);
        let mut only = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut only);
        libc::sigaddset(&raw mut only, signal);
        libc::kill(libc::getpid(), signal);
        libc::sigprocmask(libc::SIG_UNBLOCK, &raw const only, std::ptr::null_mut());
        libc::_exit(128 + signal);
    }
}
