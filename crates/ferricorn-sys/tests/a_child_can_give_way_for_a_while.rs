//! A child that gives way is nicer, with every thread it makes, until that is taken back.

mod support;

use std::{
    fs,
    io::Write as _,
    time::{Duration, Instant},
};

use ferricorn_sys::{Exit, Signal, SpawnPlan, priority, spawn};
use support::{exit_of, shell};

const FOUR_THREADS: &str = "
import threading, time
for _ in range(3):
    threading.Thread(target=time.sleep, args=(60,)).start()
";

/// The niceness of every thread (`proc_pid_stat(5)`, field 19).
fn niceness(pid: i32) -> Vec<i32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
    let of = |thread: fs::DirEntry| {
        let stat = fs::read_to_string(thread.path().join("stat")).expect("it lives");
        let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
        fields.split_whitespace().nth(16).and_then(|field| field.parse().ok()).expect("a number")
    };
    threads.map(|thread| of(thread.expect("it lives"))).collect()
}

#[test]
fn a_child_gives_way_with_all_its_threads_until_that_is_taken_back() {
    if !priority::can_be_taken_back(true) {
        // Not `eprintln`, which the runner shows only of tests that fail.
        let _ = std::io::stderr().write_all(b"skipped: CAP_SYS_NICE, or a limit that allows it\n");
        return;
    }
    let own = niceness(i32::try_from(std::process::id()).expect("a pid"))[0];
    let plan = SpawnPlan {
        program: "python3".into(),
        arguments: vec!["-c".into(), FOUR_THREADS.into()],
        gives_way: true,
        ..shell("", &[], &[])
    };
    let child = spawn::spawn(&plan).expect("started");
    let begin = Instant::now();
    while niceness(child.pid).len() < 4 {
        assert!(begin.elapsed() < Duration::from_secs(20), "its threads do not begin");
        std::thread::yield_now();
    }
    assert_eq!(niceness(child.pid), vec![(own + priority::STEP).min(19); 4]);
    priority::take_back(child.pid).expect("allowed");
    assert_eq!(niceness(child.pid), vec![own; 4]);
    child.process.signal(Signal::Kill).expect("sent");
    assert!(matches!(exit_of(&child), Exit::Signal { number: 9, .. }));
}
