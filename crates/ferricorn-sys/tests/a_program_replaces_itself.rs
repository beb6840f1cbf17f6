#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::os::fd::AsRawFd as _;
use std::path::Path;

use ferricorn_sys::{Bond, Exit, SpawnPlan, channel, exec, memfd::memfd_with, spawn::spawn};

/// In the copy: becomes a shell that looks at what it got, having failed once before.
fn become_a_shell(report: i32) -> ! {
    let kept = memfd_with("kept", b"x").unwrap();
    let lost = memfd_with("lost", b"x").unwrap();
    let (one, _other) = channel::pair().unwrap();
    let script = format!(
        "exec >&{report}; echo $0 $1 $A; pwd; echo same $$; \
         for n in {} {} {}; do [ ! -e /proc/$$/fd/$n ] || echo $n; done",
        kept.as_raw_fd(),
        lost.as_raw_fd(),
        one.as_raw_fd()
    );
    let arguments = vec!["-c".into(), script.into(), "name".into(), "argument".into()];
    let good = plan("/bin/sh", arguments, vec![kept.as_raw_fd(), report]);
    let here = std::env::current_dir().unwrap();
    let error = exec::replace_self(&SpawnPlan { program: "/nonexistent".into(), ..good.clone() });
    assert_eq!(error.raw_os_error(), Some(2));
    assert_eq!(std::env::current_dir().unwrap(), here, "as it was before");
    panic!("{}", exec::replace_self(&good));
}

/// In the copy: becomes a program that shows its signal mask, unlike a shell, which clears it first.
fn become_dd(report: i32) -> ! {
    let output = format!("/proc/self/fd/{report}");
    let arguments = vec!["if=/proc/self/status".into(), format!("of={output}").into(), "status=none".into()];
    panic!("{}", exec::replace_self(&plan("/bin/dd", arguments, vec![report])));
}

fn plan(program: &str, arguments: Vec<std::ffi::OsString>, inherit: Vec<i32>) -> SpawnPlan {
    SpawnPlan {
        program: program.into(),
        name: None,
        arguments,
        environment: vec![("A".into(), "a".into()), ("PATH".into(), std::env::var_os("PATH").unwrap())],
        directory: Some("/".into()),
        rights: None,
        inherit,
        bond: Bond::LivesOn,
    }
}

/// What a copy of this test reports that is told to become something.
fn report_of(what: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report");
    let report = std::fs::File::create(&path).unwrap();
    let program = std::env::current_exe().unwrap();
    let mut copy = plan(program.to_str().unwrap(), vec!["--nocapture".into()], vec![report.as_raw_fd()]);
    copy.environment.push(("BECOME".into(), format!("{what} {}", report.as_raw_fd()).into()));
    let child = spawn(&copy).unwrap();
    assert_eq!(support::exit_of(&child), Exit::Code(0));
    std::fs::read_to_string(Path::new(&path)).unwrap().replace(&child.pid.to_string(), "PID")
}

#[test]
fn a_program_replaces_itself() {
    if let Ok(order) = std::env::var("BECOME") {
        let (what, report) = order.split_once(' ').unwrap();
        let report = report.parse().unwrap();
        if what == "shell" { become_a_shell(report) } else { become_dd(report) }
    }
    let text = report_of("shell");
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(&lines[..3], ["name argument a", "/", "same PID"]);
    assert_eq!(lines.len(), 4, "one descriptor of three is kept: {text}");
    let text = report_of("status");
    let mask = text.lines().find_map(|line| line.strip_prefix("SigBlk:\t")).unwrap();
    let mask = u64::from_str_radix(mask, 16).unwrap();
    for signal in [1, 2, 3, 10, 12, 15, 17] {
        assert_ne!(mask & (1 << (signal - 1)), 0, "signal {signal} would be lost: {mask:x}");
    }
}
