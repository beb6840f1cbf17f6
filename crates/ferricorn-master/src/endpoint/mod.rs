//! The endpoint for monitoring: metrics, probes, and the status page, by HTTP on an address of its own.
//!
//! Owns: its listening socket, who may read what, the asking of the loop, when it takes no clients. Does not own: the
//! connections ([`clients`]), what is answered ([`answer`]), the facts (`world`).
//!
//! Invariants: it is off unless an address was given; it runs in the master's own loop and never holds that up: a client has
//! limits of size and time, and an answer is made from memory.

mod answer;
mod clients;
mod door;
mod token;

use std::{
    future::poll_fn,
    os::fd::AsRawFd as _,
    path::PathBuf,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use ferricorn_config::{Bind, Metrics};
use ferricorn_sys::{Access, ListenError, Listener};
use ferricorn_telemetry::metrics::Service;
use ferricorn_wire::{observation::Observation, upgrade::ListenerState};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tracing::{error, info, warn};

use self::{
    door::{Door, State},
    token::Token,
};
use crate::outside::addresses::{bind_alone, held_by, hint, shown};

/// The queue of connections that were not accepted yet.
const BACKLOG: u32 = 1024;

/// The rights of the file of a unix socket: of the owner and the group.
const UMASK: u32 = 0o117;

/// How old the facts may be that are shown. Whoever asks within that time gets the same.
const FRESH: Duration = Duration::from_millis(50);

/// How long clients may take to get their last answer before the program is replaced, or the socket closed: as long as a
/// head may take, so that one who says nothing holds up an upgrade no longer.
const LEAVE: Duration = Duration::from_secs(5);

/// Everything that the endpoint shows.
pub(crate) struct Report {
    pub(crate) service: Service,
    pub(crate) observation: Observation,
}

/// What a client's task asks the loop for.
pub(crate) type Ask = oneshot::Sender<Arc<Report>>;

/// What the loop does next about the endpoint.
pub(crate) enum Request {
    /// Find out how the service is, and answer it.
    Look(Ask),
    /// A client was turned away.
    Refused,
}

/// The endpoint, or none.
#[derive(Default)]
pub(crate) struct Endpoint {
    open: Option<Open>,
    /// What was closed, while the last clients are answered.
    leaving: Vec<Inside>,
    latest: Option<(Instant, Arc<Report>)>,
}

struct Open {
    listener: Listener,
    given: Metrics,
    inside: Inside,
}

/// The clients of one socket.
struct Inside {
    requests: mpsc::Receiver<Request>,
    door: Door,
    /// Since when none are taken any more.
    shut: Option<Instant>,
    _accepting: Task,
}

impl Inside {
    fn shut(&mut self, state: State) {
        self.door.set(state);
        self.shut.get_or_insert_with(Instant::now);
    }

    /// Whether nobody is to be waited for.
    fn has_left(&self) -> bool {
        self.door.is_empty() || self.shut.is_some_and(|since| since.elapsed() >= LEAVE)
    }
}

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A socket that is bound, and a token that was read: what cannot be had ends a start, and leaves a reload as it was.
pub(crate) struct Prepared {
    listener: Listener,
    /// The file of a unix socket that becomes ours with the service.
    file: Option<PathBuf>,
    token: Option<Token>,
    given: Metrics,
}

/// Takes the address and reads the token. `None` if no address is wanted.
pub(crate) fn prepare(metrics: &Metrics) -> Result<Option<Prepared>, String> {
    let Some(bind) = &metrics.bind else { return Ok(None) };
    let token = read_token(metrics)?;
    let listener =
        listen(bind).map_err(|error| format!("cannot serve metrics at {}: {error}", shown(bind)))?;
    Ok(Some(Prepared { listener, file: None, token, given: metrics.clone() }))
}

/// The same on the socket that a predecessor has left.
pub(crate) fn inherit(metrics: &Metrics, state: Option<&ListenerState>) -> Result<Option<Prepared>, String> {
    let Some(state) = state else { return prepare(metrics) };
    let mut listener = Listener::inherited(state.descriptor).map_err(|error| error.to_string())?;
    if metrics.bind.is_none() {
        return Ok(None);
    }
    if state.ours {
        listener.own();
    }
    let file = state.file.as_ref().map(PathBuf::from);
    Ok(Some(Prepared { listener, file, token: read_token(metrics)?, given: metrics.clone() }))
}

fn read_token(metrics: &Metrics) -> Result<Option<Token>, String> {
    metrics.token_file.as_deref().map(Token::read).transpose()
}

fn listen(bind: &Bind) -> Result<Listener, String> {
    let explain = |error: ListenError| format!("{}{}{}", error.why(), hint(bind, &error), held_by(bind));
    let listener = bind_alone(bind, Access { umask: UMASK, owner: None }).map_err(explain)?;
    listener.listen(BACKLOG).map_err(|error| error.to_string())?;
    Ok(listener)
}

impl Endpoint {
    /// Serves there from now on, and no longer at the old address.
    pub(crate) fn open(&mut self, prepared: Option<Prepared>) {
        self.close();
        let Some(Prepared { mut listener, file, token, given }) = prepared else { return };
        if let Some(file) = file
            && let Err(error) = listener.take_file(&file)
        {
            warn!("the file of {} is gone: {error}", listener.address());
        }
        let is_private = listener.socket_address().is_none_or(|it| it.ip().is_loopback());
        if token.is_none() && !is_private {
            warn!(
                "whoever reaches {} can read the metrics: no token is asked for (hint: --metrics-token-file)",
                listener.address()
            );
        }
        // Paths are shown only to readers with a right to them.
        let shows_paths = token.is_some() || listener.socket_address().is_none();
        let (sender, requests) = mpsc::channel(clients::MOST);
        let shared = answer::Shared { token, shows_paths, requests: sender };
        match clients::accept(&listener, shared) {
            Ok((accepting, door)) => {
                info!("Metrics at: {}", listener.address());
                let inside = Inside { requests, door, shut: None, _accepting: Task(accepting) };
                self.open = Some(Open { listener, given, inside });
            }
            Err(error) => error!("cannot serve metrics: {error}"),
        }
    }

    /// Takes new settings. A failure is logged, and the old settings stay.
    pub(crate) fn change(&mut self, metrics: &Metrics) {
        match self.open.take() {
            None if metrics.bind.is_none() => {}
            Some(open) if open.given == *metrics => self.open = Some(open),
            // The socket stays, and only who may read changes.
            Some(open) if open.given.bind == metrics.bind => match read_token(metrics) {
                Ok(token) => {
                    let listener = self.leave(open);
                    self.open(Some(Prepared { listener, file: None, token, given: metrics.clone() }));
                }
                Err(error) => self.go_on(Some(open), &error),
            },
            before => match prepare(metrics) {
                Ok(prepared) => {
                    before.map(|open| self.leave(open));
                    self.open(prepared);
                }
                Err(error) => self.go_on(before, &error),
            },
        }
    }

    fn go_on(&mut self, before: Option<Open>, error: &str) {
        error!("{error}; metrics go on as they were");
        self.open = before;
    }

    /// Stops to serve, after the last answers.
    pub(crate) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            drop(self.leave(open));
        }
    }

    /// Lets its clients have their answers; returns its socket.
    fn leave(&mut self, open: Open) -> Listener {
        let Open { listener, mut inside, .. } = open;
        inside.shut(State::Closed);
        self.leaving.push(inside);
        listener
    }

    /// Takes no clients for now: they wait in the kernel's queue. Returns whether those that were inside have left.
    pub(crate) fn empties(&mut self) -> bool {
        self.open.as_mut().is_none_or(|open| {
            open.inside.shut(State::Shut);
            open.inside.has_left()
        })
    }

    /// Takes clients again.
    pub(crate) fn take_again(&mut self) {
        if let Some(Open { inside, .. }) = &mut self.open {
            inside.shut = None;
            inside.door.set(State::Open);
        }
    }

    /// Stops to serve, and leaves the file of a unix socket to the successor.
    pub(crate) fn hand_over(&mut self) {
        if let Some(open) = &mut self.open {
            open.listener.leave_file();
        }
        self.close();
    }

    /// The socket, to leave it to the next program.
    pub(crate) fn state(&self) -> Option<ListenerState> {
        let listener = &self.open.as_ref()?.listener;
        Some(ListenerState {
            descriptor: listener.as_raw_fd(),
            file: listener.file().map(|path| path.to_string_lossy().into_owned()),
            ours: listener.is_ours(),
        })
    }

    /// The next thing that a client wants of the loop. Never comes if there is no client.
    pub(crate) async fn next(&mut self) -> Request {
        self.leaving.retain(|inside| !inside.has_left());
        poll_fn(|context| {
            let open = self.open.iter_mut().map(|open| &mut open.inside);
            for inside in self.leaving.iter_mut().chain(open) {
                if let Poll::Ready(Some(request)) = inside.requests.poll_recv(context) {
                    return Poll::Ready(request);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Answers at once what was found out a moment ago; gives the question back otherwise.
    pub(crate) fn answer_at_once(&self, ask: Ask) -> Option<Ask> {
        match &self.latest {
            Some((at, report)) if at.elapsed() < FRESH => {
                // It may have hung up.
                let _ = ask.send(Arc::clone(report));
                None
            }
            _ => Some(ask),
        }
    }

    /// Keeps what was found out, for those who ask in the next moment.
    pub(crate) fn remember(&mut self, report: &Arc<Report>) {
        self.latest = Some((Instant::now(), Arc::clone(report)));
    }
}
