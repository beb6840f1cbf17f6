//! Load with a verdict for each request.
//!
//! Owns: when requests are sent, on which connections, in what shape, and how each of them ended. Does not own: the
//! protocol ([`http`](crate::http), [`websocket`](crate::websocket)), what must hold after a run ([`Trial`]).
//!
//! Clients are threads. [`Arrival::Think`] is closed-loop: each client sends, reads, thinks. [`Arrival::Rate`] and
//! [`Arrival::Scattered`] are open-loop: requests are due at times that are fixed beforehand whatever became of the
//! ones before, and a latency counts from the time it was due, so that a stall of the server cannot hide itself by
//! slowing its clients.
//!
//! [`Trial`]: crate::Trial

mod client;
mod mix;
pub(crate) mod random;
mod shape;
mod tally;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use client::Client;
pub use mix::Mix;
use random::Random;
pub use shape::Shape;
pub use tally::{Outcome, Tally};

use crate::Address;

/// When requests are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrival {
    /// Each client waits a random time between zero and this after each answer.
    Think(Duration),
    /// This many requests a second, over all clients.
    Rate(f64),
    /// As many, each at a random moment of its share of the second: pauses on a connection are random.
    Scattered(f64),
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
    shape: Shape,
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
            shape: Shape::Get,
            clients: 8,
            arrival: Arrival::Think(Duration::from_millis(10)),
            reuse: Reuse::KeepAlive,
            count: u64::MAX,
            limit: Duration::from_secs(10),
            seed: 1,
        }
    }

    /// What a request is.
    #[must_use]
    pub fn shape(mut self, shape: Shape) -> Self {
        self.shape = shape;
        // A WebSocket is its connection.
        if shape == Shape::WebSocket {
            self.reuse = Reuse::PerRequest;
        }
        self
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
        Running { clients: clients.collect(), shared: vec![shared] }
    }

    /// Starts the clients and waits until all requests are sent.
    pub fn run(self) -> Tally {
        assert_ne!(self.count, u64::MAX, "a load without an end cannot be waited for");
        self.start().wait()
    }

    /// When the request of this number is due; none where clients think.
    #[expect(clippy::cast_precision_loss, reason = "loads are far below 2^52 requests")]
    fn due(&self, begin: Instant, ticket: u64) -> Option<Instant> {
        let (rate, offset) = match self.arrival {
            Arrival::Think(_) => return None,
            Arrival::Rate(rate) => (rate, 0.0),
            Arrival::Scattered(rate) => (rate, Random::new(self.seed, ticket).next()),
        };
        Some(begin + Duration::from_secs_f64((ticket as f64 + offset) / rate))
    }
}

struct Shared {
    load: Load,
    begin: Instant,
    tickets: AtomicU64,
    answered: AtomicU64,
    over: AtomicBool,
}

/// Load that is under way, or several at once.
pub struct Running {
    clients: Vec<JoinHandle<Tally>>,
    shared: Vec<Arc<Shared>>,
}

impl Running {
    /// How many requests have been answered so far.
    pub fn answered(&self) -> u64 {
        self.shared.iter().map(|shared| shared.answered.load(Ordering::Relaxed)).sum()
    }

    /// How many requests have been begun so far, up to their number where they have one.
    pub fn sent(&self) -> u64 {
        self.shared.iter().map(|shared| shared.tickets.load(Ordering::Relaxed).min(shared.load.count)).sum()
    }

    /// Lets each client finish its request, and adds up.
    pub fn stop(self) -> Tally {
        for shared in &self.shared {
            shared.over.store(true, Ordering::Relaxed);
        }
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

    fn join(mut self, other: Self) -> Self {
        self.clients.extend(other.clients);
        self.shared.extend(other.shared);
        self
    }
}
