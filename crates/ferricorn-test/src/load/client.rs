//! One client of a load: a thread that sends, reads and judges.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{Arrival, Outcome, Reuse, Shared, Tally, random::Random, shape};
use crate::{Connection, Verdict};

pub(super) struct Client {
    shared: Arc<Shared>,
    random: Random,
    kept: Option<Kept>,
    /// When the last request had been written.
    written: Instant,
    tally: Tally,
}

/// A connection that stays open.
struct Kept {
    connection: Connection,
    answers: u32,
    /// Who gave the last one, and when that was (or the connection was opened).
    carrier: Option<i32>,
    well: Instant,
    /// When its last request began.
    busy: Instant,
}

impl Client {
    pub(super) fn new(shared: Arc<Shared>, number: usize) -> Self {
        let random = Random::new(shared.load.seed, number as u64);
        Self { shared, random, kept: None, written: Instant::now(), tally: Tally::default() }
    }

    pub(super) fn run(mut self) -> Tally {
        while !self.shared.over.load(Ordering::Relaxed) {
            let ticket = self.shared.tickets.fetch_add(1, Ordering::Relaxed);
            if ticket >= self.shared.load.count {
                break;
            }
            let due = self.shared.load.due(self.shared.begin, ticket);
            if let Some(due) = due {
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let sent = Instant::now();
            let id = format!("{}-{ticket}", self.shared.load.seed);
            let kept = self.kept.as_ref();
            let reused = kept.map_or(0, |kept| kept.answers);
            let carrier = kept.and_then(|kept| kept.carrier);
            let well = kept.map_or(sent, |kept| kept.well);
            let busy = kept.map(|kept| kept.busy);
            let (verdict, pid) = match self.ask(&id, sent) {
                Ok((verdict, pid)) => (verdict, pid),
                Err(verdict) => (verdict, None),
            };
            if verdict == Verdict::Ok {
                self.shared.answered.fetch_add(1, Ordering::Relaxed);
            }
            let ended = Instant::now();
            let latency = ended.saturating_duration_since(due.unwrap_or(sent));
            let shape = self.shared.load.shape;
            self.tally.outcomes.push(Outcome {
                id,
                shape,
                verdict,
                pid,
                sent,
                latency,
                ended,
                well,
                idle: busy.map_or(Duration::ZERO, |busy| self.written.saturating_duration_since(busy)),
                carrier,
                reused,
            });
            if verdict != Verdict::Ok {
                // A server that refuses at once would otherwise be asked as fast as the machine can.
                thread::sleep(AFTER_FAILURE);
            }
            if let Arrival::Think(most) = self.shared.load.arrival {
                thread::sleep(most.mul_f64(self.random.next()));
            }
        }
        self.tally
    }

    /// One request. A connection that failed is not used again, and the request is not sent again.
    fn ask(&mut self, id: &str, sent: Instant) -> Result<(Verdict, Option<i32>), Verdict> {
        let load = &self.shared.load;
        let (mut connection, answers) = if let Some(Kept { connection, answers, .. }) = self.kept.take() {
            (connection, answers)
        } else {
            self.tally.connections += 1;
            (Connection::open_within(&load.address, load.limit)?, 0)
        };
        let close = load.reuse == Reuse::PerRequest;
        let asked = shape::Asked { path: &load.path, id, close };
        let response = shape::exchange(load.shape, &mut connection, &asked, &mut self.random);
        self.written = connection.handed_over();
        let Some(response) = response? else {
            return Ok((Verdict::Ok, None));
        };
        let pid = response.header("x-worker").and_then(|pid| pid.parse().ok());
        let verdict = match response.status {
            500.. => Verdict::ServerError,
            200 if response.header("x-request") == Some(id) && load.shape.is_whole(&response) => Verdict::Ok,
            _ => Verdict::Garbled,
        };
        if !close && !response.closes() {
            let (answers, well) = (answers + 1, Instant::now());
            self.kept = Some(Kept { connection, answers, carrier: pid, well, busy: sent });
        }
        Ok((verdict, pid))
    }
}

/// The pause of a client whose request was not answered.
const AFTER_FAILURE: Duration = Duration::from_millis(5);
