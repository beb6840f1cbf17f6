//! Load with a verdict for each request.
//!
//! Clients are threads. [`Arrival::Think`] is closed-loop: each client sends, reads, thinks. [`Arrival::Rate`] is
//! open-loop: requests are due at fixed times whatever became of the ones before, and a latency counts from the time
//! it was due, so that a stall of the server cannot hide itself by slowing its clients.

mod client;
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
pub use tally::{Outcome, Tally};

use crate::Address;

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
