//! Signals to the master, with their sender.

use std::{collections::VecDeque, io};

use ferricorn_core::{HangUpSender, Meaning, Terminal};
use signal_hook::{
    consts::signal::{
        SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGWINCH,
    },
    iterator::exfiltrator::origin::WithOrigin,
    low_level::siginfo::Origin,
};
use signal_hook_tokio::SignalsInfo;
use tokio::time::{Instant, sleep_until};
use tokio_stream::StreamExt as _;
use tracing::debug;

use super::hang_up::{HangUps, SETTLES_WITHIN};

/// The signals that the master handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignalKind {
    Term,
    Int,
    Quit,
    /// A SIGHUP that asks for a reload.
    Hup,
    /// A SIGHUP since the terminal was closed.
    HangUp,
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
            Self::Hup | Self::HangUp => "hup",
            Self::Usr1 => "usr1",
            Self::Usr2 => "usr2",
            Self::Ttin => "ttin",
            Self::Ttou => "ttou",
            Self::Winch => "winch",
            Self::Chld => "chld",
        }
    }

    /// Whether it ends a start that is not over yet.
    pub(crate) fn is_stop(self) -> bool {
        matches!(self, Self::Term | Self::Int | Self::Quit | Self::HangUp)
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
    hang_ups: HangUps,
    /// A SIGHUP of our shell's, and when its meaning is settled.
    unsettled: Option<(Origin, Instant)>,
    /// The end of the terminal was signalled. The kernel signals the leader of the session and the job in the
    /// foreground.
    hung_up: bool,
    /// Signals that came before the loop could follow them.
    kept: VecDeque<Received>,
}

impl Signals {
    /// Installs the handlers; from now on none of these signals has its default effect. `ignores_hang_up`: the program
    /// succeeds one that was started under `nohup`.
    pub(crate) fn install(ignores_hang_up: bool) -> io::Result<Self> {
        let handled =
            [SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU, SIGWINCH, SIGCHLD];
        let hang_ups = HangUps::new(ignores_hang_up);
        let stream = SignalsInfo::with_exfiltrator(handled, WithOrigin::default())?;
        Ok(Self { stream, hang_ups, unsettled: None, hung_up: false, kept: VecDeque::new() })
    }

    /// The next signal. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> Received {
        match self.kept.pop_front() {
            Some(received) => received,
            None => self.newest().await,
        }
    }

    /// The next signal that ends a start. What else comes meanwhile is kept for [`Self::next`]: a reload that was asked for
    /// while an address is in use is no less wished for. Equal signals count once, as the kernel's do; two TTIN ask for two
    /// workers. May be dropped while it waits: nothing is lost.
    pub(crate) async fn stop(&mut self) -> Received {
        loop {
            let received = self.newest().await;
            if received.kind.is_stop() {
                return received;
            }
            let counts = matches!(received.kind, SignalKind::Ttin | SignalKind::Ttou);
            if counts || self.kept.iter().all(|it| it.kind != received.kind) {
                self.kept.push_back(received);
            }
        }
    }

    async fn newest(&mut self) -> Received {
        loop {
            let settled_at = self.unsettled.as_ref().map(|(_, at)| *at);
            let settled = async {
                match settled_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            let received = tokio::select! {
                biased;
                origin = self.stream.next() => match origin {
                    Some(origin) => self.received(origin),
                    None => std::future::pending().await,
                },
                () = settled => self.unsettled.take().and_then(|(origin, _)| self.hung_up(&origin)),
            };
            if let Some(received) = received {
                return received;
            }
        }
    }

    /// Whether a signal was received that [`Self::next`] has not given yet.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.unsettled.is_some() || !self.kept.is_empty()
    }

    /// Whether the end of the terminal changes nothing, because the program was started that way (`nohup`).
    pub(crate) fn ignores_hang_up(&self) -> bool {
        self.hang_ups.ignored
    }

    fn received(&mut self, origin: Origin) -> Option<Received> {
        let kind = SignalKind::from_number(origin.signal)?;
        if kind != SignalKind::Hup {
            return Some(Received { kind, sender: sender(&origin) });
        }
        let facts = self.hang_ups.facts(&origin);
        if facts.sender == HangUpSender::SessionLeader && facts.terminal == Terminal::There {
            self.unsettled = Some((origin, Instant::now() + SETTLES_WITHIN));
            return None;
        }
        self.unsettled = None;
        self.hung_up(&origin)
    }

    fn hung_up(&mut self, origin: &Origin) -> Option<Received> {
        let kind = match self.hang_ups.facts(origin).meaning() {
            Meaning::Reload => SignalKind::Hup,
            Meaning::Stop if std::mem::replace(&mut self.hung_up, true) => return None,
            Meaning::Stop => SignalKind::HangUp,
            Meaning::Nothing => {
                debug!("the terminal was closed, and SIGHUP was ignored when the program was started");
                return None;
            }
        };
        Some(Received { kind, sender: sender(origin) })
    }
}

fn sender(origin: &Origin) -> Option<i32> {
    origin.process.map(|process| process.pid).filter(|pid| *pid > 0)
}
