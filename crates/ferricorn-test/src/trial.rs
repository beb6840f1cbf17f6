//! A run under load that has to lose nothing, with everything that must hold afterwards.

use std::time::Duration;

use crate::{Server, Tally, load::Running};

/// How long descriptors, drains and the last workers may take to go.
const SETTLING: Duration = Duration::from_secs(60);

/// A server under load.
///
/// It begins at rest, and is back at rest when it ends: as many workers as at the beginning, and no descriptor of the
/// master's more.
pub struct Trial {
    server: Server,
    workers: usize,
    descriptors: Vec<String>,
    load: Running,
}

impl Trial {
    /// Takes the state of a server at rest as what it must come back to, and starts the load.
    pub fn begin(server: Server, load: impl FnOnce(&Server) -> Running) -> Self {
        let descriptors = server.descriptors();
        let workers = server.workers().len();
        let load = load(&server);
        Self { server, workers, descriptors, load }
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The load.
    pub fn load(&self) -> &Running {
        &self.load
    }

    /// Stops the load, and panics unless
    /// * every request was answered, none of them by two workers, and each one that was begun was ended;
    /// * the master has as many workers as at the beginning, no zombie, and no descriptor more;
    /// * it stops with exit code 0, leaves no process behind, and its log can be read ([`Server::finish`]).
    #[track_caller]
    pub fn end(self) -> Tally {
        let (tally, rest) = self.stop();
        tally.assert_nothing_lost();
        rest.check();
        tally
    }

    /// Stops the load; what became of it is not judged yet, and the server is not either.
    pub fn stop(self) -> (Tally, Rest) {
        let Self { server, workers, descriptors, load } = self;
        let mut tally = load.stop();
        tally.check_against(&server.ledger());
        (tally, Rest { server, workers, descriptors })
    }
}

/// A server whose load is over.
pub struct Rest {
    server: Server,
    workers: usize,
    descriptors: Vec<String>,
}

impl Rest {
    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Panics unless the server comes back to rest and ends as it should ([`Trial::end`]).
    #[track_caller]
    pub fn check(self) {
        let Self { server, workers, descriptors } = self;
        server.wait_for_workers(workers, SETTLING);
        server.wait_for_descriptors(&descriptors, SETTLING);
        assert_eq!(server.ledger().unfinished(), [""; 0], "begun, and not ended");
        server.finish();
    }
}
