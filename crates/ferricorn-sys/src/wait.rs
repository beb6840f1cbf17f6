//! Waiting for children.
//!
//! One reaper for all: nothing else in the process may wait for children (`tokio::process` and `std::process::Child`
//! included), because the loser of that race gets `ECHILD` and loses the exit status. As pid 1 the master also gets
//! orphans that it never started; the caller knows them by their unknown pids.

use std::mem::MaybeUninit;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code, 0 to 255.
    Code(i32),
    /// A signal ended it.
    Signal {
        /// The signal's number; [`signal_name`] has its name.
        number: i32,
        /// Whether the kernel made a core dump.
        core_dumped: bool,
    },
}

/// A child that has ended and was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reaped {
    /// Its pid, which may belong to another process from now on.
    pub pid: i32,
    /// How it ended.
    pub exit: Exit,
    /// The most resident memory that it, or a child that it waited for, ever had, in bytes (`ru_maxrss`).
    pub peak_memory: u64,
}

/// Takes one child that has exited, if there is one, and says how it ended. Never waits. Call it until it returns
/// `None`: several SIGCHLD may have come as one.
pub fn reap() -> Option<Reaped> {
    let mut information = MaybeUninit::<libc::siginfo_t>::zeroed();
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // The bare system call, since the C library's `waitid` does not have the usage.
        // SAFETY: the pointers are to memory of the right sizes that lives through the call.
        let result = unsafe {
            libc::syscall(
                libc::SYS_waitid,
                libc::P_ALL,
                0,
                information.as_mut_ptr(),
                libc::WEXITED | libc::WNOHANG,
                usage.as_mut_ptr(),
            )
        };
        if result == 0 {
            break;
        }
        if std::io::Error::last_os_error().raw_os_error() != Some(libc::EINTR) {
            return None; // ECHILD: there are no children.
        }
    }
    // SAFETY: zeroed at first, which is a valid siginfo_t; the kernel wrote the rest.
    let information = unsafe { information.assume_init() };
    // SAFETY: as above; zeros are a valid rusage.
    let usage = unsafe { usage.assume_init() };
    // SAFETY: waitid fills in the fields of SIGCHLD, or leaves the zeros when no child has exited.
    let (pid, status) = unsafe { (information.si_pid(), information.si_status()) };
    if pid == 0 {
        return None;
    }
    let exit = match information.si_code {
        libc::CLD_EXITED => Exit::Code(status),
        code => Exit::Signal { number: status, core_dumped: code == libc::CLD_DUMPED },
    };
    let peak_memory = u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024;
    Some(Reaped { pid, exit, peak_memory })
}

/// Whether processes whose parent below us has ended become our children, in place of process 1's (`PR_SET_CHILD_SUBREAPER`).
pub fn adopt_orphans(adopt: bool) -> std::io::Result<()> {
    // SAFETY: a system call on numbers.
    match unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, libc::c_ulong::from(adopt), 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

/// Waits until this child has exited, and says how it ended. It stops everything: only for before the event loop runs, and
/// for a child that was just killed and runs no program.
pub fn wait_for(pid: i32) -> std::io::Result<Exit> {
    let id = libc::id_t::try_from(pid).map_err(std::io::Error::other)?;
    let mut information = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: the pointer is to memory of the right size that lives through the call.
        let result = unsafe { libc::waitid(libc::P_PID, id, information.as_mut_ptr(), libc::WEXITED) };
        if result == 0 {
            break;
        }
        let error = std::io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::EINTR) {
            return Err(error);
        }
    }
    // SAFETY: zeroed at first, which is a valid siginfo_t; the kernel wrote the rest.
    let information = unsafe { information.assume_init() };
    // SAFETY: waitid has filled in the fields of SIGCHLD.
    let status = unsafe { information.si_status() };
    Ok(match information.si_code {
        libc::CLD_EXITED => Exit::Code(status),
        code => Exit::Signal { number: status, core_dumped: code == libc::CLD_DUMPED },
    })
}

/// The name of a signal, such as `SIGKILL`; `SIGRT` for a real-time signal, `SIG?` for a number that is none.
pub fn signal_name(number: i32) -> &'static str {
    const NAMES: [(i32, &str); 31] = [
        (libc::SIGHUP, "SIGHUP"),
        (libc::SIGINT, "SIGINT"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGTRAP, "SIGTRAP"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGUSR1, "SIGUSR1"),
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGUSR2, "SIGUSR2"),
        (libc::SIGPIPE, "SIGPIPE"),
        (libc::SIGALRM, "SIGALRM"),
        (libc::SIGTERM, "SIGTERM"),
        (libc::SIGSTKFLT, "SIGSTKFLT"),
        (libc::SIGCHLD, "SIGCHLD"),
        (libc::SIGCONT, "SIGCONT"),
        (libc::SIGSTOP, "SIGSTOP"),
        (libc::SIGTSTP, "SIGTSTP"),
        (libc::SIGTTIN, "SIGTTIN"),
        (libc::SIGTTOU, "SIGTTOU"),
        (libc::SIGURG, "SIGURG"),
        (libc::SIGXCPU, "SIGXCPU"),
        (libc::SIGXFSZ, "SIGXFSZ"),
        (libc::SIGVTALRM, "SIGVTALRM"),
        (libc::SIGPROF, "SIGPROF"),
        (libc::SIGWINCH, "SIGWINCH"),
        (libc::SIGIO, "SIGIO"),
        (libc::SIGPWR, "SIGPWR"),
        (libc::SIGSYS, "SIGSYS"),
    ];
    match NAMES.iter().find(|(known, _)| *known == number) {
        Some((_, name)) => name,
        None if (32..=64).contains(&number) => "SIGRT",
        None => "SIG?",
    }
}
