//! What became of the requests of a load.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::{Duration, Instant},
};

use super::Shape;
use crate::{Verdict, ledger::Ledger};

/// What became of one request.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The request.
    pub id: String,
    /// What it was.
    pub shape: Shape,
    /// How it ended.
    pub verdict: Verdict,
    /// Who answered.
    pub pid: Option<i32>,
    /// When its first byte was written (or its connection asked for).
    pub sent: Instant,
    /// From then, or from when it was due, to its end.
    pub latency: Duration,
    /// When its client knew how it ended.
    pub ended: Instant,
    /// When its connection was last known to be well: opened, or had carried its last answer.
    pub well: Instant,
    /// The longest for which the server may have found its connection idle: from the beginning of the request before to the
    /// end of writing this one. When the client has read the answer says nothing on a busy machine.
    pub idle: Duration,
    /// Who had given the last answer on its connection, if it had carried one that says so.
    pub carrier: Option<i32>,
    /// How many answers its connection had carried before.
    pub reused: u32,
}

/// What became of all requests.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Each request.
    pub outcomes: Vec<Outcome>,
    /// How many connections were opened.
    pub connections: u64,
}

impl Tally {
    /// Adds what became of other requests.
    pub fn add(&mut self, other: Self) {
        self.outcomes.extend(other.outcomes);
        self.connections += other.connections;
    }

    /// How many requests there were.
    pub fn total(&self) -> usize {
        self.outcomes.len()
    }

    /// How many ended in this way.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict == verdict).count()
    }

    /// How many ended in each way.
    pub fn verdicts(&self) -> BTreeMap<Verdict, usize> {
        let mut verdicts = BTreeMap::new();
        for outcome in &self.outcomes {
            *verdicts.entry(outcome.verdict).or_default() += 1;
        }
        verdicts
    }

    /// How many there were of this shape.
    pub fn of_shape(&self, shape: Shape) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.shape == shape).count()
    }

    /// How many were lost: the client wrote a byte, and got no complete answer.
    pub fn lost(&self) -> usize {
        self.outcomes.iter().filter(|outcome| outcome.verdict.is_lost()).count()
    }

    /// All that did not end well.
    pub fn failures(&self) -> Vec<&Outcome> {
        self.outcomes.iter().filter(|outcome| outcome.verdict != Verdict::Ok).collect()
    }

    /// The workers that answered.
    pub fn pids(&self) -> BTreeSet<i32> {
        self.outcomes.iter().filter_map(|outcome| outcome.pid).collect()
    }

    /// The latency that this share of the good answers did not exceed (0.5: the median).
    pub fn latency(&self, share: f64) -> Duration {
        let good = self.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Ok);
        let mut latencies: Vec<_> = good.map(|outcome| outcome.latency).collect();
        latencies.sort();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let index = (latencies.len().saturating_sub(1) as f64 * share) as usize;
        latencies.get(index).copied().unwrap_or_default()
    }

    /// Gives requests that the application began twice the verdict they deserve.
    pub fn check_against(&mut self, ledger: &Ledger) {
        let twice: BTreeSet<String> = ledger.duplicates().into_iter().collect();
        for outcome in self.outcomes.iter_mut().filter(|outcome| twice.contains(&outcome.id)) {
            outcome.verdict = Verdict::Duplicate;
        }
    }

    /// Panics unless every request was answered, and each once.
    #[track_caller]
    pub fn assert_nothing_lost(&self) {
        assert!(self.total() > 0, "no request was sent at all");
        let failures = self.failures();
        assert!(failures.is_empty(), "{self}\nfirst failures: {:#?}", &failures[..failures.len().min(5)]);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests on {} connections: {:?}", self.total(), self.connections, self.verdicts())
    }
}
