//! What `/proc` says about the program's processes.
//!
//! Owns: finding children, survivors, zombies and open descriptors. A process belongs to a run when its environment
//! has the run's mark ([`RUN_VARIABLE`]); a zombie has no environment any more and is known by its process group.

use std::{collections::BTreeMap, fs, time::Duration};

use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use crate::within;

/// The environment variable that marks all processes of one run.
pub const RUN_VARIABLE: &str = "FERRICORN_TEST_RUN";

/// One line of `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: i32,
    /// The name of its program.
    pub name: String,
    /// `R`, `S`, `D`, `T`, `Z`, ...
    pub state: char,
    /// Its parent.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// From -20, first when processors are short, to 19.
    pub niceness: i32,
}

impl Process {
    /// Reads one process; none when there is no such process (any more).
    pub fn read(pid: i32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may contain blanks and brackets; the last bracket ends it.
        let (head, tail) = stat.rsplit_once(')')?;
        let mut fields = tail.split_whitespace();
        Some(Self {
            pid,
            name: head.split_once('(')?.1.to_owned(),
            state: fields.next()?.chars().next()?,
            parent: fields.next()?.parse().ok()?,
            group: fields.next()?.parse().ok()?,
            niceness: fields.nth(13)?.parse().ok()?,
        })
    }

    /// Whether it has ended and was not reaped.
    pub fn is_zombie(&self) -> bool {
        self.state == 'Z'
    }
}

/// All processes that can be seen.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("Linux has /proc");
    entries.filter_map(|entry| Process::read(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

/// The children of a process, zombies included, in the order of their numbers.
pub fn children(parent: i32) -> Vec<Process> {
    let mut children: Vec<_> = all().into_iter().filter(|process| process.parent == parent).collect();
    children.sort_by_key(|process| process.pid);
    children
}

/// Whether a process is there and has not ended.
pub fn alive(pid: i32) -> bool {
    Process::read(pid).is_some_and(|process| !process.is_zombie())
}

/// The open descriptors of a process with what they are open on.
pub fn descriptors(pid: i32) -> BTreeMap<i32, String> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return BTreeMap::new() };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let target = fs::read_link(entry.path()).ok()?;
            Some((entry.file_name().to_str()?.parse().ok()?, target.to_string_lossy().into_owned()))
        })
        .collect()
}

/// Resident memory in KiB, as `VmRSS` says.
pub fn resident_kib(pid: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// A variable of the environment that a process was started with; none if it has none of that name, or is gone.
pub fn variable(pid: i32, name: &str) -> Option<String> {
    let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let value = variables.find_map(|it| it.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// Sends a signal; a process that is gone already is no error.
pub fn signal(pid: i32, signal: Signal) {
    let _ = kill(Pid::from_raw(pid), signal);
}

/// The run's processes that are still alive, wherever they were moved.
pub fn living(run: &str, group: i32) -> Vec<Process> {
    let marked = |pid: i32| variable(pid, RUN_VARIABLE).is_some_and(|it| it == run);
    let mut found = all();
    found.retain(|process| !process.is_zombie() && (process.group == group || marked(process.pid)));
    found
}

/// Waits for the run's orphans that have ended and were handed to the harness (it is a subreaper); says which.
/// A program that ends in order leaves none.
pub fn reap_orphans(group: i32) -> Vec<i32> {
    let me = i32::try_from(std::process::id()).expect("a pid fits");
    let dead = children(me).into_iter().filter(|p| p.is_zombie() && p.group == group && p.pid != group);
    dead.map(|process| process.pid)
        .filter(|pid| waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG)).is_ok())
        .collect()
}

/// Waits for a child of the harness's that may have ended, and gives its exit code; the negative number of the signal
/// that ended it. None while it is there.
pub(crate) fn exit_code(pid: i32) -> Option<i32> {
    match waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG)) {
        Ok(WaitStatus::Exited(_, code)) => Some(code),
        Ok(WaitStatus::Signaled(_, signal, _)) => Some(-(signal as i32)),
        _ => None,
    }
}

/// Kills all that is left of a run, and waits until it is gone.
pub fn kill_all(run: &str, group: i32) {
    within(Duration::from_secs(5), || {
        let living = living(run, group);
        for process in &living {
            signal(process.pid, Signal::SIGKILL);
        }
        reap_orphans(group);
        living.is_empty().then_some(())
    });
}
