//! The faults of a soak, and what is done to a service that is well.

use std::fmt;

/// Something that happens to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// SIGKILL of a worker.
    Kill,
    /// SIGKILL of all workers at once.
    KillAll,
    /// SIGSTOP of a worker, for ever.
    Stop,
    /// SIGSTOP of a worker, and SIGCONT within the timeout.
    StopBriefly,
    /// A handler that blocks its event loop for ever.
    Block,
    /// A handler that calls `os._exit`.
    Exit,
    /// A handler that reads where there is no memory.
    Crash,
    /// SIGHUP.
    Reload,
    /// SIGHUP with an application that cannot be imported; then it is repaired, and reloaded.
    BrokenReload,
    /// SIGTTIN, and then SIGTTOU.
    Scale,
    /// SIGUSR2.
    Upgrade,
    /// SIGUSR1.
    ReopenLogs,
    /// SIGSTOP of the master for longer than the timeout, then SIGCONT.
    StopMaster,
    /// What is no request on the control socket.
    Garbage,
    /// Requests on the control socket.
    Ask,
}

impl Fault {
    /// All of them, in order.
    pub const ALL: [Self; 15] = [
        Self::Kill,
        Self::KillAll,
        Self::Stop,
        Self::StopBriefly,
        Self::Block,
        Self::Exit,
        Self::Crash,
        Self::Reload,
        Self::BrokenReload,
        Self::Scale,
        Self::Upgrade,
        Self::ReopenLogs,
        Self::StopMaster,
        Self::Garbage,
        Self::Ask,
    ];

    /// Those that may happen in the middle of another one.
    pub(super) const BESIDE: [Self; 6] =
        [Self::Kill, Self::Stop, Self::StopBriefly, Self::Block, Self::Exit, Self::Crash];
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "SIGKILL of a worker",
            Self::KillAll => "SIGKILL of all workers at once",
            Self::Stop => "SIGSTOP of a worker for ever",
            Self::StopBriefly => "SIGSTOP of a worker within the timeout",
            Self::Block => "a handler that blocks for ever",
            Self::Exit => "a handler that calls os._exit",
            Self::Crash => "a handler that crashes",
            Self::Reload => "HUP",
            Self::BrokenReload => "HUP with broken code, then repaired",
            Self::Scale => "TTIN, then TTOU",
            Self::Upgrade => "USR2",
            Self::ReopenLogs => "USR1",
            Self::StopMaster => "SIGSTOP of the master beyond the timeout",
            Self::Garbage => "garbage on the control socket",
            Self::Ask => "requests on the control socket",
        })
    }
}
