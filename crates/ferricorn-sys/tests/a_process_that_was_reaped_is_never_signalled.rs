#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use ferricorn_sys::{Exit, Signal, spawn::spawn};
use nix::errno::Errno;

#[test]
fn a_process_that_was_reaped_is_never_signalled() {
    let child = spawn(&support::shell("exit 0", &[], &[])).unwrap();
    assert_eq!(support::exit_of(&child), Exit::Code(0));
    let error = child.process.signal(Signal::Kill).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(Errno::ESRCH as i32));
}
