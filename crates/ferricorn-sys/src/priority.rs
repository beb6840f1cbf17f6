//! The priority of processes when processors are short (sched(7)).
//!
//! Owns: making a process give way to others, and taking that back, also from what it has started meanwhile ([`family`]).
//! Does not own: who has to, and for how long.
//!
//! Two things lower a process's priority. A long slice (Linux 6.12 and later; earlier kernels ignore it): a process
//! that has something to do goes first at once, where otherwise it waits until the one that runs has had its turn of
//! some milliseconds, yet in the long run each gets as much as before. And niceness: in the long run it gets a tenth.
//!
//! Anybody may give a process of its own both, and take the slice back. To take niceness back needs `CAP_SYS_NICE`, or a
//! limit (`RLIMIT_NICE`) that allows it: a service of systemd's that runs as root has the one, `LimitNICE=0` gives the
//! other; containers usually have neither. Measured on 6.18 with a busy loop on each of two processors, 99th percentile
//! of a light load's latency beside the same load alone: 3.5 with neither, 3.0 with niceness, 1.6 with the slice, 1.0
//! with both.

mod family;

use std::{fs, io};

use nix::sys::resource::{Resource, getrlimit};

/// How much nicer a process is that gives way: it gets a tenth of what one beside it gets that does not.
pub const STEP: i32 = 10;

/// The longest slice that the kernel grants, in nanoseconds (`sched_attr.sched_runtime`).
const LONGEST_SLICE: u64 = 100_000_000;

/// The kernel's own choice of a slice.
const ITS_OWN_CHOICE: u64 = 0;

/// Of `linux/capability.h`.
const CAP_SYS_NICE: u32 = 23;

/// The niceness that can be taken back from a child; none if not even its slice can. `same_user`: the child is of our own
/// user; otherwise our rights to what is ours, and our limit, do not help us.
pub fn that_can_be_taken_back(same_user: bool) -> Option<i32> {
    if has_capability() || (same_user && limit_allows(own())) {
        return Some(STEP);
    }
    same_user.then_some(0)
}

fn has_capability() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    effective
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> CAP_SYS_NICE & 1 == 1)
}

/// The limit is 20 less the lowest niceness that is allowed (getrlimit(2)).
fn limit_allows(niceness: i32) -> bool {
    let needed = u64::try_from(20 - niceness).unwrap_or(u64::MAX);
    getrlimit(Resource::RLIMIT_NICE).is_ok_and(|(soft, _hard)| soft >= needed)
}

/// The niceness of this process.
fn own() -> i32 {
    // SAFETY: a system call on numbers. -1 is a niceness as well as a failure, and this cannot fail.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// A child that can give way, with what it may start.
#[derive(Debug)]
pub struct Courtesy {
    pid: i32,
    /// How much nicer than we are.
    niceness: i32,
    /// Variables that it was started with, as `NAME=value`, and that no other child has all of.
    marks: Vec<Vec<u8>>,
}

impl Courtesy {
    /// Of a child that may be made so much nicer than we are ([`that_can_be_taken_back`]). `marks` are variables that it was
    /// started with, as `NAME=value`, and that tell it from other children.
    pub fn new(pid: i32, niceness: i32, marks: Vec<Vec<u8>>) -> Self {
        Self { pid, niceness, marks }
    }

    /// Makes every thread of the child give way. What it starts later, threads and processes, inherits that.
    /// An error of a child that is gone is `NotFound`, or ESRCH.
    pub fn give(&self) -> io::Result<()> {
        let (niceness, slice) = (self.given_niceness(), self.slice());
        set_all(self.pid, |attributes| {
            let is_given =
                attributes.sched_nice == niceness && [0, slice].contains(&attributes.sched_runtime);
            (!is_given).then_some((niceness, slice))
        })
    }

    /// Gives every thread of the child our own niceness, and the usual slice; and so to every process that has inherited
    /// the other. Errors as of [`Self::give`].
    pub fn take_back(&self) -> io::Result<()> {
        let (niceness, slice) = (own(), self.slice());
        let taken = set_all(self.pid, |attributes| {
            let is_usual = attributes.sched_nice == niceness && attributes.sched_runtime != slice;
            (!is_usual).then_some((niceness, ITS_OWN_CHOICE))
        });
        self.release_family();
        taken
    }

    fn given_niceness(&self) -> i32 {
        (own() + self.niceness).min(19)
    }

    /// A long slice, and its child's own: all that inherit it are known by it, whoever their parent is by then and whatever
    /// program they run. The pid is below 2^22, so that the slice is 95 ms at least.
    fn slice(&self) -> u64 {
        LONGEST_SLICE - u64::from(self.pid.unsigned_abs()).min(LONGEST_SLICE / 20)
    }
}

/// Changes threads of a process to what `change` says: a niceness and a slice; `None`: it stays as it is.
fn set_all(pid: i32, change: impl Fn(&libc::sched_attr) -> Option<(i32, u64)>) -> io::Result<()> {
    // A thread that is made meanwhile by one that was not changed yet is found by the next look.
    for _look in 0..MOST_LOOKS {
        let mut changed = false;
        for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
            let name = entry?.file_name();
            let Some(thread) = name.to_str().and_then(|name| name.parse::<libc::pid_t>().ok()) else {
                continue;
            };
            match set(thread, &change) {
                Ok(was_other) => changed |= was_other,
                Err(error) if error.raw_os_error() == Some(libc::ESRCH) => {}
                Err(error) => return Err(error),
            }
        }
        if !changed {
            break;
        }
    }
    Ok(())
}

/// More looks than threads need that each start another one.
const MOST_LOOKS: usize = 8;

/// Whether it had to be changed.
fn set(thread: libc::pid_t, change: impl Fn(&libc::sched_attr) -> Option<(i32, u64)>) -> io::Result<bool> {
    let mut attributes = attributes(thread)?;
    // A thread of another scheduling policy was given it on purpose.
    let Some((niceness, slice)) = is_usual(&attributes).then(|| change(&attributes)).flatten() else {
        return Ok(false);
    };
    attributes.sched_nice = niceness;
    attributes.sched_runtime = slice;
    // SAFETY: the kernel reads as many bytes as the struct says it has.
    if unsafe { libc::syscall(libc::SYS_sched_setattr, thread, &raw const attributes, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(true)
}

fn is_usual(attributes: &libc::sched_attr) -> bool {
    let policies = [libc::SCHED_OTHER, libc::SCHED_BATCH];
    policies.iter().any(|policy| u32::try_from(*policy) == Ok(attributes.sched_policy))
}

/// How a thread is scheduled; 0 is the calling one. The slice is the one in force: the asked one, or the kernel's own choice
/// of a few milliseconds; a kernel that knows no slices says 0.
fn attributes(thread: libc::pid_t) -> io::Result<libc::sched_attr> {
    // SAFETY: all-zero bytes are a valid value of a struct of numbers.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::sched_attr>();
    attributes.size = u32::try_from(size).unwrap_or_default();
    // SAFETY: the kernel writes at most `size` bytes to a struct that has as many and lives through the call.
    if unsafe { libc::syscall(libc::SYS_sched_getattr, thread, &raw mut attributes, size, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(attributes)
}
