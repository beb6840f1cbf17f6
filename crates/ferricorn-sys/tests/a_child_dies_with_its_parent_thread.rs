#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use ferricorn_sys::{Exit, spawn::spawn};

/// The trap that makes "spawn from the main thread only" a rule.
#[test]
fn a_child_dies_with_its_parent_thread() {
    let child =
        std::thread::spawn(|| spawn(&support::shell("exec sleep 600", &[], &[])).unwrap()).join().unwrap();
    assert_eq!(support::exit_of(&child), Exit::Signal { number: 15, core_dumped: false });
}
