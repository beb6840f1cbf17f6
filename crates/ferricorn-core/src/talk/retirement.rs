//! Why a worker is taken out of service, and the names of these reasons in log lines.

/// Why a worker is taken out of service on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// It has answered as many requests as it may.
    MaxRequests,
    /// It has served for as long as it may.
    MaxLifetime,
    /// It is above its memory limit.
    MaxMemory,
    /// It takes twice as much memory as it may.
    MemoryLimit,
    /// A newer generation takes its place.
    Reload,
    /// It belongs to a generation that was rejected.
    Rejected,
    /// There are more workers than wanted.
    ScaleDown,
    /// Somebody sent the worker itself a SIGTERM.
    Asked,
    /// The service stops.
    Stop,
    /// A new master has taken over.
    Upgrade,
    /// It said that it cannot start.
    BootFailed,
    /// Its boot took too long.
    BootTimeout,
    /// Its event loop was silent for too long.
    Timeout,
    /// Its drain took too long.
    DrainTimeout,
    /// Its event loop had ended, and its process did not.
    ExitTimeout,
}

impl Retirement {
    /// Whether the worker could as well stay: recycling is a precaution, and loads the code again.
    pub fn is_recycling(self) -> bool {
        matches!(self, Self::MaxRequests | Self::MaxLifetime | Self::MaxMemory)
    }

    /// The reason that has this name in log lines.
    pub fn named(name: &str) -> Option<Self> {
        const ALL: [Retirement; 15] = [
            Retirement::MaxRequests,
            Retirement::MaxLifetime,
            Retirement::MaxMemory,
            Retirement::MemoryLimit,
            Retirement::Reload,
            Retirement::Rejected,
            Retirement::ScaleDown,
            Retirement::Asked,
            Retirement::Stop,
            Retirement::Upgrade,
            Retirement::BootFailed,
            Retirement::BootTimeout,
            Retirement::Timeout,
            Retirement::DrainTimeout,
            Retirement::ExitTimeout,
        ];
        ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The reason's name in log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaxRequests => "max-requests",
            Self::MaxLifetime => "max-lifetime",
            Self::MaxMemory => "max-memory",
            Self::MemoryLimit => "memory-limit",
            Self::Reload => "reload",
            Self::Rejected => "rejected",
            Self::ScaleDown => "scale-down",
            Self::Asked => "asked",
            Self::Stop => "stop",
            Self::Upgrade => "upgrade",
            Self::BootFailed => "boot-failed",
            Self::BootTimeout => "boot-timeout",
            Self::Timeout => "timeout",
            Self::DrainTimeout => "drain-timeout",
            Self::ExitTimeout => "exit-timeout",
        }
    }
}
