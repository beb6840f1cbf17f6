//! What the tests share: start `sh`, wait for its end.

#![allow(dead_code, clippy::unwrap_used)] // Each test is a program of its own and uses a part of this.

use std::ffi::OsString;
use std::os::fd::RawFd;

use ferricorn_sys::wait::reap;
use ferricorn_sys::{Bond, Child, Exit, SpawnPlan, spawn::spawn};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// `sh -c SCRIPT ARGUMENTS...` with nothing but `PATH` in its environment.
pub(crate) fn shell(script: &str, arguments: &[&str], inherit: &[RawFd]) -> SpawnPlan {
    let mut all: Vec<OsString> = vec!["-c".into(), script.into(), "sh".into()];
    all.extend(arguments.iter().map(OsString::from));
    SpawnPlan {
        program: "sh".into(),
        name: None,
        arguments: all,
        environment: vec![("PATH".into(), std::env::var_os("PATH").unwrap())],
        directory: None,
        rights: None,
        inherit: inherit.to_vec(),
        bond: Bond::DiesWithUs,
    }
}

/// Waits for a child's end and reaps it.
pub(crate) fn exit_of(child: &Child) -> Exit {
    let mut wanted = [PollFd::new(child.process.pidfd().unwrap(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut wanted, PollTimeout::from(10_000_u16)).unwrap(), 1, "the child did not exit");
    let reaped = reap().expect("a child has exited");
    assert_eq!(reaped.pid, child.pid);
    assert!(reaped.peak_memory > 0, "{reaped:?}");
    reaped.exit
}

/// What a shell script prints.
pub(crate) fn output_of(script: &str, inherit: &[RawFd]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("output");
    let script = format!("exec >\"$1\"\n{script}");
    let child = spawn(&shell(&script, &[file.to_str().unwrap()], inherit)).unwrap();
    assert_eq!(exit_of(&child), Exit::Code(0));
    std::fs::read_to_string(file).unwrap()
}
