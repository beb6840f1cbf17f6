//! How many restarts after failures a service may have over time.

use std::time::{Duration, Instant};

/// What all slots together may spend on restarts that follow a failure (a crash, a failed boot, a process that could not
/// be made). Planned replacements spend nothing.
///
/// The back-off of a slot slows that slot down, and a worker that ran for a few seconds resets it. Neither limits
/// what many slots that fail together, or workers that die every six seconds, cost in starts of Python; this does. It is
/// a bucket: full, it fills the whole service twice and a little more, so that no single event is ever slowed down; it
/// is refilled by as many restarts in [`Budget::PERIOD`] as there are workers, since a service of many workers has many
/// processors, and by one in [`Budget::LONGEST_WAIT`] at least.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Budget {
    /// Restarts that were spent and not given back yet.
    spent: f64,
    /// When that was so.
    at: Option<Instant>,
    /// It was said that it is used up.
    told: bool,
}

impl Budget {
    /// Restarts at once, beyond twice the number of workers.
    const SPARE: f64 = 8.0;

    /// In so much time a service may have as many restarts as it has workers.
    const PERIOD: Duration = Duration::from_secs(10);

    /// The longest time between two restarts, in a service of few workers. A start of Python takes about a quarter of it.
    const LONGEST_WAIT: Duration = Duration::from_secs(2);

    /// The time between two restarts once it is used up.
    pub(crate) fn wait(target: u16) -> Duration {
        (Self::PERIOD / u32::from(target.max(1))).min(Self::LONGEST_WAIT)
    }

    /// The most restarts at once.
    fn most(target: u16) -> f64 {
        2.0 * f64::from(target) + Self::SPARE
    }

    fn spent_by(&self, target: u16, now: Instant) -> f64 {
        let passed = self.at.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        (self.spent - passed.as_secs_f64() / Self::wait(target).as_secs_f64()).max(0.0)
    }

    /// Whether one restart more is in it.
    pub(crate) fn allows(&self, target: u16, now: Instant) -> bool {
        // A hair's breadth for what the division of times into floats has lost.
        self.spent_by(target, now) + 1.0 <= Self::most(target) + 1e-4
    }

    /// When it allows a restart again; at once if it does.
    pub(crate) fn allows_at(&self, target: u16, now: Instant) -> Instant {
        let missing = (self.spent_by(target, now) + 1.0 - Self::most(target)).max(0.0);
        now + Self::wait(target).mul_f64(missing)
    }

    /// One restart.
    pub(crate) fn spend(&mut self, target: u16, now: Instant) {
        self.spent = self.spent_by(target, now) + 1.0;
        self.at = Some(now);
        if self.spent < Self::most(target) / 2.0 {
            self.told = false;
        }
    }

    /// What made boots fail is over: enough for every slot.
    pub(crate) fn heal(&mut self, target: u16, now: Instant) {
        self.spent = self.spent_by(target, now).min(Self::most(target) - f64::from(target) - 1.0).max(0.0);
        self.at = Some(now);
    }

    /// Whether it is to be said that it is used up: once, until it has recovered by half.
    pub(crate) fn should_tell(&mut self) -> bool {
        !std::mem::replace(&mut self.told, true)
    }
}
