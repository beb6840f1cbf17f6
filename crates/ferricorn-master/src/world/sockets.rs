//! The listening sockets: which processes get them, and how they are closed.
//!
//! Owns: what becomes of them when the core orders something. Does not own: when that is, nor how a socket is made (`outside::addresses`)
//! or refuses newcomers (`ferricorn-sys`).
//!
//! Invariant: a worker has no listening socket before its order to serve. What it might do instead, such as an import
//! that takes a minute or never ends, keeps no client waiting.

use std::os::fd::AsRawFd as _;

use ferricorn_core::{Event, WorkerId};
use ferricorn_sys::{Listener, Signal};
use tracing::{error, warn};

use super::{Done, World};
use crate::outside::manager;

impl World {
    /// Gives a worker the sockets of its generation.
    pub(super) fn let_serve(&mut self, id: WorkerId) -> Done {
        let Some(member) = self.crew.get(id) else { return Done::Nothing };
        let (pid, generation) = (member.pid, member.generation);
        if !self.listen_for(generation) {
            return Done::Happened(Event::SocketsFailed { generation });
        }
        let sockets = match self.reloading.of(generation) {
            Some(candidate) => candidate.descriptors(&self.listeners),
            None => self.listeners.iter().map(Listener::as_raw_fd).collect(),
        };
        if let Err(error) = self.crew.serve(id, &sockets) {
            error!("cannot give worker (pid: {pid}) the listening sockets, it is replaced: {error}");
            // It takes that as a request to be replaced.
            self.crew.signal(id, Signal::Terminate);
        }
        Done::Happened(Event::SocketsListen { generation })
    }

    /// Closes the sockets, since the service stops.
    pub(super) fn close_listeners(&mut self) {
        manager::tell("STOPPING=1");
        close(self.listeners.drain(..));
    }
}

/// Closes sockets that accept no more connections, even if a copy exists: in a worker that empties the queue, or in one
/// that hangs, or a process that the application has started.
pub(super) fn close(listeners: impl IntoIterator<Item = Listener>) {
    for listener in listeners {
        if let Err(error) = listener.turn_away() {
            warn!("{} goes on taking clients in until its last copy is closed: {error}", listener.address());
        }
        listener.close();
    }
}
