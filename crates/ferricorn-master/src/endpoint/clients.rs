//! The connections of monitoring clients: each has a place, and limits.
//!
//! Owns: accepting, places, patience. Does not own: what is answered ([`super::answer`]), when none are accepted any more
//! ([`super::door`]).
//!
//! Invariants: at most [`MOST`] connections; one that comes beyond that takes the place of the one that has made no progress
//! for longest, but never of one that was active a moment ago or waits for us; a connection ends after [`LIFE`] whatever it
//! does. Answers to requests that were sent in advance are no progress: they go to the kernel's buffers, whether the client
//! reads or not. So clients that send nothing, or half a request, or never read, cost memory for a bounded time, and an
//! honest one is answered among any number of them.

use std::{
    convert::Infallible,
    io,
    net::TcpListener as StdTcpListener,
    os::{
        fd::{AsFd as _, OwnedFd},
        unix::net::UnixListener as StdUnixListener,
    },
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::{Duration, Instant},
};

use ferricorn_sys::Listener;
use hyper::{
    header::{CONNECTION, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, UnixListener},
    task::{AbortHandle, JoinHandle},
    time::{sleep, timeout},
};

use super::{
    Request,
    answer::{Shared, answer},
    door::{Door, Entrance, State},
};

/// How many connections there are at most.
pub(super) const MOST: usize = 16;

/// How long the head of a request may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a connection may live.
const LIFE: Duration = Duration::from_secs(10);

/// How long a connection keeps its place without progress, even if others want it.
const SHELTER: Duration = Duration::from_millis(20);

/// After a failure to accept, such as a lack of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The largest head of a request, in bytes.
const LARGEST_HEAD: usize = 8192;

enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Socket {
    async fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| Stream::new(stream)),
            Self::Unix(listener) => listener.accept().await.map(|(stream, _)| Stream::new(stream)),
        }
    }
}

