//! What a reload would change: settings that were read anew and do not hold yet, and the sockets that they need.
//!
//! Invariant: sockets of the new settings are open before those of the old ones are closed.

use std::{
    env,
    os::fd::{AsRawFd, RawFd},
};

use ferricorn_config::Settings;
use ferricorn_sys::Listener;

use crate::binding;

/// Settings that are to hold.
pub(crate) struct Candidate {
    pub(crate) settings: Settings,
    sockets: Vec<Socket>,
}

enum Socket {
    /// The one that is there already, by its place.
    Kept(usize),
    New(Listener),
}

impl Candidate {
    /// Opens what `settings` need and `held` does not have. Does not listen yet.
    pub(crate) fn new(settings: Settings, old: &Settings, held: usize) -> Result<Self, String> {
        let kept_as_it_is = settings.binds == old.binds || from_service_manager();
        if kept_as_it_is {
            return Ok(Self { settings, sockets: (0..held).map(Socket::Kept).collect() });
        }
        let mut sockets = Vec::new();
        for bind in &settings.binds {
            let place = old.binds.iter().position(|it| it == bind).filter(|place| *place < held);
            sockets.push(match place {
                Some(place) => Socket::Kept(place),
                None => Socket::New(binding::bind_now(bind, &settings)?),
            });
        }
        Ok(Self { settings, sockets })
    }

    /// Whether the addresses are others than those that are held.
    pub(crate) fn moves(&self, held: usize) -> bool {
        let kept = self.sockets.iter().filter(|it| matches!(it, Socket::Kept(_))).count();
        kept != self.sockets.len() || kept != held
    }

    /// The descriptors for a worker, among those that are held.
    pub(crate) fn descriptors(&self, held: &[Listener]) -> Vec<RawFd> {
        let descriptor = |socket: &Socket| match socket {
            Socket::Kept(place) => held.get(*place).map(AsRawFd::as_raw_fd),
            Socket::New(listener) => Some(listener.as_raw_fd()),
        };
        self.sockets.iter().filter_map(descriptor).collect()
    }

    /// The sockets that are new.
    pub(crate) fn new_listeners(&self) -> impl Iterator<Item = &Listener> {
        self.sockets.iter().filter_map(|socket| match socket {
            Socket::Kept(_) => None,
            Socket::New(listener) => Some(listener),
        })
    }

    /// What holds from now on: the settings, the sockets, and those that are to be closed.
    pub(crate) fn commit(self, held: Vec<Listener>) -> (Settings, Vec<Listener>, Vec<Listener>) {
        let mut held: Vec<Option<Listener>> = held.into_iter().map(Some).collect();
        let taken = self.sockets.into_iter().filter_map(|socket| match socket {
            Socket::Kept(place) => held.get_mut(place).and_then(Option::take),
            Socket::New(listener) => Some(listener),
        });
        let listeners = taken.collect();
        (self.settings, listeners, held.into_iter().flatten().collect())
    }
}

/// The sockets are the service manager's, which go before all that is configured.
fn from_service_manager() -> bool {
    env::var("LISTEN_PID").is_ok_and(|pid| pid == ferricorn_sys::pid().to_string())
}
