//! Whether the kernel has held the service back since the last look.
//!
//! Owns: the counters of the last look. Does not own: what is held back for how long before it explains something, nor what
//! it excuses (both the core's).

use std::time::{Duration, Instant};

use ferricorn_core::{Scarce, Throttled};
use ferricorn_sys::throttling::{self, Throttle};

/// The counters as they were.
#[derive(Debug)]
pub(crate) struct Throttling {
    before: Vec<Throttle>,
    at: Instant,
}

impl Default for Throttling {
    fn default() -> Self {
        Self { before: throttling::throttles(), at: Instant::now() }
    }
}

impl Throttling {
    /// Looks at the counters; call it once a second. Gives each limit that has held the service back since.
    pub(crate) fn look(&mut self) -> Vec<Throttled> {
        let now = Instant::now();
        self.compare(throttling::throttles(), now)
    }

    fn compare(&mut self, counters: Vec<Throttle>, now: Instant) -> Vec<Throttled> {
        let within = now.saturating_duration_since(self.at);
        let known = |it: &Throttle| self.before.iter().find(|before| before.source == it.source);
        let grown = counters.iter().filter_map(|it| held_back(it, known(it)?, within)).collect();
        (self.before, self.at) = (counters, now);
        grown
    }
}

fn held_back(now: &Throttle, before: &Throttle, within: Duration) -> Option<Throttled> {
    if now.times <= before.times {
        return None;
    }
    let held = now.time.zip(before.time).map(|(now, before)| now.saturating_sub(before));
    let scarce = match now.scarce {
        throttling::Scarce::Memory => Scarce::Memory,
        throttling::Scarce::Processor => Scarce::Processor,
    };
    // Where the kernel counts no time, that it has happened has to do.
    Some(Throttled { scarce, source: now.source.clone(), held: held.unwrap_or(within), within })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(times: u64, time: Option<u64>) -> Vec<Throttle> {
        let (scarce, time) = (throttling::Scarce::Memory, time.map(Duration::from_millis));
        vec![Throttle { scarce, source: "memory.high of /a (80 MiB)".to_owned(), times, time }]
    }

    #[test]
    fn only_what_has_grown_is_told_and_for_how_long() {
        let begun = Instant::now();
        let mut throttling = Throttling { before: Vec::new(), at: begun };
        let second = |number| begun + Duration::from_secs(number);
        assert_eq!(throttling.compare(counters(5, Some(100)), second(1)), [], "what was before is not known");
        assert_eq!(throttling.compare(counters(5, Some(200)), second(2)), []);
        let grown = throttling.compare(counters(6, Some(900)), second(3));
        assert_eq!((grown[0].held, grown[0].within), (Duration::from_millis(700), Duration::from_secs(1)));
        let grown = throttling.compare(counters(7, None), second(5));
        assert_eq!(grown[0].held, Duration::from_secs(2), "no time is counted");
    }
}
