//! Several kinds of traffic at once, as a service on the internet has it.

use std::time::Duration;

use super::{Arrival, Load, Reuse, Running, Shape};
use crate::Address;

/// Loads that run side by side on one server.
pub struct Mix(Vec<Load>);

impl Mix {
    /// Open-loop traffic of every shape, this many requests a second in all.
    ///
    /// Of ten requests four come on kept connections with random pauses and two on new connections; one and a half
    /// are trickled bodies, one is a streamed response, one a stream of events, half a one a WebSocket.
    pub fn of_everything(address: &Address, rate: f64) -> Self {
        let share = |seed: u64, shape: Shape, reuse: Reuse, tenths: f64, seconds: f64| {
            let rate = rate * tenths / 10.0;
            // Twice as many clients as are busy at a time when all is well, so that a slow moment does not delay
            // what is due after it.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen")]
            let clients = (rate * seconds * 2.0).ceil() as usize + 2;
            let load = Load::on(address).seed(seed).reuse(reuse).shape(shape);
            load.clients(clients).arrival(Arrival::Scattered(rate))
        };
        Self(vec![
            share(1, Shape::Get, Reuse::KeepAlive, 4.0, 0.02),
            share(2, Shape::Get, Reuse::PerRequest, 2.0, 0.02),
            share(3, Shape::Trickle, Reuse::KeepAlive, 1.0, 0.08),
            share(4, Shape::Trickle, Reuse::PerRequest, 0.5, 0.08),
            share(5, Shape::Stream, Reuse::KeepAlive, 1.0, 0.07),
            share(6, Shape::Events, Reuse::KeepAlive, 1.0, 0.07),
            share(7, Shape::WebSocket, Reuse::PerRequest, 0.5, 0.08),
        ])
    }

    /// One load.
    pub fn of(load: Load) -> Self {
        Self(vec![load])
    }

    /// After what time a request is lost, in every load so far.
    #[must_use]
    pub fn limit(mut self, limit: Duration) -> Self {
        self.0 = self.0.into_iter().map(|load| load.limit(limit)).collect();
        self
    }

    /// One load more; its seed must differ from those of the others (1 to 7).
    #[must_use]
    pub fn and(mut self, load: Load) -> Self {
        self.0.push(load);
        self
    }

    /// Starts the clients of all.
    pub fn start(self) -> Running {
        let none = Running { clients: Vec::new(), shared: Vec::new() };
        self.0.into_iter().map(Load::start).fold(none, Running::join)
    }
}
