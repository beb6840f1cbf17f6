//! Opening: the moment at which a start is over and the service is said to be there.
//!
//! Invariant: it is said once, and not before the sockets listen and somebody answers there. It waits for the workers that
//! are about to be ready, so that it is the last that is said of a start; one that takes its time, or fails, is not waited
//! for, since the service answers without it.

use std::time::{Duration, Instant};

use super::{Phase, Supervisor};
use crate::{Action, Notice, Policy};

/// How far a start is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Opening {
    /// Nobody has become ready.
    Booting,
    /// Somebody has, and the others have until then.
    Filling { until: Instant },
    /// It was said that the service is there.
    Told,
}

impl Supervisor {
    /// A worker has become ready after so long: the others of its start may take as long again.
    pub(super) fn begin_opening(&mut self, boot: Duration, now: Instant) {
        if self.opening == Opening::Booting {
            let others = boot.clamp(Policy::OTHER_BOOTS_LEAST, Policy::OTHER_BOOTS_MOST);
            self.opening = Opening::Filling { until: now + others };
        }
    }

    /// Says that the service is there.
    pub(super) fn tell_of_opening(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if !self.listening || self.heir.is_some() {
            return;
        }
        let waits = match self.opening {
            Opening::Told => return,
            Opening::Booting => !self.seats.is_empty(),
            Opening::Filling { until } => until > now && self.is_filling(),
        };
        if !waits {
            self.opening = Opening::Told;
            actions.push(Action::Notify(Notice::Opened));
        }
    }

    /// Whether a worker is about to be ready, and none has failed to.
    fn is_filling(&self) -> bool {
        let failed = self.seats.values().any(|seat| seat.failure.is_some());
        let ready = |slot| self.seated(slot).any(|(_, worker)| worker.is_ready());
        !failed && !self.seats.keys().all(|slot| ready(*slot))
    }

    /// When the other workers have had their time.
    pub(super) fn opening_deadline(&self) -> Option<Instant> {
        match self.opening {
            Opening::Filling { until } if self.phase == Phase::Running && self.heir.is_none() => Some(until),
            _ => None,
        }
    }
}
