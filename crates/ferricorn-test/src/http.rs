//! A small, strict HTTP/1.1 client, which never retries and judges how each request ended.
//!
//! Owns: one connection, the framing of answers (chunked, by length, until close), the verdict. Does not own: what
//! the application should have answered.

use std::{
    fmt::{self, Write as _},
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
    path::PathBuf,
    time::{Duration, Instant},
};

use crate::tls;

/// How long a client waits for a connection, and for each piece of an answer, by default.
pub const LIMIT: Duration = Duration::from_secs(20);

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// Address and port.
    Tcp(SocketAddr),
    /// The path of a unix socket.
    Unix(PathBuf),
    /// Address and port, spoken to over TLS; any certificate of [`tls`] will do.
    Tls(SocketAddr),
}

impl Address {
    /// Reads `http://HOST:PORT`, `https://HOST:PORT` or `unix:PATH` as the log writes them. An address that means "all" becomes the
    /// loopback address of its family.
    pub fn parse(text: &str) -> Self {
        if let Some(path) = text.strip_prefix("unix:") {
            return Self::Unix(path.into());
        }
        let secure = text.strip_prefix("https://");
        let host = secure.or(text.strip_prefix("http://")).unwrap_or(text);
        let mut address: SocketAddr = host.parse().unwrap_or_else(|_| panic!("not an address: `{text}`"));
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                "::1".parse().expect("valid")
            });
        }
        if secure.is_some() { Self::Tls(address) } else { Self::Tcp(address) }
    }

    /// The port of a TCP address.
    pub fn port(&self) -> u16 {
        match self {
            Self::Tcp(address) | Self::Tls(address) => address.port(),
            Self::Unix(path) => panic!("a unix socket has no port: {}", path.display()),
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// One complete answer.
    Ok,
    /// No connection.
    Refused,
    /// The connection ended before the first byte of the answer.
    Reset,
    /// The connection ended within the answer.
    Truncated,
    /// No (complete) answer in time.
    Timeout,
    /// A complete answer with a status of 500 or more.
    ServerError,
    /// The application began the same request twice (the ledger says so).
    Duplicate,
    /// A complete answer, but not to this request, or not HTTP.
    Garbled,
}

impl Verdict {
    /// Whether the client wrote a byte and got no complete answer of its own.
    pub fn is_lost(self) -> bool {
        matches!(self, Self::Reset | Self::Truncated | Self::Timeout | Self::Garbled)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A complete answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Names in lower case with their values, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, without its framing.
    pub body: Vec<u8>,
    /// From the first byte of the request to the last one of the answer.
    pub took: Duration,
}

impl Response {
    /// The first value of a header; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the server said that this is the last answer on the connection.
    pub fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

/// A connection on which requests are sent one after the other.
pub struct Connection {
    stream: Box<dyn Duplex>,
    /// Bytes that were read beyond the last answer.
    pub(crate) ahead: Vec<u8>,
    written: Instant,
    handed_over: Instant,
}

impl Connection {
    /// Opens a connection with the usual limit.
    ///
    /// # Errors
    /// [`Verdict::Refused`] if nothing listens.
    pub fn open(address: &Address) -> Result<Self, Verdict> {
        Self::open_within(address, LIMIT)
    }

    /// Opens a connection; the limit holds for each read of an answer as well.
    ///
    /// # Errors
    /// [`Verdict::Refused`] if nothing listens, [`Verdict::Timeout`] if nothing answers.
    pub fn open_within(address: &Address, limit: Duration) -> Result<Self, Verdict> {
        let tcp = |address| {
            let stream = TcpStream::connect_timeout(address, limit)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(limit))?;
            stream.set_write_timeout(Some(limit))?;
            io::Result::Ok(stream)
        };
        let stream: io::Result<Box<dyn Duplex>> = match address {
            Address::Tcp(address) => tcp(address).map(|stream| Box::new(stream) as Box<dyn Duplex>),
            Address::Tls(address) => {
                tcp(address).map(|stream| Box::new(tls::over(stream)) as Box<dyn Duplex>)
            }
            Address::Unix(path) => UnixStream::connect(path).and_then(|stream| {
                stream.set_read_timeout(Some(limit))?;
                stream.set_write_timeout(Some(limit))?;
                Ok(Box::new(stream) as Box<dyn Duplex>)
            }),
        };
        let stream = stream.map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut => Verdict::Timeout,
            _ => Verdict::Refused,
        })?;
        let now = Instant::now();
        Ok(Self { stream, ahead: Vec::new(), written: now, handed_over: now })
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// [`Verdict::Reset`] when the connection is gone.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Verdict> {
        self.written = Instant::now();
        let result = self.stream.write_all(bytes).map_err(|error| judge(&error, false));
        self.handed_over = Instant::now();
        result
    }

    /// When the kernel had all that was sent last.
    pub(crate) fn handed_over(&self) -> Instant {
        self.handed_over
    }

    /// Sends a GET and reads the answer.
    ///
    /// # Errors
    /// How the request ended, if not with a complete answer.
    pub fn get(&mut self, path: &str) -> Result<Response, Verdict> {
        self.request("GET", path, &[], b"")
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// How the request ended, if not with a complete answer.
    pub fn request(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Response, Verdict> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").expect("a String takes every write");
        }
        if !body.is_empty() {
            write!(head, "Content-Length: {}\r\n", body.len()).expect("a String takes every write");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes)?;
        self.receive()
    }

    /// Reads one answer.
    ///
    /// # Errors
    /// How the request ended, if not with a complete answer.
    pub fn receive(&mut self) -> Result<Response, Verdict> {
        let (status, headers) = self.receive_head()?;
        let mut response = Response { status, headers, body: Vec::new(), took: Duration::ZERO };
        let chunked = response.header("transfer-encoding").is_some_and(|value| value.contains("chunked"));
        let length = response.header("content-length").map(|value| value.trim().parse::<usize>());
        response.body = match (chunked, length) {
            (true, _) => self.chunked()?,
            (false, Some(Ok(length))) => self.take(length)?,
            (false, Some(Err(_))) => return Err(Verdict::Garbled),
            (false, None) if matches!(status, 101 | 204 | 304) => Vec::new(),
            (false, None) => self.until_close()?,
        };
        response.took = self.written.elapsed();
        Ok(response)
    }

    /// Reads the head of an answer only: the body, or another protocol, follows.
    ///
    /// # Errors
    /// How the request ended, if not with a complete head.
    pub fn receive_head(&mut self) -> Result<(u16, Vec<(String, String)>), Verdict> {
        let end = loop {
            if let Some(end) = find(&self.ahead, b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head: Vec<u8> = self.ahead.drain(..end + 4).collect();
        let head = String::from_utf8(head).map_err(|_| Verdict::Garbled)?;
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok());
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        });
        let headers: Option<Vec<_>> = headers.collect();
        status.zip(headers).ok_or(Verdict::Garbled)
    }

    /// Takes this many bytes.
    ///
    /// # Errors
    /// How the request ended, if they do not all come.
    pub fn take(&mut self, length: usize) -> Result<Vec<u8>, Verdict> {
        while self.ahead.len() < length {
            self.more().map_err(within_answer)?;
        }
        Ok(self.ahead.drain(..length).collect())
    }

    fn chunked(&mut self) -> Result<Vec<u8>, Verdict> {
        let mut body = Vec::new();
        loop {
            let line = self.chunk_line()?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| Verdict::Garbled)?;
            if size == 0 {
                while !self.chunk_line()?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size)?);
            if self.take(2)? != b"\r\n" {
                return Err(Verdict::Garbled);
            }
        }
    }

    fn chunk_line(&mut self) -> Result<String, Verdict> {
        let end = loop {
            if let Some(end) = find(&self.ahead, b"\r\n") {
                break end;
            }
            self.more().map_err(within_answer)?;
        };
        let line: Vec<u8> = self.ahead.drain(..end + 2).collect();
        String::from_utf8(line).map(|line| line.trim_end().to_owned()).map_err(|_| Verdict::Garbled)
    }

    fn until_close(&mut self) -> Result<Vec<u8>, Verdict> {
        let mut body = std::mem::take(&mut self.ahead);
        match self.stream.read_to_end(&mut body) {
            Ok(_) => Ok(body),
            Err(error) => Err(judge(&error, true)),
        }
    }

    /// Waits until the server closes; says how long that took. What it sends before is thrown away.
    ///
    /// # Errors
    /// [`Verdict::Timeout`] when it does not within the connection's limit.
    pub fn wait_closed(&mut self) -> Result<Duration, Verdict> {
        let start = Instant::now();
        let mut bytes = [0; 4096];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Ok(start.elapsed()),
                Ok(_) => {}
                Err(error) if judge(&error, true) == Verdict::Timeout => return Err(Verdict::Timeout),
                Err(_) => return Ok(start.elapsed()),
            }
        }
    }

    fn more(&mut self) -> Result<(), Verdict> {
        let mut bytes = [0; 16 * 1024];
        let begun = !self.ahead.is_empty();
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(if begun { Verdict::Truncated } else { Verdict::Reset }),
                Ok(read) => {
                    self.ahead.extend_from_slice(&bytes[..read]);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(judge(&error, begun)),
            }
        }
    }
}

fn judge(error: &io::Error, begun: bool) -> Verdict {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Verdict::Timeout,
        _ if begun => Verdict::Truncated,
        _ => Verdict::Reset,
    }
}

/// The head has come: what ends now, ends within the answer.
fn within_answer(verdict: Verdict) -> Verdict {
    if verdict == Verdict::Reset { Verdict::Truncated } else { verdict }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// One GET on a connection of its own, with `Connection: close`.
///
/// # Errors
/// How the request ended, if not with a complete answer.
pub fn get(address: &Address, path: &str) -> Result<Response, Verdict> {
    Connection::open(address)?.request("GET", path, &[("Connection", "close")], b"")
}

/// Whether connections are accepted.
pub fn listens(address: &Address) -> bool {
    Connection::open_within(address, Duration::from_secs(1)).is_ok()
}
