//! The control socket: what `ferricorn ctl` asks, and the way back for the answers.
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
        linux::net::SocketAddrExt as _,
        unix::net::{SocketAddr, UnixListener as StdListener},
    },
    sync::Arc,
    time::Duration,
};

use ferricorn_core::RequestId;
use ferricorn_wire::control::{MAX_REQUEST, Request, Response, address};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc, oneshot},
    task::JoinHandle,
    time::timeout,
};
use tracing::debug;

/// How many clients are listened to at a time. More wait in the kernel's queue.
const CLIENTS: usize = 16;

/// How long a client may take to say what it wants, and to read its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// After a failure to accept, such as a lack of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// A request, and where the answer goes.
pub(crate) struct Ask {
    pub(crate) request: Request,
    pub(crate) answer: oneshot::Sender<Response>,
}

/// The socket.
#[derive(Default)]
pub(crate) struct Control {
    asks: Option<mpsc::Receiver<Ask>>,
    accepting: Option<JoinHandle<()>>,
    waiting: BTreeMap<RequestId, oneshot::Sender<Response>>,
}

impl Control {
    /// Opens the socket. Without it the service is as good as ever, so a failure is no more than a line.
    pub(crate) fn open(&mut self) {
        let listener = match listen() {
            Ok(listener) => listener,
            Err(error) => return debug!("there is no control socket: {error}"),
        };
        let (sender, asks) = mpsc::channel(CLIENTS);
        self.asks = Some(asks);
        self.accepting = Some(tokio::spawn(accept(listener, sender)));
    }

    /// Closes the socket; whoever waits for an answer still gets it.
    pub(crate) fn close(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
        }
    }

    /// The next request. May be dropped while it waits: nothing is lost.
    pub(crate) async fn next(&mut self) -> Ask {
        if let Some(asks) = &mut self.asks
            && let Some(ask) = asks.recv().await
        {
            return ask;
        }
        std::future::pending().await
    }

    /// The answer to this request comes later.
    pub(crate) fn remember(&mut self, id: RequestId, answer: oneshot::Sender<Response>) {
        // Those that have hung up meanwhile.
        self.waiting.retain(|_, waiting| !waiting.is_closed());
        self.waiting.insert(id, answer);
    }

    /// Answers, if somebody waits for it.
    pub(crate) fn answer(&mut self, id: RequestId, response: impl FnOnce() -> Response) {
        if let Some(waiting) = self.waiting.remove(&id) {
            // It may have hung up.
            let _ = waiting.send(response());
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.close();
    }
}

fn listen() -> io::Result<UnixListener> {
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let name = address(&namespace.to_string_lossy(), ferricorn_sys::pid());
    let listener = StdListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}

async fn accept(listener: UnixListener, asks: mpsc::Sender<Ask>) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let asks = asks.clone();
        tokio::spawn(async move {
            // A client that hangs up, or is slow, has only itself to blame.
            let _ = serve(stream, &asks).await;
            drop(place);
        });
    }
}

async fn serve(mut stream: UnixStream, asks: &mpsc::Sender<Ask>) -> io::Result<()> {
    let user = stream.peer_cred()?.uid();
    if user != 0 && user != ferricorn_sys::effective_user() {
        debug!(user, "a stranger was turned away from the control socket");
        return Ok(());
    }
    let (reader, mut writer) = stream.split();
    let mut reader = BufReader::new(reader.take(MAX_REQUEST));
    let mut line = Vec::new();
    timeout(PATIENCE, reader.read_until(b'\n', &mut line)).await??;
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
