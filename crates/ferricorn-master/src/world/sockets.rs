//! The listening sockets: when they listen, which processes get them, how the log shows them, and how they are closed.
//!
//! Owns: what becomes of them when the core orders something. Does not own: when that is, nor how a socket is made (`outside::addresses`)
//! or refuses newcomers (`ferricorn-sys`).
//!
//! Invariant: a worker has no listening socket before its order to serve. What it might do instead, such as an import
//! that takes a minute or never ends, keeps no client waiting.

use std::{io, os::fd::AsRawFd as _};

use ferricorn_config::ListenWhen;
use ferricorn_core::{Event, WorkerId};
use ferricorn_sys::{Listener, Signal, terminal};
use tracing::{error, info, warn};

use super::{Done, World};
use crate::{hooks::About, outside::manager};

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

    /// Lets the sockets of a start listen.
    pub(super) fn listen(&mut self) -> Done {
        let backlog = self.program.settings.backlog;
        for listener in &self.listeners {
            if let Err(error) = listener.listen(backlog) {
                error!("cannot listen on {}: {error}", listener.address());
                return Done::Happened(Event::ListenFailed);
            }
        }
        if self.program.settings.listen == ListenWhen::Early && !self.program.settings.development {
            // As gunicorn logs it there; the line is repeated when a worker answers.
            info!("Listening at: {} ({})", self.addresses(), ferricorn_sys::pid());
        }
        if self.predecessor.is_gone() {
            self.standing.ready();
        }
        self.call_hook("when_ready", About::default());
        Done::Nothing
    }

    /// The last lines of a start.
    pub(super) fn tell_of_opening(&self) {
        if self.program.names_worker_class {
            info!("Using worker: {}", self.program.settings.worker_class);
        }
        let on_terminal = self.program.log.is_terminal() && !terminal::is_in_background_of(&io::stderr());
        let quit = if on_terminal { " (Press CTRL+C to quit)" } else { "" };
        info!("Listening at: {} ({}){quit}", self.addresses(), ferricorn_sys::pid());
    }

    /// Where it listens, as the log shows it.
    pub(super) fn addresses(&self) -> String {
        let secure = self.program.settings.speaks_tls();
        let shown = |listener: &Listener| match listener.address().strip_prefix("http://") {
            Some(rest) if secure => format!("https://{rest}"),
            _ => listener.address(),
        };
        self.listeners.iter().map(shown).collect::<Vec<_>>().join(",")
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
            warn!("{} keeps accepting clients until its last copy is closed: {error}", listener.address());
        }
        listener.close();
    }
}
