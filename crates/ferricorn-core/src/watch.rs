//! The watch over silence: since when the master has been able to hear its workers, and what excuses them.
//!
//! Owns: what the master knows of its own pauses and of what the kernel withholds. Does not own: what a silence leads to.
//!
//! Invariant: what is known of one pause excuses one silence, not the same again and again.

use std::time::{Duration, Instant};

use crate::{Scarce, Throttled, Vitals};

/// What the master has noticed of itself and of the machine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    /// Silence is counted from here on: the master was not running before.
    pub(crate) awake_since: Option<Instant>,
    /// When the scoreboard was last read.
    sampled_at: Option<Instant>,
    /// The master was late to read the scoreboard, and judged no worker for that.
    judged_nobody: bool,
    /// What holds the service back.
    throttles: Vec<Throttle>,
    /// Every worker waits for a device at once, and was given more time for that.
    pub(crate) host_stalled: bool,
}

/// What holds the service back at present.
#[derive(Clone, Debug)]
pub(crate) struct Throttle {
    scarce: Scarce,
    source: String,
    /// It counts as over then, unless it is heard of again.
    until: Instant,
    told: bool,
    /// The master has been excused for it once.
    pub(crate) has_overslept: bool,
}

impl Throttle {
    /// It is heard of once a second; a master that is held back itself may be late for that.
    const LASTS: Duration = Duration::from_secs(5);

    /// A shorter silence needs no explanation.
    const NOTABLE: Duration = Duration::from_secs(1);
}

impl Watch {
    /// Whether the master has just been kept from running itself, if only for a moment, and so perhaps everybody: workers
    /// that are well show it before the next look, and so no worker is judged in this one. Two in a row are judged, as on a
    /// machine that is busy all the time.
    pub(crate) fn has_just_been_late(&mut self, sample_every: Duration, now: Instant) -> bool {
        let before = self.sampled_at.replace(now);
        let pause = before.map_or(Duration::ZERO, |before| now.saturating_duration_since(before));
        let late = pause > sample_every * 3;
        self.judged_nobody = late && !self.judged_nobody;
        self.judged_nobody
    }

    /// Whether the scoreboard was read within this time.
    pub(crate) fn has_sampled_within(&self, time: Duration, now: Instant) -> bool {
        self.sampled_at.is_some_and(|at| now.saturating_duration_since(at) <= time)
    }

    /// The silence of a worker, as far as the master was awake to hear it.
    pub(crate) fn silence(&self, vitals: &Vitals, now: Instant) -> Option<Duration> {
        let awake_for = self.awake_since.map(|since| now.saturating_duration_since(since));
        vitals
            .silent_for
            .map(|silent_for| awake_for.map_or(silent_for, |awake_for| awake_for.min(silent_for)))
    }

    /// The kernel has held the service back, which counts if it was for a good part of the time.
    pub(crate) fn throttled(&mut self, fact: Throttled, now: Instant) {
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
    pub(crate) fn short_of_memory(&mut self, at: Instant) -> Option<&mut Throttle> {
        self.throttles.iter_mut().find(|it| it.scarce == Scarce::Memory && it.until > at)
    }

    /// What explains that a worker is silent (`longest`) or that the master was late, if not reported yet. Each is
    /// given once.
    pub(crate) fn explain(&mut self, longest: Duration, late: bool, now: Instant) -> Vec<(Scarce, String)> {
        let just_awake =
            self.awake_since.is_some_and(|since| now.saturating_duration_since(since) < Throttle::NOTABLE);
        if !(longest >= Throttle::NOTABLE || late || just_awake) {
            return Vec::new();
        }
        let untold = self.throttles.iter_mut().filter(|it| it.until > now && !it.told);
        untold
            .map(|throttle| {
                throttle.told = true;
                (throttle.scarce, throttle.source.clone())
            })
            .collect()
    }
}
