//! How long to wait before a slot is filled again after failures.

use std::time::Duration;

use rand::{RngExt, rngs::SmallRng};

/// The failures of one slot in a row, and the pause that they have earned.
///
/// The first death of a worker that had been ready is answered at once, since most deaths are single. After that
/// the pause grows by half from a quarter of a second up to [`Backoff::CAP`], and is drawn from its upper half, so that
/// the workers of a service that lost its database do not come back in step. By half and not twofold: a pause is then
/// never longer than half of the outage so far, and so is the time that a service stays reduced after it has healed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The shortest pause.
    pub const BASE: Duration = Duration::from_millis(250);

    /// The longest pause.
    pub const CAP: Duration = Duration::from_secs(30);

    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A worker was healthy: start counting again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// A worker that had been ready died. Gives the pause before the next try.
    pub fn crashed(&mut self, random: &mut SmallRng) -> Duration {
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 { Duration::ZERO } else { Self::pause(self.failures - 1, random) }
    }

    /// A boot failed. Gives the pause before the next try.
    pub fn boot_failed(&mut self, random: &mut SmallRng) -> Duration {
        self.failures = self.failures.saturating_add(1);
        Self::pause(self.failures, random)
    }

    fn pause(step: u32, random: &mut SmallRng) -> Duration {
        let grown = 1.5_f64.powi(i32::try_from(step.saturating_sub(1).min(16)).unwrap_or(16));
        let longest = Self::BASE.mul_f64(grown).min(Self::CAP);
        longest.mul_f64(random.random_range(0.5..=1.0))
    }
}
