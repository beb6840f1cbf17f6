//! A connection to a syslog daemon, in a thread of its own.
//!
//! Owns: the queue, and when to connect and reconnect. Does not own: the connection (`peer`), what is sent.
//!
//! Invariants: a sender never waits: neither for a name to be resolved, nor for a daemon that is away, nor for one
//! that accepts and does not read. The queue has a limit; what does not fit is lost and counted. The thread takes no
//! signals: the main thread holds them when it must.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::{SigSet, SigmaskHow};
use tracing::warn;

use super::{
    daemons::Patience,
    peer::{Connection, Peer},
};

/// From one try to connect to the next: the first pause, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// The most bytes that wait.
const MOST: usize = 1 << 18;

/// The sending side. Dropped, it lets the thread send what waits and end.
#[derive(Debug)]
pub(super) struct Stream {
    shared: Arc<Shared>,
}

/// What is still on its way.
#[derive(Debug)]
pub struct Rest(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    lost: u64,
    /// The daemon cannot be reached.
    away: bool,
    /// Nobody sends any more.
    closed: bool,
}

impl Stream {
    /// Starts the thread. With patience the daemon has to be there at once.
    pub(super) fn open(peer: Peer, patience: Patience) -> io::Result<Self> {
        let connection = match patience {
            Patience::Connect => Some(peer.connect()?),
            Patience::None => None,
        };
        let shared = Arc::new(Shared::default());
        let sender = Sender { peer, connection, shared: Arc::clone(&shared) };
        let mask = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
        let started = thread::Builder::new()
            .name("syslog".to_owned())
            .stack_size(128 << 10)
            .spawn(move || sender.run());
        mask.thread_set_mask()?;
        started?;
        Ok(Self { shared })
    }

    /// Queues a packet, or loses it.
    pub(super) fn send(&self, packet: &[u8]) {
        let mut state = self.shared.state();
        if state.bytes + packet.len() > MOST {
            state.lost += 1;
            return;
        }
        state.bytes += packet.len();
        state.waiting.push_back(packet.to_owned());
        drop(state);
        self.shared.changed.notify_all();
    }

    pub(super) fn rest(&self) -> Rest {
        Rest(Arc::clone(&self.shared))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_all();
    }
}

impl Rest {
    /// Waits until all is sent; no longer than the limit, and not for a daemon that is away.
    pub fn flush(&self, limit: Duration) {
        let until = Instant::now() + limit;
        let mut state = self.0.state();
        while !state.waiting.is_empty() && !state.away {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            state = self.0.wait(state, left);
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The thread.
struct Sender {
    peer: Peer,
    connection: Option<Connection>,
    shared: Arc<Shared>,
}

impl Sender {
    fn run(mut self) {
        let mut pause = PAUSES.0;
        while let Some(packet) = self.next() {
            match self.write(&packet) {
                Ok(()) => {
                    pause = PAUSES.0;
                    self.sent(packet.len());
                }
                Err(error) => {
                    self.connection = None;
                    if !self.is_away(&error) || !self.rested(pause) {
                        return;
                    }
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    }

    /// The packet that is next, when there is one; it stays in the queue until it is sent. None at the end.
    fn next(&self) -> Option<Vec<u8>> {
        let mut state = self.shared.state();
        loop {
            if let Some(packet) = state.waiting.front() {
                return Some(packet.clone());
            }
            if state.closed {
                return None;
            }
            state = self.shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write(&mut self, packet: &[u8]) -> io::Result<()> {
        // What is written into a connection that the daemon has closed is gone without an error.
        if self.connection.as_mut().is_some_and(Connection::is_closed) {
            self.connection = None;
        }
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.peer.connect()?),
        };
        connection.write_all(packet)
    }

    fn sent(&self, length: usize) {
        let mut state = self.shared.state();
        state.waiting.pop_front();
        state.bytes -= length;
        let was_away = std::mem::take(&mut state.away);
        let lost = if state.waiting.is_empty() || was_away { std::mem::take(&mut state.lost) } else { 0 };
        drop(state);
        self.shared.changed.notify_all();
        // Not under the lock: this is a line like any other, and is queued as well.
        if lost > 0 {
            warn!("{lost} log lines were not sent to syslog at {}: it was away, or did not read", self.peer);
        }
    }

    /// Logs it, once; false if there is no sender any more.
    fn is_away(&self, error: &io::Error) -> bool {
        let mut state = self.shared.state();
        let was_away = std::mem::replace(&mut state.away, true);
        let closed = state.closed;
        drop(state);
        self.shared.changed.notify_all();
        if !was_away && !closed {
            warn!("syslog at {} cannot be reached, its lines wait: {error}", self.peer);
        }
        !closed
    }

    /// Waits for the next try; false if there is no sender any more.
    fn rested(&self, pause: Duration) -> bool {
        let until = Instant::now() + pause;
        let mut state = self.shared.state();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if state.closed || left.is_zero() {
                return !state.closed;
            }
            state = self.shared.wait(state, left);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{
        io::Read,
        net::{TcpListener, TcpStream},
    };

    use super::{super::peer::WRITE, *};

    const LIMIT: Duration = Duration::from_secs(20);

    fn accept(listener: &TcpListener) -> TcpStream {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        stream
    }

    fn read(stream: &mut TcpStream, length: usize) -> Vec<u8> {
        let mut buffer = vec![0; length];
        stream.read_exact(&mut buffer).unwrap();
        buffer
    }

    #[test]
    fn a_daemon_that_goes_and_comes_back_gets_what_waited() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stream =
            Stream::open(Peer::Tcp("127.0.0.1".to_owned(), address.port()), Patience::Connect).unwrap();
        let mut first = accept(&listener);
        stream.send(b"one");
        assert_eq!(read(&mut first, 3), b"one");
        drop((first, listener));
        stream.send(b"two");
        stream.send(b"three");
        let listener = TcpListener::bind(address).unwrap();
        let mut second = accept(&listener);
        assert_eq!(read(&mut second, 8), b"twothree");
    }

    #[test]
    fn a_daemon_that_does_not_read_holds_nobody_up_and_what_is_lost_is_counted() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let stream = Stream::open(Peer::Tcp("127.0.0.1".to_owned(), port), Patience::Connect).unwrap();
        let began = Instant::now();
        for _ in 0..2000 {
            stream.send(&[b'x'; 10_000]);
        }
        assert!(began.elapsed() < WRITE, "{:?}", began.elapsed());
        let state = stream.shared.state();
        assert!(state.lost > 0 && state.bytes <= MOST, "{} lost, {} bytes wait", state.lost, state.bytes);
    }

    #[test]
    fn without_patience_the_daemon_may_come_later() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let peer = Peer::Tcp("127.0.0.1".to_owned(), address.port());
        assert!(Stream::open(peer.clone(), Patience::Connect).is_err());
        let stream = Stream::open(peer, Patience::None).unwrap();
        stream.send(b"early");
        let listener = TcpListener::bind(address).unwrap();
        assert_eq!(read(&mut accept(&listener), 5), b"early");
    }
}
