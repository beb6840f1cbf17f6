//! Which process goes first when processors are short: niceness (sched(7)).
//!
//! Owns: whether a niceness can be taken back, and taking it back. Does not own: giving it, which is part of a start
//! ([`crate::spawn`]); who has to give way, and for how long.
//!
//! Anybody may be nicer. To go back takes `CAP_SYS_NICE`, or a limit (`RLIMIT_NICE`) that allows it: a service of
//! systemd's that runs as root has the one, `LimitNICE=0` gives the other; containers usually have neither.

use std::{fs, io};

use nix::sys::resource::{Resource, getrlimit};

/// How much nicer a process is that gives way: it gets a tenth of what one beside it gets that does not.
pub const STEP: i32 = 10;

/// Of `linux/capability.h`.
const CAP_SYS_NICE: u32 = 23;

/// Whether a child that was started to give way can be told not to any more. `same_user`: the child is of our own user;
/// otherwise its limit does not help us.
pub fn can_be_taken_back(same_user: bool) -> bool {
    has_capability() || (same_user && limit_allows(own()))
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

/// Makes this process nicer: between fork and exec, since it is one system call, which can never fail.
pub(crate) fn give_way() {
    // SAFETY: a system call on a number.
    unsafe { libc::nice(STEP) };
}

/// Gives every thread of a child our own niceness. An error of a child that is gone is `NotFound`, or ESRCH.
pub fn take_back(pid: i32) -> io::Result<()> {
    let niceness = own();
    // A thread that is made meanwhile by one that still gives way is found by the next look.
    for _look in 0..MOST_LOOKS {
        let mut changed = false;
        for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
            let name = entry?.file_name();
            let Some(thread) = name.to_str().and_then(|name| name.parse::<libc::id_t>().ok()) else {
                continue;
            };
            // SAFETY (both): a system call on numbers.
            if unsafe { libc::getpriority(libc::PRIO_PROCESS, thread) } == niceness {
                continue;
            }
            if unsafe { libc::setpriority(libc::PRIO_PROCESS, thread, niceness) } != 0 {
                let error = io::Error::last_os_error();
                if error.raw_os_error() == Some(libc::ESRCH) {
                    continue;
                }
                return Err(error);
            }
            changed = true;
        }
        if !changed {
            break;
        }
    }
    Ok(())
}

/// More looks than threads need that each start another one.
const MOST_LOOKS: usize = 8;
