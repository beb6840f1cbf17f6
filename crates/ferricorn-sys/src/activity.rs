//! What a process is doing at this moment, as the kernel sees it: read from `/proc`.
//!
//! Owns: the reading, and the names. Does not own: what follows from it. What may not be read (another user's process) is
//! left out.

use std::{fs, time::Duration};

/// What the main thread of a process is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// The state's letter in `proc(5)`: `R` runs, `S` sleeps, `D` sleeps where no signal reaches it, `T` is stopped.
    pub state: char,
    /// The system call that it is in, by name, or by number where this is no usual one for a server.
    pub call: Option<String>,
}

impl Activity {
    /// Whether it waits where no signal reaches it: for a device, a file system, or memory that is on a disk.
    pub fn is_held_up(&self) -> bool {
        self.state == 'D'
    }

    /// Whether it runs, or would if it got a processor.
    pub fn is_runnable(&self) -> bool {
        self.state == 'R'
    }

    /// In words, to follow "is".
    pub fn describe(&self) -> String {
        let call = self.call.as_ref();
        match self.state {
            'R' => "running on the processor".to_owned(),
            'T' => "stopped by SIGSTOP".to_owned(),
            't' => "stopped by a debugger".to_owned(),
            'Z' => "dead already".to_owned(),
            'D' => format!("waiting for a device or a file system{} (state D)", within(call)),
            _ => format!("waiting{}", within(call)),
        }
    }
}

fn within(call: Option<&String>) -> String {
    call.map(|call| format!(" in {call}")).unwrap_or_default()
}

/// Looks at a process. None if it is gone.
pub fn of(pid: i32) -> Option<Activity> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name may contain blanks and brackets; the last bracket ends it.
    let state = stat.rsplit_once(") ")?.1.chars().next()?;
    let call = fs::read_to_string(format!("/proc/{pid}/syscall")).ok();
    Some(Activity { state, call: call.and_then(|text| call_name(&text)) })
}

/// The first field is the number of the call, or `running`, or -1 when it is in none.
fn call_name(text: &str) -> Option<String> {
    let number: i64 = text.split_whitespace().next()?.parse().ok()?;
    if number < 0 {
        return None;
    }
    let known = CALLS.iter().chain(OLDER_CALLS).find(|(known, _)| i64::from(*known) == number);
    Some(known.map_or_else(|| format!("system call {number}"), |(_, name)| (*name).to_owned()))
}

/// The calls that a Python server may hang in. `c_long` is as wide as the pointer; all numbers fit 32 bits.
#[allow(clippy::cast_possible_truncation)]
const CALLS: &[(i32, &str)] = &[
    (libc::SYS_read as i32, "read"),
    (libc::SYS_write as i32, "write"),
    (libc::SYS_pread64 as i32, "pread"),
    (libc::SYS_pwrite64 as i32, "pwrite"),
    (libc::SYS_recvfrom as i32, "recvfrom"),
    (libc::SYS_recvmsg as i32, "recvmsg"),
    (libc::SYS_sendto as i32, "sendto"),
    (libc::SYS_sendmsg as i32, "sendmsg"),
    (libc::SYS_connect as i32, "connect"),
    (libc::SYS_accept4 as i32, "accept"),
    (libc::SYS_ppoll as i32, "poll"),
    (libc::SYS_pselect6 as i32, "select"),
    (libc::SYS_epoll_pwait as i32, "epoll_wait"),
    (libc::SYS_futex as i32, "futex (a lock)"),
    (libc::SYS_nanosleep as i32, "nanosleep"),
    (libc::SYS_clock_nanosleep as i32, "clock_nanosleep"),
    (libc::SYS_wait4 as i32, "wait4"),
    (libc::SYS_waitid as i32, "waitid"),
    (libc::SYS_flock as i32, "flock"),
    (libc::SYS_fcntl as i32, "fcntl (a lock)"),
    (libc::SYS_fsync as i32, "fsync"),
    (libc::SYS_openat as i32, "open"),
    (libc::SYS_newfstatat as i32, "stat"),
    (libc::SYS_statx as i32, "stat"),
    (libc::SYS_getdents64 as i32, "readdir"),
];

/// Older forms of the same, which arm64 was born without and the C library still uses elsewhere.
#[cfg(target_arch = "x86_64")]
#[allow(clippy::cast_possible_truncation)]
const OLDER_CALLS: &[(i32, &str)] = &[
    (libc::SYS_poll as i32, "poll"),
    (libc::SYS_select as i32, "select"),
    (libc::SYS_epoll_wait as i32, "epoll_wait"),
    (libc::SYS_open as i32, "open"),
    (libc::SYS_stat as i32, "stat"),
];
#[cfg(not(target_arch = "x86_64"))]
const OLDER_CALLS: &[(i32, &str)] = &[];

/// How long the main thread of a process has run so far, from `schedstat` (`Documentation/scheduler/sched-stats.rst` of the
/// kernel). None if the process is gone, or the kernel does not keep it.
pub fn ran(pid: i32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_and_is_in_no_call() {
        let me = i32::try_from(std::process::id()).expect("pids are small");
        let activity = of(me).expect("we are alive");
        assert!(matches!(activity.state, 'R' | 'S'), "{activity:?}");
        assert_eq!(of(i32::MAX), None);
        assert!(ran(me).is_none_or(|ran| ran < Duration::from_secs(3_600)));
    }

    #[test]
    fn a_call_has_a_name_or_a_number() {
        assert_eq!(call_name(&format!("{} 0x0 0x1", libc::SYS_futex)).as_deref(), Some("futex (a lock)"));
        assert_eq!(call_name(&format!("{} 0x4", libc::SYS_newfstatat)).as_deref(), Some("stat"));
        assert_eq!(call_name("99999 0x0").as_deref(), Some("system call 99999"));
        assert_eq!(call_name("running\n"), None);
        assert_eq!(call_name("-1 0x7ffc 0x7f"), None);
        let asleep = Activity { state: 'S', call: Some("read".to_owned()) };
        assert_eq!(asleep.describe(), "waiting in read");
    }
}
