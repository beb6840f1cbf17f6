#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::os::fd::AsRawFd as _;
use std::path::Path;

use ferricorn_sys::spawn::{SpawnStage, spawn};
use ferricorn_sys::{Bond, Child, Exit, Process, Signal, SpawnPlan, wait};

fn plan(script: &str) -> SpawnPlan {
    SpawnPlan { bond: Bond::Guarded, ..support::shell(script, &[], &[]) }
}

fn guarded(script: &str) -> Child {
    spawn(&plan(script)).unwrap()
}

/// The fourth field of the kernel's line about a process; the name has no blanks here.
fn parent(pid: i32) -> i32 {
    let line = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    line.split(' ').nth(3).unwrap().parse().unwrap()
}

/// The guardian, held as a child is.
fn stand_in(child: Child) -> Child {
    let guardian = child.guardian.unwrap();
    Child { pid: guardian.pid(), process: guardian, guardian: None }
}

// One test: whoever waits for any child would take another's.
#[test]
fn a_guardian_stands_for_its_process() {
    let plan = SpawnPlan { program: "/nonexistent".into(), ..plan("") };
    let error = spawn(&plan).unwrap_err();
    assert_eq!((error.stage, error.source.raw_os_error()), (SpawnStage::Execute, Some(2)));

    assert_eq!(support::exit_of(&stand_in(guarded("exit 7"))), Exit::Code(7));
    let killed = support::exit_of(&stand_in(guarded("kill -KILL $$")));
    assert_eq!(killed, Exit::Signal { number: 9, core_dumped: false });
    let child = guarded("exec sleep 1000");
    child.process.signal(Signal::Terminate).unwrap();
    let asked = support::exit_of(&stand_in(child));
    assert_eq!(asked, Exit::Signal { number: 15, core_dumped: false });

    // Let go, it is somebody else's. A descriptor that is open before is none of its.
    let kept = std::fs::File::open("/dev/null").unwrap();
    assert!(kept.as_raw_fd() > 2);
    let child = guarded("exec sleep 1000");
    let own = i32::try_from(std::process::id()).unwrap();
    let (pid, guardian) = (child.pid, child.guardian.as_ref().unwrap());
    assert_eq!((parent(guardian.pid()), parent(pid)), (own, guardian.pid()));
    assert!(!holds_more_than_the_standard_ones(guardian));
    // A stop of the whole group is none of its business.
    guardian.signal(Signal::Terminate).unwrap();
    guardian.signal(Signal::Interrupt).unwrap();
    assert_eq!(parent(pid), guardian.pid());
    guardian.signal(Signal::Kill).unwrap();
    wait::wait_for(guardian.pid()).unwrap();
    let new = parent(pid);
    assert!(new != own && new != guardian.pid(), "{new} is its parent");
    child.process.signal(Signal::Kill).unwrap();
}

fn holds_more_than_the_standard_ones(guardian: &Process) -> bool {
    let folder = format!("/proc/{}/fd", guardian.pid());
    Path::new(&folder).read_dir().unwrap().any(|entry| {
        let name = entry.unwrap().file_name();
        name.to_str().unwrap().parse::<i32>().unwrap() > 2
    })
}
