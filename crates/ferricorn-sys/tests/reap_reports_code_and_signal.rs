#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use ferricorn_sys::wait::{reap, signal_name};
use ferricorn_sys::{Exit, Signal, spawn::spawn};
use support::{exit_of, shell};

#[test]
fn reap_reports_code_and_signal() {
    assert_eq!(reap(), None, "no children");
    let child = spawn(&shell("exit 3", &[], &[])).unwrap();
    assert_eq!(exit_of(&child), Exit::Code(3));

    let child = spawn(&shell("exec sleep 600", &[], &[])).unwrap();
    assert_eq!(reap(), None, "none has exited");
    child.process.signal(Signal::Kill).unwrap();
    assert_eq!(exit_of(&child), Exit::Signal { number: 9, core_dumped: false });
    assert_eq!(signal_name(9), "SIGKILL");
    assert_eq!(signal_name(35), "SIGRT");
    assert_eq!(signal_name(0), "SIG?");
}
