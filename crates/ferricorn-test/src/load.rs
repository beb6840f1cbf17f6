//! Load with a verdict for each request.
//!
//! Clients are threads. [`Arrival::Think`] is closed-loop: each client sends, reads, thinks. [`Arrival::Rate`] is
//! open-loop: requests are due at fixed times whatever became of the ones before, and a latency counts from the time
//! it was due, so that a stall of the server cannot hide itself by slowing its clients.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{Address, Connection, Verdict, ledger::Ledger};

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrival {
    /// Each client waits a random time between zero and this after each answer.
    Think(Duration),
    /// This many requests a second, over all clients.
    Rate(f64),
}

/// How clients use connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// A connection is kept until the server says `Connection: close`.
    KeepAlive,
    /// Each request has a connection of its own and says `Connection: close`.
    PerRequest,
}

/// A description of load.
#[derive(Clone, Debug)]
pub struct Load {
    address: Address,
    path: String,
    clients: usize,
    arrival: Arrival,
    reuse: Reuse,
    count: u64,
    limit: Duration,
    seed: u64,
}

impl Load {
    /// Eight strict keep-alive clients that think up to 10 ms, until told to stop.
    pub fn on(address: &Address) -> Self {
        Self {
            address: address.clone(),
            path: "/work".to_owned(),
            clients: 8,
            arrival: Arrival::Think(Duration::from_millis(10)),
            reuse: Reuse::KeepAlive,
            count: u64::MAX,
            limit: Duration::from_secs(10),
            seed: 1,
        }
    }

    /// The path; the id is added as a query.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// How many clients.
    #[must_use]
    pub fn clients(mut self, clients: usize) -> Self {
        self.clients = clients;
        self
    }

    /// When requests are sent.
    #[must_use]
    pub fn arrival(mut self, arrival: Arrival) -> Self {
        self.arrival = arrival;
        self
    }

    /// How connections are used.
    #[must_use]
    pub fn reuse(mut self, reuse: Reuse) -> Self {
        self.reuse = reuse;
        self
    }

    /// How many requests in all.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// After what time a request is lost.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// What the ids begin with (ids of loads on one server must differ) and the randomness is made from.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts the clients.
    pub fn start(self) -> Running {
        let shared = Arc::new(Shared {
            load: self,
            begin: Instant::now(),
            tickets: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            over: AtomicBool::new(false),
        });
        let clients = (0..shared.load.clients).map(|number| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || Client::new(shared, number).run())
        });
        Running { clients: clients.collect(), shared }
    }

    /// Starts the clients and waits until all requests are sent.
    pub fn run(self) -> Tally {
        assert_ne!(self.count, u64::MAX, "a load without an end cannot be waited for");
        self.start().wait()
    }
}

struct Shared {
    load: Load,
    begin: Instant,
    tickets: AtomicU64,
    answered: AtomicU64,
    over: AtomicBool,
}

/// Load that is under way.
pub struct Running {
    clients: Vec<JoinHandle<Tally>>,
    shared: Arc<Shared>,
}

impl Running {
    /// How many requests have been answered so far.
    pub fn answered(&self) -> u64 {
        self.shared.answered.load(Ordering::Relaxed)
    }

    /// Lets each client finish its request, and adds up.
    pub fn stop(self) -> Tally {
        self.shared.over.store(true, Ordering::Relaxed);
        self.wait()
    }

    /// Waits until all requests are sent, and adds up.
    pub fn wait(self) -> Tally {
        let mut tally = Tally::default();
        for client in self.clients {
            tally.add(client.join().expect("a client does not panic"));
        }
        tally
    }
}

/// What became of one request.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The request.
    pub id: String,
    /// How it ended.
    pub verdict: Verdict,
    /// Who answered.
    pub pid: Option<i32>,
    /// When its first byte was written (or its connection asked for).
    pub sent: Instant,
    /// From then, or from when it was due, to its end.
    pub latency: Duration,
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
    fn add(&mut self, other: Self) {
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

struct Client {
    shared: Arc<Shared>,
    random: u64,
    kept: Option<(Connection, u32)>,
    tally: Tally,
}

impl Client {
    fn new(shared: Arc<Shared>, number: usize) -> Self {
        let random = (shared.load.seed << 32 | number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self { shared, random, kept: None, tally: Tally::default() }
    }

    fn run(mut self) -> Tally {
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
