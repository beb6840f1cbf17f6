//! What an operator or a rule does to a service that is well, one after the other, each until it is over.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::{Entry, Server, eventually, processes};

/// The longest that one of them may take: a boot on a busy machine, and a drain.
const LIMIT: Duration = Duration::from_secs(60);

/// A planned event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Planned {
    /// A worker has answered as many requests as it may, and is replaced.
    Recycle,
    /// SIGHUP: every worker is replaced by one of a new generation.
    Reload,
    /// SIGTTIN: one worker more.
    ScaleUp,
    /// SIGTTOU: one worker less.
    ScaleDown,
    /// SIGUSR2: another master, with workers of its own, takes the place of the one that serves.
    Upgrade,
}

/// All of them, in an order after which the service is as it was before. The order is what the tests and the bench
/// repeat: a further event belongs here.
pub const ROUND: [Planned; 6] = [
    Planned::Recycle,
    Planned::Reload,
    Planned::ScaleUp,
    Planned::Recycle,
    Planned::ScaleDown,
    Planned::Upgrade,
];

const TOOK_OVER: &str = "Upgraded: this master has taken over";

impl Planned {
    /// Lets it happen, and waits until it is over.
    #[track_caller]
    pub fn let_happen(self, server: &Server) {
        let mark = self.begin(server);
        self.finish(server, mark);
    }

    /// Lets it begin; gives the mark in the log that [`Planned::finish`] wants. A recycle begins by itself, if there is load.
    pub fn begin(self, server: &Server) -> usize {
        let mark = server.log().mark();
        let signal = match self {
            Self::Recycle => return mark,
            Self::Reload => Signal::SIGHUP,
            Self::ScaleUp => Signal::SIGTTIN,
            Self::ScaleDown => Signal::SIGTTOU,
            Self::Upgrade => Signal::SIGUSR2,
        };
        server.signal(signal);
        mark
    }

    /// The line after which it is over.
    pub const fn evidence(self) -> &'static str {
        match self {
            Self::Recycle => "reason=max-requests",
            Self::Reload => "Reloaded: every worker runs",
            Self::ScaleUp => "Worker ready",
            Self::ScaleDown => "reason=scale-down",
            Self::Upgrade => TOOK_OVER,
        }
    }

    /// Waits until it is over.
    #[track_caller]
    pub fn finish(self, server: &Server, mark: usize) {
        let line = server.wait_for_line_after(mark, self.evidence(), LIMIT);
        if self == Self::Upgrade {
            let old = server.master();
            server.follow(Entry::parse(&line.text).expect("a line of the log").pid);
            eventually(LIMIT, "the old master has left", || !processes::alive(old));
            if old != server.pid() {
                // It was started by one that is gone, and is a child of the harness's.
                assert_eq!(processes::exit_code(old), Some(0), "exit code of a master that was succeeded");
            }
        }
    }

    /// How many there were in a run, by its log.
    pub fn count(self, server: &Server) -> usize {
        server.log().count(if self == Self::ScaleUp { "Handling signal: ttin" } else { self.evidence() })
    }
}