/// Accepts on a copy of the socket while the door is open. When the task ends, all connections do.
pub(super) fn accept(listener: &Listener, shared: Shared) -> io::Result<(JoinHandle<()>, Door)> {
    let copy: OwnedFd = listener.as_fd().try_clone_to_owned()?;
    let socket = if listener.socket_address().is_some() {
        let socket = StdTcpListener::from(copy);
        socket.set_nonblocking(true)?;
        Socket::Tcp(TcpListener::from_std(socket)?)
    } else {
        let socket = StdUnixListener::from(copy);
        socket.set_nonblocking(true)?;
        Socket::Unix(UnixListener::from_std(socket)?)
    };
    let shared = Arc::new(shared);
    let (door, mut entrance) = Door::new();
    let accepting = tokio::spawn(async move {
        let mut clients = Clients::default();
        while entrance.opens().await {
            // It counts as a client until it has heard that the door is shut: after that, nobody comes in.
            let _inside = entrance.enter();
            let accepted = tokio::select! {
                biased;
                () = entrance.changes() => continue,
                accepted = socket.accept() => accepted,
            };
            match accepted {
                Ok(stream) => {
                    clients.make_room(&shared).await;
                    clients.serve(stream, &shared, entrance.clone());
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
        drop(socket);
        // Those that are inside have their answers first.
        std::future::pending::<()>().await;
    });
    Ok((accepting, door))
}

/// Those that are connected.
#[derive(Default)]
struct Clients(Vec<Client>);

struct Client {
    task: AbortHandle,
    progress: Arc<Progress>,
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.0.iter().for_each(|client| client.task.abort());
    }
}

impl Clients {
    /// Waits until there is a place, and takes one away if no client leaves.
    async fn make_room(&mut self, shared: &Shared) {
        loop {
            self.0.retain(|client| !client.task.is_finished());
            if self.0.len() < MOST {
                return;
            }
            let slowest =
                self.0.iter().enumerate().filter_map(|(place, it)| Some((it.progress.none_for()?, place)));
            match slowest.max() {
                Some((idle, place)) if idle >= SHELTER => {
                    self.0.swap_remove(place).task.abort();
                    // When the loop has more to do than it can, it is not counted.
                    let _full = shared.requests.try_send(Request::Refused);
                    return;
                }
                Some((idle, _)) => sleep(SHELTER.saturating_sub(idle)).await,
                None => sleep(SHELTER).await,
            }
        }
    }

    fn serve(&mut self, stream: Stream, shared: &Arc<Shared>, mut entrance: Entrance) {
        let progress = Arc::clone(&stream.progress);
        let shared = Arc::clone(shared);
        let inside = entrance.enter();
        let connection = async move {
            let _inside = inside;
            let progress = Arc::clone(&stream.progress);
            let state = entrance.clone();
            let service = service_fn(|request| {
                let (shared, progress, state) = (Arc::clone(&shared), Arc::clone(&progress), state.clone());
                async move {
                    progress.request_begins();
                    let mut response = answer(&request, &shared).await;
                    progress.request_ends();
                    if state.now() != State::Open {
                        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                    }
                    Ok::<_, Infallible>(response)
                }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .max_buf_size(LARGEST_HEAD)
                .serve_connection(TokioIo::new(stream), service);
            let mut connection = std::pin::pin!(connection);
            let served = async {
                tokio::select! {
                    _ = connection.as_mut() => return,
                    () = entrance.shuts() => {}
                }
                // hyper would close one that has not sent anything yet, and it is about to.
                if progress.has_ever_sent() {
                    connection.as_mut().graceful_shutdown();
                }
                // A client that hangs up, or is slow, has only itself to blame.
                let _ = connection.await;
            };
            let _ = timeout(LIFE, served).await;
        };
        self.0.push(Client { task: tokio::spawn(connection).abort_handle(), progress });
    }
}

/// When a connection has last moved.
struct Progress {
    last: Mutex<Instant>,
    /// A request is complete, and it is for us to answer.
    ours: AtomicBool,
    /// The client has sent something since the last request began.
    has_sent: AtomicBool,
    /// The client has sent something at all.
    has_ever_sent: AtomicBool,
    /// The request being answered was sent together with one before it.
    in_advance: AtomicBool,
}

impl Progress {
    fn new() -> Self {
        Self {
            last: Mutex::new(Instant::now()),
            ours: AtomicBool::new(false),
            has_sent: AtomicBool::new(false),
            has_ever_sent: AtomicBool::new(false),
            in_advance: AtomicBool::new(false),
        }
    }

    fn note(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn sent(&self) {
        self.has_sent.store(true, Ordering::Relaxed);
        self.has_ever_sent.store(true, Ordering::Relaxed);
        self.note();
    }

    fn has_ever_sent(&self) -> bool {
        self.has_ever_sent.load(Ordering::Relaxed)
    }

    /// Notes what we did for the client, unless it was for a request sent in advance.
    fn served(&self) {
        if !self.in_advance.load(Ordering::Relaxed) {
            self.note();
        }
    }

    fn request_begins(&self) {
        let sent = self.has_sent.swap(false, Ordering::Relaxed);
        self.in_advance.store(!sent, Ordering::Relaxed);
        self.ours.store(sent, Ordering::Relaxed);
        self.served();
    }

    fn request_ends(&self) {
        self.ours.store(false, Ordering::Relaxed);
        self.served();
    }

    /// For how long there was none for which the client is to blame; `None` while it waits for us.
    fn none_for(&self) -> Option<Duration> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        (!self.ours.load(Ordering::Relaxed)).then(|| last.elapsed())
    }
}

trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// A connection that notes its progress.
struct Stream {
    inner: Box<dyn Transport>,
    progress: Arc<Progress>,
}

impl Stream {
    fn new(inner: impl Transport + 'static) -> Self {
        Self { inner: Box::new(inner), progress: Arc::new(Progress::new()) }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.progress.sent();
        }
        result
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(context, data);
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.progress.served();
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
