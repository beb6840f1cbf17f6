//! Which process goes first when processors are short (sched(7)).
//!
//! Owns: making a process give way to others, and taking that back. Does not own: who has to, and for how long.
//!
//! Two things make a process give way. A long slice (Linux 6.12 and later; earlier kernels take no notice): whoever has
//! something to do goes first at once, where otherwise it waits until the one that runs has had its turn of some
//! milliseconds, yet in the long run each gets as much as before. And niceness: in the long run it gets a tenth.
//!
//! Anybody may give a process of its own both, and take the slice back. To take niceness back needs `CAP_SYS_NICE`, or a
//! limit (`RLIMIT_NICE`) that allows it: a service of systemd's that runs as root has the one, `LimitNICE=0` gives the
//! other; containers usually have neither. Measured on 6.18 with a busy loop on each of two processors, 99th percentile
//! of a light load's latency beside the same load alone: 3.5 with neither, 3.0 with niceness, 1.6 with the slice, 1.0
//! with both.

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

/// Makes every thread of a child give way, and so much nicer than we are. Threads that it makes later inherit both.
/// An error of a child that is gone is `NotFound`, or ESRCH.
pub fn give_way(pid: i32, niceness: i32) -> io::Result<()> {
    set_all(pid, (own() + niceness).min(19), LONGEST_SLICE)
}

/// Gives every thread of a child our own niceness, and the usual slice. Errors as of [`give_way`].
pub fn take_back(pid: i32) -> io::Result<()> {
    set_all(pid, own(), ITS_OWN_CHOICE)
}

fn set_all(pid: i32, niceness: i32, slice: u64) -> io::Result<()> {
    // A thread that is made meanwhile by one that was not changed yet is found by the next look.
    for _look in 0..MOST_LOOKS {
        let mut changed = false;
        for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
            let name = entry?.file_name();
            let Some(thread) = name.to_str().and_then(|name| name.parse::<libc::pid_t>().ok()) else {
                continue;
            };
            match set(thread, niceness, slice) {
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

/// Whether it had to be changed. A thread of another scheduling policy was given it by somebody who knew why.
fn set(thread: libc::pid_t, niceness: i32, slice: u64) -> io::Result<bool> {
    // SAFETY: all-zero bytes are a valid value of a struct of numbers.
    let mut attributes: libc::sched_attr = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::sched_attr>();
    attributes.size = u32::try_from(size).unwrap_or_default();
    // SAFETY: the kernel writes at most `size` bytes to a struct that has as many and lives through the call.
    if unsafe { libc::syscall(libc::SYS_sched_getattr, thread, &raw mut attributes, size, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let is_usual = [libc::SCHED_OTHER, libc::SCHED_BATCH]
        .iter()
        .any(|policy| u32::try_from(*policy) == Ok(attributes.sched_policy));
    // The kernel answers with the slice in force, which is the asked one or its own choice of a few milliseconds; one
    // that knows no slices answers 0, and is taken at its word.
    let has_slice = attributes.sched_runtime == 0
        || (attributes.sched_runtime == LONGEST_SLICE) == (slice == LONGEST_SLICE);
    if !is_usual || (attributes.sched_nice == niceness && has_slice) {
        return Ok(false);
    }
    attributes.sched_nice = niceness;
    attributes.sched_runtime = slice;
    // SAFETY: the kernel reads as many bytes as the struct says it has.
    if unsafe { libc::syscall(libc::SYS_sched_setattr, thread, &raw const attributes, 0) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(true)
}
