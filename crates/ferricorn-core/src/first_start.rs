//! The first start: from nothing to a service that is announced.
//!
//! Owns: whether the sockets listen, whether any worker was ever ready, how often a boot has failed before, and what is said
//! when the start is over. Does not own: what a failure leads to.
//!
//! Invariant: the service is announced once, and not before the sockets listen and a worker answers there. It waits
//! for the workers that are about to be ready, so that it is the last line of a start. A worker that takes its time, or fails,
//! is not waited for, since the service answers without it.

use std::time::{Duration, Instant};

use crate::Policy;

/// How far the first start is.
#[derive(Clone, Debug)]
pub(crate) struct FirstStart {
    listening: bool,
    ever_ready: bool,
    failures: u32,
    opening: Opening,
}

/// How far the announcement of the service is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Opening {
    /// No worker has become ready.
    Booting,
    /// One has, and the others have until then.
    Filling { until: Instant },
    /// It was said.
    Told,
}

impl FirstStart {
    /// Nothing has happened.
    pub(crate) fn new() -> Self {
        Self { listening: false, ever_ready: false, failures: 0, opening: Opening::Booting }
    }

    /// It is over: another program has made it.
    pub(crate) fn over() -> Self {
        Self { listening: true, ever_ready: true, failures: 0, opening: Opening::Told }
    }

    /// The sockets are to listen: whether this is the first time.
    pub(crate) fn listen(&mut self) -> bool {
        !std::mem::replace(&mut self.listening, true)
    }

    /// Whether the sockets listen.
    pub(crate) fn is_listening(&self) -> bool {
        self.listening
    }

    /// Whether any worker was ever ready. From then on no failed boot ends the program.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.ever_ready
    }

    /// A worker has become ready after so long: the others may take as long again.
    pub(crate) fn ready(&mut self, boot: Duration, now: Instant) {
        self.ever_ready = true;
        if self.opening == Opening::Booting {
            let others = boot.clamp(Policy::OTHER_BOOTS_LEAST, Policy::OTHER_BOOTS_MOST);
            self.opening = Opening::Filling { until: now + others };
        }
    }

    /// A boot has failed before any worker was ready: how many have.
    pub(crate) fn failed(&mut self) -> u32 {
        self.failures += 1;
        self.failures
    }

    /// How far the announcement of the service is.
    pub(crate) fn opening(&self) -> Opening {
        self.opening
    }

    /// The service was announced.
    pub(crate) fn told(&mut self) {
        self.opening = Opening::Told;
    }
}
