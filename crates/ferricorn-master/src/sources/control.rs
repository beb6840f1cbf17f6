//! The control socket: the requests of `ferricorn ctl`, and their answers.
//!
//! Owns: the abstract socket, its connections, which answer belongs to whom. Does not own: what is done about a request
//! (`world`).
//!
//! Invariants, whatever clients do: at most [`CLIENTS`] of them are listened to, each for at most [`PATIENCE`] until its
//! request is complete and again until its answer is read; a line is bounded; only root and our own user are answered.
//! The socket has no file: nothing is left behind, and nothing has to be writable.

use std::{
    collections::BTreeMap,
    fs, io,
    os::{
        fd::{AsRawFd, RawFd},
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener as StdListener},
    },
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use ferricorn_core::RequestId;
use ferricorn_sys::inherit;
use ferricorn_wire::control::{MAX_REQUEST, Request, Response, address};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot},
    time::timeout,
};
use tracing::debug;

/// How many clients are listened to at a time. More wait in the kernel's queue.
const CLIENTS: usize = 16;

/// How long a client may take to say what it wants, and to read its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// After a failure to accept, such as a lack of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// How long the end of the master waits for clients that read their answers.
const FAREWELL: Duration = Duration::from_secs(1);

/// How long it waits for clients that were let in and have said nothing yet.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// How often it looks whether they are done.
const A_MOMENT: Duration = Duration::from_millis(5);

/// A request, and where the answer goes.
pub(crate) struct Ask {
    pub(crate) request: Request,
    pub(crate) answer: oneshot::Sender<Response>,
}

/// The socket.
pub(crate) struct Control {
    listener: Option<UnixListener>,
    /// A client that is listened to has one.
    places: Arc<Semaphore>,
    sender: mpsc::Sender<Ask>,
    asks: mpsc::Receiver<Ask>,
    waiting: BTreeMap<RequestId, oneshot::Sender<Response>>,
    /// Clients that have said what they want, and have not got the whole answer.
    open: Arc<AtomicUsize>,
}

impl Control {
    /// Without a socket.
    pub(crate) fn closed() -> Self {
        let (sender, asks) = mpsc::channel(CLIENTS);
        Self {
            listener: None,
            places: Arc::new(Semaphore::new(CLIENTS)),
            sender,
            asks,
            waiting: BTreeMap::new(),
            open: Arc::default(),
        }
    }

    /// Opens the socket. Without it the service is as good as ever, so a failure is no more than a line.
    pub(crate) fn open(&mut self) {
        self.listen_at(listen());
    }

    /// Takes the socket that a program in this very process has left, where clients may be waiting.
    pub(crate) fn inherit(&mut self, socket: RawFd) {
        self.listen_at(inherit::descriptor(socket).and_then(|socket| adopt(socket.into())));
    }

    fn listen_at(&mut self, listener: io::Result<UnixListener>) {
        match listener {
            Ok(listener) => self.listener = Some(listener),
            Err(error) => debug!("there is no control socket: {error}"),
        }
    }

    /// The socket's descriptor, to leave it to the next program.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        self.listener.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Closes the socket at once. Clients that were let in, or wait to be, still get an answer.
    pub(crate) fn close(&mut self) {
        let Some(Ok(listener)) = self.listener.take().map(UnixListener::into_std) else { return };
        while let Ok((stream, _)) = listener.accept()
            && let Ok(place) = Arc::clone(&self.places).try_acquire_owned()
        {
            if let Ok(stream) = stream.set_nonblocking(true).and_then(|()| UnixStream::from_std(stream)) {
                self.serve(stream, place);
            }
        }
    }

