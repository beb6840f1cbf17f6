//! One client of a load: a thread that sends, reads and judges.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{Arrival, Outcome, Reuse, Shared, Tally};
use crate::{Connection, Verdict};

pub(super) struct Client {
    shared: Arc<Shared>,
    random: u64,
    kept: Option<(Connection, u32)>,
    tally: Tally,
}

impl Client {
    pub(super) fn new(shared: Arc<Shared>, number: usize) -> Self {
        let random = (shared.load.seed << 32 | number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { shared, random, kept: None, tally: Tally::default() }
    }

    pub(super) fn run(mut self) -> Tally {
        while !self.shared.over.load(Ordering::Relaxed) {
            let ticket = self.shared.tickets.fetch_add(1, Ordering::Relaxed);
            if ticket >= self.shared.load.count {
                break;
            }
            let due = match self.shared.load.arrival {
                Arrival::Think(_) => None,
                #[expect(clippy::cast_precision_loss, reason = "loads are far below 2^52 requests")]
                Arrival::Rate(rate) => {
                    Some(self.shared.begin + Duration::from_secs_f64(ticket as f64 / rate))
                }
            };
            if let Some(due) = due {
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let sent = Instant::now();
            let id = format!("{}-{ticket}", self.shared.load.seed);
            let reused = self.kept.as_ref().map_or(0, |(_, answers)| *answers);
            let (verdict, pid) = match self.ask(&id) {
                Ok((verdict, pid)) => (verdict, pid),
                Err(verdict) => (verdict, None),
            };
            if verdict == Verdict::Ok {
                self.shared.answered.fetch_add(1, Ordering::Relaxed);
            }
            let latency = due.unwrap_or(sent).elapsed();
            self.tally.outcomes.push(Outcome { id, verdict, pid, sent, latency, reused });
            if let Arrival::Think(most) = self.shared.load.arrival {
                thread::sleep(most.mul_f64(self.next_random()));
            }
        }
        self.tally
    }

    /// One request. A connection that failed is not used again, and the request is not sent again.
    fn ask(&mut self, id: &str) -> Result<(Verdict, Option<i32>), Verdict> {
        let load = &self.shared.load;
        let (mut connection, answers) = if let Some(kept) = self.kept.take() {
            kept
        } else {
            self.tally.connections += 1;
            (Connection::open_within(&load.address, load.limit)?, 0)
        };
        let separator = if load.path.contains('?') { '&' } else { '?' };
        let path = format!("{}{separator}id={id}", load.path);
        let close = [("Connection", "close")];
        let headers = if load.reuse == Reuse::PerRequest { &close[..] } else { &[] };
        let response = connection.request("GET", &path, headers, b"")?;
        let pid = response.header("x-worker").and_then(|pid| pid.parse().ok());
        let verdict = match response.status {
            500.. => Verdict::ServerError,
            200 if response.header("x-request") == Some(id) => Verdict::Ok,
            _ => Verdict::Garbled,
        };
        if load.reuse == Reuse::KeepAlive && !response.closes() {
            self.kept = Some((connection, answers + 1));
        }
        Ok((verdict, pid))
    }

    /// xorshift64: think times need no better, and a seed repeats them. Between 0 and 1.
    fn next_random(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let number = (self.random >> 11) as f64;
        number / 9_007_199_254_740_992.0
    }
}
