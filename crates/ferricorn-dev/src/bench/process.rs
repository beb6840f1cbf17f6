//! What the kernel says about processes: who belongs to a tree, what it has used, how much memory it holds.
//!
//! Theory of operation: `/proc/PID/stat` counts processor time in hundredths of a second, which is too coarse for a
//! short round. `/proc/PID/task/TID/schedstat` counts nanoseconds per thread, so threads are summed up. A thread or
//! process that comes or goes inside a window would falsify its sum, and [`used_between`] then refuses it.

use std::{collections::BTreeMap, fs, sync::OnceLock, thread, time::Duration};

use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};

use crate::failure::Failure;

/// Lets a process (its main thread; 0: this thread) run on one processor only, the one of this number, counted on from
/// the first when there are fewer. Nothing is done if the system refuses.
pub(crate) fn keep_to_processor(pid: u32, number: usize) {
    // Of the whole process: a thread that was kept to one would see that one only.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    let processors = *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, usize::from));
    let mut set = CpuSet::new();
    if set.set(number % processors).is_ok() {
        let _refused = sched_setaffinity(Pid::from_raw(pid.cast_signed()), &set);
    }
}

/// Processor time (user and system) that each thread of a tree of processes has used.
pub(crate) struct Usage(BTreeMap<(u32, u32), Duration>);

/// The processes of a tree: the root first, then its descendants.
pub(crate) fn tree(root: u32) -> Vec<u32> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (pid, parent) in numbers_in("/proc").into_iter().filter_map(|pid| Some((pid, parent(pid)?))) {
        children.entry(parent).or_default().push(pid);
    }
    let mut found = vec![root];
    let mut next = 0;
    while let Some(pid) = found.get(next) {
        let below = children.remove(pid).unwrap_or_default();
        found.extend(below);
        next += 1;
    }
    found
}

impl Usage {
    /// Of all threads together, since each began.
    pub(crate) fn total(&self) -> Duration {
        self.0.values().sum()
    }
}

/// What these processes have used up to now.
pub(crate) fn usage(pids: &[u32]) -> Result<Usage, Failure> {
    let mut threads = BTreeMap::new();
    for &pid in pids {
        for thread in numbers_in(&format!("/proc/{pid}/task")) {
            let path = format!("/proc/{pid}/task/{thread}/schedstat");
            let text = fs::read_to_string(&path);
            let text = text.map_err(|error| Failure::new(format!("cannot read `{path}`: {error}")))?;
            let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
            let nanoseconds = nanoseconds.ok_or_else(|| Failure::new(format!("no number in `{path}`")))?;
            threads.insert((pid, thread), Duration::from_nanos(nanoseconds));
        }
    }
    Ok(Usage(threads))
}

/// The processor time used between two looks at the same processes; `None` if a thread came or went.
pub(crate) fn used_between(before: &Usage, after: &Usage) -> Option<Duration> {
    if !before.0.keys().eq(after.0.keys()) {
        return None;
    }
    Some(after.total().saturating_sub(before.total()))
}

/// Processor time that these processes have used, with all their children that have ended and were waited for: in
/// hundredths of a second, and so for sums over seconds.
pub(crate) fn used_ever(pids: &[u32]) -> Duration {
    let ticks = pids.iter().flat_map(|&pid| (14..=17).filter_map(move |field| stat(pid, field))).sum::<u64>();
    // The kernel shows them in this unit on every machine, whatever it counts in.
    Duration::from_millis(ticks * 10)
}

/// Memory of one process, in KiB.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// All its pages that are in memory (`VmRSS`).
    pub(crate) resident: u64,
    /// The same, but each page divided by the number of processes that share it (`Pss`).
    pub(crate) proportional: u64,
}

/// The memory that a process holds now.
pub(crate) fn memory(pid: u32) -> Result<Memory, Failure> {
    let resident = field(&format!("/proc/{pid}/status"), "VmRSS:")?;
    let proportional = field(&format!("/proc/{pid}/smaps_rollup"), "Pss:")?;
    Ok(Memory { resident, proportional })
}

/// The number after this word at the start of a line.
fn field(path: &str, name: &str) -> Result<u64, Failure> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| Failure::new(format!("cannot read `{path}`: {error}")))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|rest| rest.split_whitespace().next()).and_then(|word| word.parse().ok());
    number.ok_or_else(|| Failure::new(format!("no `{name}` in `{path}`")))
}

/// When a process began, in the kernel's ticks since its own start; `None` if there is no such process.
pub(crate) fn birth(pid: u32) -> Option<u64> {
    stat(pid, 22)
}

fn parent(pid: u32) -> Option<u32> {
    u32::try_from(stat(pid, 4)?).ok()
}

/// A field of `/proc/PID/stat` by its number in `proc_pid_stat(5)`, from 3 on.
fn stat(pid: u32, number: usize) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets, field 2, may itself hold spaces and brackets.
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(number - 3)?.parse().ok()
}

fn numbers_in(folder: &str) -> Vec<u32> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use std::{
        process::{self, Command},
        thread,
    };

    use super::*;

    #[test]
    fn the_tree_holds_the_process_and_its_child() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep runs");
        let found = tree(process::id());
        child.kill().expect("the child is ours");
        child.wait().expect("the child ends");
        assert_eq!(found[0], process::id());
        assert!(found.contains(&child.id()));
    }

    #[test]
    fn work_is_seen_and_a_new_thread_spoils_the_window() {
        let mut child = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().expect("sh runs");
        let pids = [child.id()];
        let before = usage(&pids).expect("the child runs");
        let mut after = usage(&pids).expect("the child runs");
        while used_between(&before, &after) == Some(Duration::ZERO) {
            thread::yield_now();
            after = usage(&pids).expect("the child runs");
        }
        child.kill().expect("the child is ours");
        child.wait().expect("the child ends");
        assert!(used_between(&before, &after).is_some_and(|used| used > Duration::ZERO));
        assert_eq!(used_between(&Usage(BTreeMap::new()), &after), None);
    }
}
