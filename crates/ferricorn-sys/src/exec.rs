//! Becoming another program: the same process, the same children, the same descriptors, other code.
//!
//! Owns: what survives the change (the descriptors that are named, signals that come meanwhile). Does not own: what the
//! other program is told.
//!
//! Signals are blocked from before the change until the other program has its handlers ([`accept_signals`]): in between
//! a SIGTERM would have its default effect, and as pid 1 none at all. Blocked, they wait.

use std::convert::Infallible;
use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::RawFd;
use std::os::unix::ffi::OsStrExt as _;

use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};

use crate::spawn::SpawnPlan;

/// Becomes the program of the plan. Returns only when that has failed: then everything is as it was before.
///
/// Call it from the main thread: the kernel ties the children's lives to the thread that made them, and other threads
/// end here.
pub fn replace_self(plan: &SpawnPlan) -> io::Error {
    match try_replace(plan) {
        Err(error) => error,
    }
}

fn try_replace(plan: &SpawnPlan) -> io::Result<Infallible> {
    let text = |text: &OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
    let program = text(plan.program.as_os_str())?;
    let mut arguments = vec![text(plan.name.as_deref().unwrap_or(plan.program.as_os_str()))?];
    for argument in &plan.arguments {
        arguments.push(text(argument)?);
    }
    let mut environment = Vec::with_capacity(plan.environment.len());
    for (name, value) in &plan.environment {
        let mut pair = name.clone();
        pair.push("=");
        pair.push(value);
        environment.push(text(&pair)?);
    }
    let before = std::env::current_dir();
    if let Some(directory) = &plan.directory {
        std::env::set_current_dir(directory)?;
    }
    let mut mask = SigSet::empty();
    let result = pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), Some(&mut mask))
        .map_err(io::Error::from)
        .and_then(|()| keep(&plan.inherit, true))
        .and_then(|()| Ok(nix::unistd::execve(&program, &arguments, &environment)?));
    // Still here.
    let _was_open_a_moment_ago = keep(&plan.inherit, false);
    let _is_our_own = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&mask), None);
    if let Ok(before) = before {
        let _was_there_a_moment_ago = std::env::set_current_dir(before);
    }
    result
}

/// Lets signals wait from now on, until [`accept_signals`].
pub fn hold_signals() {
    let _cannot_fail = pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&SigSet::all()), None);
}

/// Unblocks signals that the starter of this program had blocked. Call it when the handlers are installed.
pub fn accept_signals() {
    let _cannot_fail = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
}

fn keep(descriptors: &[RawFd], keep: bool) -> io::Result<()> {
    for descriptor in descriptors {
        // SAFETY: only numbers are passed in; one that is not open is answered with EBADF.
        if unsafe { libc::fcntl(*descriptor, libc::F_SETFD, if keep { 0 } else { libc::FD_CLOEXEC }) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}
