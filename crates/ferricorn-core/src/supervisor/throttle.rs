//! Throttling: the kernel holds the service back, since its control group takes more than it may. What that explains is said
//! once; and how much silence it excuses is decided here.
//!
//! Too little time of processors excuses whoever gets next to none ([`Vitals::starved`]), for as long as that lasts: it takes
//! nothing from anybody. Too little memory is another matter: nothing in the group gets ahead until somebody gives some back,
//! and what does not run gives nothing back. It doubles the timeout, and then the timeout holds, so that the end of the worker
//! that is silent sets the others free. The master is held back as well; that it was must not excuse the same silence again
//! and again.

use std::time::{Duration, Instant};

use super::Supervisor;
use crate::{Action, Notice, Scarce, Throttled, Vitals, WorkerId};

/// What holds the service back at present.
#[derive(Clone, Debug)]
pub(super) struct Throttle {
    scarce: Scarce,
    source: String,
    /// It counts as over then, unless it is heard of again.
    until: Instant,
    told: bool,
    /// The master has been excused for it once.
    pub(super) has_overslept: bool,
}

impl Throttle {
    /// It is heard of once a second; a master that is held back itself may be late for that.
    const LASTS: Duration = Duration::from_secs(5);

    /// A shorter silence needs no explanation.
    const NOTABLE: Duration = Duration::from_secs(1);
}

impl Supervisor {
    /// The kernel has held the service back, which counts if it was for a good part of the time.
    pub(super) fn throttled(&mut self, fact: Throttled, now: Instant) {
        self.throttles.retain(|it| it.until > now);
        if fact.held * 5 < fact.within {
            return;
        }
        let until = now + Throttle::LASTS;
        let Throttled { scarce, source, .. } = fact;
        let known = self.throttles.iter_mut().find(|it| it.scarce == scarce && it.source == source);
        if let Some(known) = known {
            known.until = until;
        } else {
            self.throttles.push(Throttle { scarce, source, until, told: false, has_overslept: false });
        }
    }

    /// What kept the service from getting memory at a time.
    pub(super) fn short_of_memory(&mut self, at: Instant) -> Option<&mut Throttle> {
        self.throttles.iter_mut().find(|it| it.scarce == Scarce::Memory && it.until > at)
    }

    /// The timeout in force.
    pub(super) fn timeout(&mut self, now: Instant) -> Option<Duration> {
        let factor = if self.short_of_memory(now).is_some() { 2 } else { 1 };
        self.policy.timeout.map(|timeout| timeout * factor)
    }

    /// Says once what explains that a worker is silent, or that the master was late.
    pub(super) fn tell_of_throttles(
        &mut self,
        samples: &[(WorkerId, Vitals)],
        late: bool,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let silent = samples.iter().any(|(_, it)| it.silent_for.is_some_and(|it| it >= Throttle::NOTABLE));
        let just_awake =
            self.awake_since.is_some_and(|since| now.saturating_duration_since(since) < Throttle::NOTABLE);
        if !(silent || late || just_awake) {
            return;
        }
        for throttle in self.throttles.iter_mut().filter(|it| it.until > now && !it.told) {
            throttle.told = true;
            let (scarce, source) = (throttle.scarce, throttle.source.clone());
            actions.push(Action::Notify(Notice::Throttled { scarce, source }));
        }
    }
}
