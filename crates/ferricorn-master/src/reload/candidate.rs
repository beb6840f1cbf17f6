//! What a reload would change: settings that were read again and are not in effect yet, and the resources that they
//! need.
//!
//! Invariants: sockets of the new settings are open before those of the old ones are closed. Until the commit only the
//! new generation sees anything of it: the log keeps its destination, and the pid file its place.

use std::{
    env,
    os::fd::{AsRawFd, RawFd},
};

use ferricorn_config::Settings;
use ferricorn_sys::{Listener, PreparedPidFile};

use crate::{
    PythonSearch,
    outside::addresses,
    program::{MasterLog, NextLog, Reread},
    python::interpreter,
};

/// Settings that are to hold.
pub(crate) struct Candidate {
    pub(crate) settings: Settings,
    /// The master's log with these settings.
    pub(crate) log: NextLog,
    pid_file: Option<PreparedPidFile>,
    sockets: Vec<Socket>,
}

enum Socket {
    /// The one that is there already, by its place.
    Kept(usize),
    New(Listener),
}

/// What takes effect when the reload commits.
pub(crate) struct Committed {
    pub(crate) settings: Settings,
    pub(crate) log: NextLog,
    pub(crate) pid_file: Option<PreparedPidFile>,
    pub(crate) listeners: Vec<Listener>,
    /// The sockets that are to be closed.
    pub(crate) superseded: Vec<Listener>,
}

impl Candidate {
    /// Opens what the settings need, and what is not among the `held` sockets of the `old` ones. Does not listen yet.
    /// `is_master`: the service, and so the pid file, is ours. The error is for the log.
    pub(crate) fn new(
        reread: Reread,
        old: &Settings,
        held: usize,
        log: &mut dyn MasterLog,
        is_master: bool,
        search: &PythonSearch,
    ) -> Result<Self, String> {
        let Reread { mut settings, colors, warnings: _ } = reread;
        let note = interpreter::settle(&mut settings, search)?;
        // What was said at the start is not said again.
        if let Some(note) = note.filter(|_| settings.python != old.python) {
            note.log();
        }
        let log = log.prepare(&settings, colors)?;
        let path = settings.pid_file.as_ref().filter(|_| is_master).map(|path| settings.chdir.join(path));
        let pid_file = path.map(|path| PreparedPidFile::new(&path)).transpose();
        let pid_file = pid_file.map_err(|error| error.to_string())?;
        let sockets = sockets(&settings, old, held)?;
        Ok(Self { settings, log, pid_file, sockets })
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

    /// What holds from now on.
    pub(crate) fn commit(self, held: Vec<Listener>) -> Committed {
        let Self { settings, log, pid_file, sockets } = self;
        let mut held: Vec<Option<Listener>> = held.into_iter().map(Some).collect();
        let taken = sockets.into_iter().filter_map(|socket| match socket {
            Socket::Kept(place) => held.get_mut(place).and_then(Option::take),
            Socket::New(listener) => Some(listener),
        });
        let listeners = taken.collect();
        let superseded = held.into_iter().flatten().collect();
        Committed { settings, log, pid_file, listeners, superseded }
    }
}

fn sockets(settings: &Settings, old: &Settings, held: usize) -> Result<Vec<Socket>, String> {
    let kept_as_it_is = settings.binds == old.binds || from_service_manager();
    if kept_as_it_is {
        return Ok((0..held).map(Socket::Kept).collect());
    }
    let mut sockets = Vec::new();
    for bind in &settings.binds {
        let place = old.binds.iter().position(|it| it == bind).filter(|place| *place < held);
        sockets.push(match place {
            Some(place) => Socket::Kept(place),
            None => Socket::New(addresses::bind_now(bind, settings)?),
        });
    }
    Ok(sockets)
}

/// The sockets are the service manager's, which go before all that is configured.
fn from_service_manager() -> bool {
    env::var("LISTEN_PID").is_ok_and(|pid| pid == ferricorn_sys::pid().to_string())
}
