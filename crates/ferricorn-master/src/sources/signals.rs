//! Signals to the master, with their sender.

use std::io;

use signal_hook::{
    consts::signal::{
        SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGWINCH,
    },
    iterator::exfiltrator::origin::WithOrigin,
};
use signal_hook_tokio::SignalsInfo;
use tokio_stream::StreamExt as _;

/// The signals that the master handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalKind {
    Term,
    Int,
    Quit,
    Hup,
    Usr1,
    Usr2,
    Ttin,
    Ttou,
    Winch,
    Chld,
}

impl SignalKind {
    /// The name in gunicorn's log line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Term => "term",
            Self::Int => "int",
            Self::Quit => "quit",
            Self::Hup => "hup",
            Self::Usr1 => "usr1",
            Self::Usr2 => "usr2",
            Self::Ttin => "ttin",
            Self::Ttou => "ttou",
            Self::Winch => "winch",
            Self::Chld => "chld",
        }
    }

    fn from_number(number: i32) -> Option<Self> {
        Some(match number {
            SIGTERM => Self::Term,
            SIGINT => Self::Int,
            SIGQUIT => Self::Quit,
            SIGHUP => Self::Hup,
            SIGUSR1 => Self::Usr1,
            SIGUSR2 => Self::Usr2,
            SIGTTIN => Self::Ttin,
            SIGTTOU => Self::Ttou,
            SIGWINCH => Self::Winch,
            SIGCHLD => Self::Chld,
            _ => return None,
        })
    }
}

/// A signal that came. The kernel merges equal signals that wait: it means "at least one".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) kind: SignalKind,
    /// The pid of the process that sent it; none if the kernel did (a terminal's Ctrl-C), or if the sender lives
    /// outside our pid namespace.
    pub(crate) sender: Option<i32>,
}

/// The stream of signals to the master.
pub(crate) struct Signals {
    stream: SignalsInfo<WithOrigin>,
}

impl Signals {
    /// Installs the handlers; from now on none of these signals has its default effect.
    pub(crate) fn install() -> io::Result<Self> {
        let handled =
            [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU, SIGWINCH, SIGCHLD];
        Ok(Self { stream: SignalsInfo::with_exfiltrator(handled, WithOrigin::default())? })
    }

    /// The next signal. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> Received {
        loop {
            let Some(origin) = self.stream.next().await else { std::future::pending().await };
            if let Some(kind) = SignalKind::from_number(origin.signal) {
                let sender = origin.process.map(|process| process.pid).filter(|pid| *pid > 0);
                return Received { kind, sender };
            }
        }
    }
}