    /// The end of the master: new clients are told so, and no client loses an answer that was given.
    pub(crate) async fn end(mut self) {
        self.close();
        self.waiting.clear();
        let deadline = Instant::now() + FAREWELL;
        let mut quiet_at = Instant::now() + LAST_WORDS;
        while Instant::now() < deadline {
            let busy = self.open.load(Ordering::Relaxed) > 0;
            if !busy && (self.places.available_permits() == CLIENTS || Instant::now() >= quiet_at) {
                return;
            }
            if let Ok(Some(ask)) = timeout(A_MOMENT, self.asks.recv()).await {
                quiet_at = Instant::now() + LAST_WORDS;
                // It may have hung up.
                let _ = ask.answer.send(match ask.request {
                    Request::Stop => Response::Done { text: "the service stops".to_owned() },
                    _ => Response::Failed { text: "the service is stopping".to_owned() },
                });
            }
        }
    }

    /// The next request. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> Ask {
        loop {
            let accepted = tokio::select! {
                biased;
                Some(ask) = self.asks.recv() => return ask,
                accepted = accept(self.listener.as_ref(), &self.places) => accepted,
            };
            self.serve(accepted.0, accepted.1);
        }
    }

    fn serve(&self, stream: UnixStream, place: OwnedSemaphorePermit) {
        let (asks, open) = (self.sender.clone(), Arc::clone(&self.open));
        tokio::spawn(async move {
            // A client that hangs up, or is slow, has only itself to blame.
            let _ = converse(stream, &asks, open).await;
            drop(place);
        });
    }

    /// Whether a client is about to get an answer, or to send a request. A client that waits for the outcome of
    /// something does not count.
    pub(crate) fn is_busy(&self) -> bool {
        self.open.load(Ordering::Relaxed) > self.waiting.values().filter(|it| !it.is_closed()).count()
    }

    /// Whether a client waits for the outcome of something.
    pub(crate) fn is_awaited(&self) -> bool {
        self.waiting.values().any(|waiting| !waiting.is_closed())
    }

    /// The answer to this request comes later.
    pub(crate) fn remember(&mut self, id: RequestId, answer: oneshot::Sender<Response>) {
        // Those that have hung up meanwhile.
        self.waiting.retain(|_, waiting| !waiting.is_closed());
        self.waiting.insert(id, answer);
    }

    /// Answers, if a client waits for it.
    pub(crate) fn answer(&mut self, id: RequestId, response: impl FnOnce() -> Response) {
        if let Some(waiting) = self.waiting.remove(&id) {
            // It may have hung up.
            let _ = waiting.send(response());
        }
    }
}

fn listen() -> io::Result<UnixListener> {
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let name = address(&namespace.to_string_lossy(), ferricorn_sys::pid());
    adopt(StdListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?)
}

fn adopt(listener: StdListener) -> io::Result<UnixListener> {
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

/// The next client, when there is a place for it. Never comes without a listener.
async fn accept(
    listener: Option<&UnixListener>,
    places: &Arc<Semaphore>,
) -> (UnixStream, OwnedSemaphorePermit) {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else {
            return std::future::pending().await;
        };
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Counts one client as long as it lives.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(count: Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

async fn converse(
    mut stream: UnixStream,
    asks: &mpsc::Sender<Ask>,
    open: Arc<AtomicUsize>,
) -> io::Result<()> {
    let user = stream.peer_cred()?.uid();
    if user != 0 && user != ferricorn_sys::effective_user() {
        debug!(user, "a stranger was turned away from the control socket");
        return Ok(());
    }
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader.take(MAX_REQUEST));
    let mut line = Vec::new();
    timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await??;
    let _open = Open::new(open);
    let response = match ferricorn_wire::decode::<Request>(&line) {
        Err(error) => Response::Failed { text: format!("the request cannot be understood: {error}") },
        Ok(request) => {
            let (answer, response) = oneshot::channel();
            if asks.send(Ask { request, answer }).await.is_err() {
                return Ok(());
            }
            tokio::select! {
                response = response => match response {
                    Ok(response) => response,
                    Err(_ended) => return Ok(()),
                },
                // Whatever it sends more, or its end: it does not wait any longer.
                _ = reader.read_u8() => return Ok(()),
            }
        }
    };
    let mut packet = ferricorn_wire::encode(&response);
    packet.push(b'\n');
    timeout(PATIENCE, writer.write_all(&packet)).await?
}
