//! When files that change have settled.
//!
//! Owns: how long that takes. Does not own: the clock, the files.

use std::time::{Duration, Instant};

/// The longest that a change waits for others of the same kind: a checkout of many files.
const MOST: Duration = Duration::from_millis(250);

/// A change so soon after the last ones were dealt with is one of many: an editor, or a tool, that saves again and again.
const BURST: Duration = Duration::from_secs(1);

/// How long files must be quiet then, so that few of the boots in between are for nothing.
const BURST_DELAY: Duration = Duration::from_millis(300);

/// The longest that a change waits then.
const BURST_MOST: Duration = Duration::from_secs(2);

/// What is known of changes over time.
#[derive(Debug)]
pub(super) struct Quiet {
    delay: Duration,
    /// The first and the last of the changes that have not settled.
    under_way: Option<(Instant, Instant)>,
    /// When the last ones had.
    settled: Option<Instant>,
}

impl Quiet {
    /// `delay`: how long files must be quiet.
    pub(super) fn new(delay: Duration) -> Self {
        Self { delay, under_way: None, settled: None }
    }

    /// Something has changed.
    pub(super) fn changed(&mut self, now: Instant) {
        let (first, _) = self.under_way.unwrap_or((now, now));
        self.under_way = Some((first, now));
    }

    /// When the changes under way have settled, if nothing else changes.
    pub(super) fn due(&self) -> Option<Instant> {
        let (first, last) = self.under_way?;
        let is_burst = self.settled.is_some_and(|settled| first.saturating_duration_since(settled) < BURST);
        let (delay, most) = if is_burst { (BURST_DELAY, BURST_MOST) } else { (Duration::ZERO, MOST) };
        let delay = delay.max(self.delay);
        Some((last + delay).min(first + most.max(delay)))
    }

    /// The changes under way have settled.
    pub(super) fn settle(&mut self, now: Instant) {
        self.under_way = None;
        self.settled = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often changes every so many milliseconds settle, and whether they have when all is over.
    fn settled(count: u32, every: u64) -> (u32, bool) {
        let start = Instant::now();
        let mut quiet = Quiet::new(Duration::from_millis(20));
        let mut times = 0;
        for step in 0..count * u32::try_from(every).unwrap_or(1) + 3_000 {
            let now = start + Duration::from_millis(step.into());
            let number = u64::from(step) / every;
            if u64::from(step) % every == 0 && number < count.into() {
                quiet.changed(now);
            }
            if quiet.due().is_some_and(|due| due <= now) {
                quiet.settle(now);
                times += 1;
            }
        }
        (times, quiet.due().is_none())
    }

    #[test]
    fn one_change_settles_after_the_delay_and_many_at_once_are_one() {
        assert_eq!(settled(1, 1), (1, true));
        assert_eq!(settled(100, 1), (1, true));
    }

    #[test]
    fn twenty_saves_in_a_row_settle_three_times_at_most() {
        for every in [5, 20, 50, 100, 150] {
            let (times, over) = settled(20, every);
            assert!(over && times <= 3, "every {every} ms: {times}");
        }
    }

    #[test]
    fn saves_with_a_pause_between_them_are_each_served() {
        assert_eq!(settled(6, 1_500), (6, true));
    }

    #[test]
    fn a_longer_delay_is_kept() {
        let start = Instant::now();
        let mut quiet = Quiet::new(Duration::from_secs(5));
        quiet.changed(start);
        assert_eq!(quiet.due(), Some(start + Duration::from_secs(5)));
    }
}
