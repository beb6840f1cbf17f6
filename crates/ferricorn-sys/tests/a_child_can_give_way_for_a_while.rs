//! A child that gives way is nicer, with every thread it makes, until that is taken back.

mod support;

use std::{
    fs,
    io::Write as _,
    time::{Duration, Instant},
};

use ferricorn_sys::{Courtesy, Exit, Signal, SpawnPlan, priority, spawn};
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

/// What it is given, with every thread.
fn slices(pid: i32) -> Vec<u64> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("it lives");
    let of = |thread: fs::DirEntry| {
        let sched = fs::read_to_string(thread.path().join("sched")).ok()?;
        let slice = sched.lines().find(|line| line.starts_with("se.slice"))?;
        slice.rsplit(' ').next()?.parse().ok()
    };
    threads.filter_map(|thread| of(thread.expect("it lives"))).collect()
}

#[test]
fn a_child_gives_way_with_all_its_threads_until_that_is_taken_back() {
    let niceness_back =
        priority::that_can_be_taken_back(true).expect("the slice, of a child of our own user");
    if niceness_back == 0 {
        // Not `eprintln`, which the runner shows only of tests that fail.
        let _ =
            std::io::stderr().write_all(b"without niceness: no CAP_SYS_NICE, nor a limit that allows it\n");
    }
    let own = niceness(i32::try_from(std::process::id()).expect("a pid"))[0];
    let plan = SpawnPlan {
        program: "python3".into(),
        arguments: vec!["-c".into(), FOUR_THREADS.into()],
        ..shell("", &[], &[])
    };
    let child = spawn::spawn(&plan).expect("started");
    let usual = slices(child.pid);
    let courtesy = Courtesy::new(child.pid, niceness_back, Vec::new());
    courtesy.give().expect("anybody may");
    let begin = Instant::now();
    while niceness(child.pid).len() < 4 {
        assert!(begin.elapsed() < Duration::from_secs(180), "its threads do not begin");
        std::thread::yield_now();
    }
    assert_eq!(niceness(child.pid), vec![(own + niceness_back).min(19); 4]);
    // Linux 6.12 and later show it.
    if let [usual, ..] = usual[..] {
        let long = slices(child.pid);
        assert!(long.len() == 4 && long.iter().all(|slice| *slice > usual), "{usual} {long:?}");
    }
    courtesy.take_back().expect("allowed");
    assert_eq!(niceness(child.pid), vec![own; 4]);
    assert!(slices(child.pid).iter().all(|slice| Some(slice) == usual.first()), "{usual:?}");
    child.process.signal(Signal::Kill).expect("sent");
    assert!(matches!(exit_of(&child), Exit::Signal { number: 9, .. }));
    assert!(courtesy.take_back().is_err(), "it is gone");
}
