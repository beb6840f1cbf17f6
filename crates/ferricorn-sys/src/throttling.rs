//! How far the kernel holds this process's control groups back: above `memory.high`, or when a quota of processors is used up.
//!
//! Owns: reading the counters. Does not own: what became of them since (the master), what that explains (the core).

use std::{path::Path, time::Duration};

use crate::control_group::{Controller, Group, Version, groups};

/// What a group has too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scarce {
    /// Memory: a process that takes more waits until some is freed.
    Memory,
    /// Processor time: no process runs until the next period begins.
    Processor,
}

/// A limit that holds back, and how much it has done so until now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// What of.
    pub scarce: Scarce,
    /// The limit: `memory.high of /system.slice/shop.service (80 MiB)`.
    pub source: String,
    /// How often.
    pub times: u64,
    /// For how long; for memory, how long processes waited for it. `None` if the kernel does not count that.
    pub time: Option<Duration>,
}

/// Every limit that holds back this process's group, or one above it, with its counters.
pub fn throttles() -> Vec<Throttle> {
    throttles_below(Path::new("/"))
}

/// The same below a folder that has `proc` and `sys` in it.
fn throttles_below(root: &Path) -> Vec<Throttle> {
    let memory = groups(root, Controller::Memory);
    let waited = memory.first().and_then(waited_for_memory);
    let memory = memory.iter().filter_map(|group| of_memory(group, waited));
    memory.chain(groups(root, Controller::Processor).iter().filter_map(of_processor)).collect()
}

fn of_memory(group: &Group, waited: Option<Duration>) -> Option<Throttle> {
    let limit = group.number("memory.high")?;
    // The local file leaves out the groups below, which have limits of their own.
    let times =
        group.counter("memory.events.local", "high").or_else(|| group.counter("memory.events", "high"))?;
    let source = format!("memory.high of {} ({} MiB)", group.name, limit >> 20);
    Some(Throttle { scarce: Scarce::Memory, source, times, time: waited })
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=MICROSECONDS` (`Documentation/accounting/psi.rst` of the kernel).
fn waited_for_memory(group: &Group) -> Option<Duration> {
    let text = group.read("memory.pressure")?;
    let some = text.lines().find(|line| line.starts_with("some "))?;
    some.rsplit_once("total=")?.1.trim().parse().ok().map(Duration::from_micros)
}

fn of_processor(group: &Group) -> Option<Throttle> {
    let (file, time) = match group.version {
        Version::Two => ("cpu.max", group.counter("cpu.stat", "throttled_usec").map(Duration::from_micros)),
        Version::One => {
            ("cpu.cfs_quota_us", group.counter("cpu.stat", "throttled_time").map(Duration::from_nanos))
        }
    };
    let times = group.counter("cpu.stat", "nr_throttled")?;
    Some(Throttle { scarce: Scarce::Processor, source: format!("{file} of {}", group.name), times, time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::tests::lay;

    fn throttle(scarce: Scarce, source: &str, times: u64, time: Option<Duration>) -> Throttle {
        Throttle { scarce, source: source.to_owned(), times, time }
    }

    #[test]
    fn each_limit_of_version_2_that_holds_back_is_found() {
        let tree = [
            ("proc/self/cgroup", "0::/a/b\n"),
            ("proc/self/mountinfo", "29 22 0:25 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"),
            ("sys/fs/cgroup/a/memory.high", "83886080\n"),
            ("sys/fs/cgroup/a/memory.events.local", "low 0\nhigh 7\nmax 0\n"),
            ("sys/fs/cgroup/a/memory.events", "low 0\nhigh 99\nmax 0\n"),
            ("sys/fs/cgroup/a/b/memory.high", "max\n"),
            ("sys/fs/cgroup/a/b/memory.events.local", "high 0\n"),
            (
                "sys/fs/cgroup/a/b/memory.pressure",
                "some avg10=0.00 avg60=0.00 avg300=0.00 total=1500\nfull avg10=0.00 total=3\n",
            ),
            (
                "sys/fs/cgroup/a/b/cpu.stat",
                "usage_usec 5\nnr_periods 9\nnr_throttled 4\nthrottled_usec 2500\n",
            ),
            ("sys/fs/cgroup/a/cpu.stat", "usage_usec 5\n"),
        ];
        let found = throttles_below(lay(&tree).path());
        let expected = [
            throttle(Scarce::Memory, "memory.high of /a (80 MiB)", 7, Some(Duration::from_micros(1500))),
            throttle(Scarce::Processor, "cpu.max of /a/b", 4, Some(Duration::from_micros(2500))),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn version_1_holds_back_from_processors() {
        let tree = [
            ("proc/self/cgroup", "3:cpu,cpuacct:/a\n"),
            ("proc/self/mountinfo", "9 8 0:4 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"),
            ("sys/fs/cgroup/cpu/a/cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_time 2500\n"),
        ];
        let expected =
            throttle(Scarce::Processor, "cpu.cfs_quota_us of /a", 4, Some(Duration::from_nanos(2500)));
        assert_eq!(throttles_below(lay(&tree).path()), [expected]);
    }
}
