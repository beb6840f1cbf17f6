//! One worker as the master sees it.

use std::time::{Duration, Instant};

use crate::{Generation, Retirement, Slot, Stage};

/// A worker between the order to spawn it and its exit.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub(crate) struct Worker {
    pub(crate) slot: Slot,
    pub(crate) generation: Generation,
    pub(crate) speaks_tls: bool,
    pub(crate) state: State,
    /// Whether its process exists, so that it can be sent something.
    pub(crate) spawned: bool,
    /// Whether it is urgent; otherwise it has lower priority than the serving workers.
    pub(crate) urgent: bool,
    /// Whether it gives way, or has done so for a while.
    pub(crate) has_given_way: bool,
    /// When it gives way no more, if it does.
    pub(crate) hurry_at: Option<Instant>,
    /// It has answered every request that it will answer: what its event loop does from now on is its own affair.
    pub(crate) drained: bool,
    /// It shows why the boot before it has failed.
    pub(crate) page: bool,
    /// It waits for an order between its import and the application's startup.
    pub(crate) waits: bool,
    /// Since when a debugger is attached.
    pub(crate) debugged_since: Option<Instant>,
    /// Whether it was ordered to serve.
    pub(crate) serving: bool,
    /// Requests after which it is recycled.
    pub(crate) request_limit: Option<u64>,
    /// How long it serves before it is recycled.
    pub(crate) lifetime: Option<Duration>,
    /// What was done about an event loop that is slow.
    pub(crate) stall: Option<Stall>,
    /// When it is replaced, because another process sent it SIGTERM.
    pub(crate) asked_to_stop: Option<Instant>,
    /// It was told to leave while it booted; until then it may be in the application's startup, if it shows that it is.
    pub(crate) startup_by: Option<Instant>,
    /// Why it ought to be replaced, if it ought to.
    pub(crate) due: Option<Retirement>,
    /// Whether it was said already that it is due but kept.
    pub(crate) said_frozen: bool,
}

/// What a worker is to the service, also when it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) slot: Slot,
    pub(crate) generation: Generation,
    pub(crate) page: bool,
}

/// Where a worker is in its life. Changed in the step that gives the order, so that no order is given twice.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum State {
    /// From the order to spawn it until it is ready.
    Starting { since: Instant, boot_by: Option<Instant> },
    /// It serves, or may be ordered to at any time.
    Ready { since: Instant },
    /// It was told to leave, or reported that it leaves; it is killed when its time is up.
    Leaving { why: Retirement, kill_by: Instant },
    /// Its event loop has ended. What is left are threads, `atexit` functions, and the interpreter's own end, in which no
    /// signal is answered any more. It is killed when its time is up.
    Ending { cause: Cause, since: Instant, kill_by: Instant },
    /// It prints its stack, is shown, and aborted then.
    Dumping { why: Retirement, silent_since: Instant, until: Instant },
    /// It was sent SIGABRT, and is killed then.
    Aborting { why: Retirement, kill_at: Instant },
    /// It was sent SIGKILL. Only its exit is awaited; none: no longer.
    Killed { why: Retirement, missed_at: Option<Instant> },
}

/// Why a worker's event loop has ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cause {
    /// It was told to leave.
    Told(Retirement),
    /// By itself: it has lost its slot.
    Crash { restart_in: Duration },
}

/// What was done about an event loop that is slow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stall {
    /// It was asked for its stack.
    Asked { since: Instant, tell_at: Instant },
    /// It was reported to the user.
    Told { since: Instant },
}

impl Worker {
    pub(crate) fn assignment(&self) -> Assignment {
        Assignment { slot: self.slot, generation: self.generation, page: self.page }
    }

    pub(crate) fn is_starting(&self) -> bool {
        matches!(self.state, State::Starting { .. })
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.state, State::Ready { .. })
    }

    /// It goes, and ends in its own way.
    pub(crate) fn is_leaving(&self) -> bool {
        matches!(self.state, State::Leaving { .. } | State::Ending { .. })
    }

    /// It accepts connections, its own and those of siblings that drain.
    pub(crate) fn is_serving(&self) -> bool {
        self.is_ready() && self.serving
    }

    /// It holds its slot: it serves, or is about to.
    pub(crate) fn holds_slot(&self) -> bool {
        self.is_starting() || self.is_ready()
    }

    /// Its event loop has ended, and with it the application's shutdown; or nothing more can be done about it.
    pub(crate) fn is_past_shutdown(&self) -> bool {
        matches!(self.state, State::Ending { .. }) || self.is_given_up()
    }

    /// Somebody looks at it from the inside: it does nothing meanwhile, and is not late with anything.
    pub(crate) fn is_debugged(&self) -> bool {
        self.debugged_since.is_some()
    }

    /// It takes memory that will not be free in a moment.
    pub(crate) fn is_alive(&self) -> bool {
        !matches!(self.state, State::Dumping { .. } | State::Aborting { .. } | State::Killed { .. })
    }

    /// Whether it was killed, and nothing came of it.
    pub(crate) fn is_given_up(&self) -> bool {
        matches!(self.state, State::Killed { missed_at: None, .. })
    }

    /// The moment at which something must be done about it.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let told = match self.stall {
            Some(Stall::Asked { tell_at, .. }) => Some(tell_at),
            Some(Stall::Told { .. }) | None => None,
        };
        self.state_deadline().into_iter().chain(told).chain(self.asked_to_stop).chain(self.hurry_at).min()
    }

    /// The moment at which its state must change.
    pub(crate) fn state_deadline(&self) -> Option<Instant> {
        match self.state {
            State::Starting { boot_by, .. } => boot_by,
            State::Leaving { kill_by, .. } | State::Ending { kill_by, .. } => Some(kill_by),
            State::Dumping { until, .. } => Some(until),
            State::Aborting { kill_at, .. } => Some(kill_at),
            State::Killed { missed_at, .. } => missed_at,
            State::Ready { since } if self.due.is_none() => self.lifetime.map(|lifetime| since + lifetime),
            State::Ready { .. } => None,
        }
    }

    /// Gives it more time for what it has to do. A lifetime is not extended: age is age.
    pub(crate) fn postpone(&mut self, by: Duration) {
        self.startup_by = self.startup_by.map(|at| at + by);
        match &mut self.state {
            State::Starting { boot_by: Some(at), .. }
            | State::Leaving { kill_by: at, .. }
            | State::Ending { kill_by: at, .. }
            | State::Dumping { until: at, .. }
            | State::Aborting { kill_at: at, .. }
            | State::Killed { missed_at: Some(at), .. } => *at += by,
            State::Starting { boot_by: None, .. }
            | State::Ready { .. }
            | State::Killed { missed_at: None, .. } => {}
        }
    }

    pub(crate) fn ready_for(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Ready { since } => Some(now.saturating_duration_since(since)),
            _ => None,
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.state {
            State::Starting { .. } => Stage::Booting,
            State::Ready { .. } => Stage::Ready,
            State::Leaving { why, .. } => Stage::Draining(why),
            State::Ending { .. } => Stage::Ending,
            State::Dumping { why, .. } | State::Aborting { why, .. } | State::Killed { why, .. } => {
                Stage::Killed(why)
            }
        }
    }
}
