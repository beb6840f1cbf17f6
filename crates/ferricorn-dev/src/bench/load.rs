//! The client: a fixed number of requests over a few kept connections.
//!
//! Theory of operation: what a request costs a Python server depends on how many it finds waiting when its event loop
//! wakes up, and so on the client's rhythm and on how evenly connections lie on the workers. Both are therefore the
//! same for every server: one thread for each worker writes a request on each of its connections, then reads all the
//! answers, and begins again; connections are opened until each worker has as many as the others. Each worker shares a
//! processor with the thread that asks it: left to the system, where the two run differs from start to start, and with
//! it how many requests a wake-up finds, which makes more of a difference than the servers do. What is compared is the
//! cost of a request, and nothing else.

use std::{
    collections::BTreeMap,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    sync::Barrier,
    thread,
    time::Duration,
};

use super::process;
use crate::failure::Failure;

/// How many connections each worker has.
const CONNECTIONS_PER_WORKER: usize = 4;
/// How many connections are tried until the workers have equally many: uvicorn's workers take them by chance.
const MOST_TRIES: usize = 2000;
/// The longest that one answer may take.
const LIMIT: Duration = Duration::from_secs(30);

/// A kept connection.
struct Connection {
    stream: TcpStream,
    /// Bytes that are read and not yet used.
    buffer: Vec<u8>,
}

impl Connection {
    fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    fn ask(&mut self, request: &[u8]) -> io::Result<()> {
        self.stream.write_all(request)
    }

    /// Reads one whole answer; its body. Anything but status 200 is an error.
    fn answer(&mut self) -> io::Result<Vec<u8>> {
        loop {
            if let Some((head, length)) = head_and_length(&self.buffer)?
                && self.buffer.len() >= head + length
            {
                let body = self.buffer[head..head + length].to_vec();
                self.buffer.drain(..head + length);
                return Ok(body);
            }
            let mut part = [0; 4096];
            match self.stream.read(&mut part)? {
                0 => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed")),
                read => self.buffer.extend_from_slice(&part[..read]),
            }
        }
    }

    fn get(&mut self, request: &[u8]) -> io::Result<Vec<u8>> {
        self.ask(request)?;
        self.answer()
    }
}

/// The bytes of a request without a body.
fn request(port: u16, path: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: ferricorn-bench\r\nAccept: */*\r\n{more}\r\n")
        .into_bytes()
}

/// Where the body begins and how long it is; `None` while the head is not complete.
fn head_and_length(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let wrong = || io::Error::other(format!("the answer is not what the bench expects: {head}"));
    let mut lines = head.split("\r\n");
    if !lines.next().is_some_and(|line| line.starts_with("HTTP/1.1 200")) {
        return Err(wrong());
    }
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
    });
    Ok(Some((end + 4, length.ok_or_else(wrong)?)))
}

/// Asks once on a new connection that ends with the answer.
pub(crate) fn ask_once(port: u16, path: &str) -> io::Result<Vec<u8>> {
    Connection::open(port)?.get(&request(port, path, "Connection: close\r\n"))
}

/// Kept connections, equally many on each worker.
pub(crate) struct Load {
    request: Vec<u8>,
    by_worker: Vec<Vec<Connection>>,
}

impl Load {
    /// Opens connections until each of so many workers has its share.
    pub(crate) fn open(port: u16, workers: usize) -> Result<Self, Failure> {
        let pid = request(port, "/pid", "");
        let mut by_worker: BTreeMap<Vec<u8>, Vec<Connection>> = BTreeMap::new();
        // Those too many stay open until all have their share: a worker that must spread would else get the next one.
        let mut surplus = Vec::new();
        for _ in 0..MOST_TRIES {
            let full = |connections: &Vec<Connection>| connections.len() == CONNECTIONS_PER_WORKER;
            if by_worker.len() == workers && by_worker.values().all(full) {
                for (number, pid) in by_worker.keys().enumerate() {
                    let pid = String::from_utf8_lossy(pid).parse().map_err(|error| {
                        Failure::new(format!("the answer to `/pid` is no number: {error}"))
                    })?;
                    process::keep_to_processor(pid, number);
                }
                let by_worker = by_worker.into_values().collect();
                return Ok(Self { request: request(port, "/", ""), by_worker });
            }
            let opened = Connection::open(port).and_then(|mut connection| {
                let worker = connection.get(&pid)?;
                Ok((worker, connection))
            });
            let (worker, connection) = opened.map_err(|error| lost(&error))?;
            let share = by_worker.entry(worker).or_default();
            if share.len() < CONNECTIONS_PER_WORKER {
                share.push(connection);
            } else {
                surplus.push(connection);
            }
        }
        Err(Failure::new(format!("{MOST_TRIES} connections did not reach all of {workers} workers evenly")))
    }

    /// Sends at least so many requests and reads their answers; how many they were.
    pub(crate) fn run(&mut self, requests: usize) -> Result<usize, Failure> {
        let rounds = requests.div_ceil(CONNECTIONS_PER_WORKER * self.by_worker.len());
        let request = &self.request;
        let answered = thread::scope(|scope| {
            let spawned = self.by_worker.iter_mut().enumerate().map(|(number, connections)| {
                scope.spawn(move || {
                    process::keep_to_processor(0, number);
                    drive(connections, request, rounds)
                })
            });
            let threads: Vec<_> = spawned.collect();
            let ends = threads.into_iter().map(|thread| thread.join().expect("the client does not panic"));
            ends.sum::<io::Result<usize>>()
        });
        answered.map_err(|error| lost(&error))
    }
}

fn drive(connections: &mut [Connection], request: &[u8], rounds: usize) -> io::Result<usize> {
    for _ in 0..rounds {
        for connection in &mut *connections {
            connection.ask(request)?;
        }
        for connection in &mut *connections {
            connection.answer()?;
        }
    }
    Ok(rounds * connections.len())
}

/// A connection for each request, so many at a time; how many requests were answered, at least as many as asked for.
pub(crate) fn run_unkept(port: u16, in_flight: usize, requests: usize) -> Result<usize, Failure> {
    let each = requests.div_ceil(in_flight);
    let one_after_the_other = || (0..each).try_for_each(|_| ask_once(port, "/").map(drop));
    let ended = thread::scope(|scope| {
        let threads: Vec<_> = (0..in_flight).map(|_| scope.spawn(one_after_the_other)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("the client does not panic"))
    });
    ended.map_err(|error| lost(&error))?;
    Ok(each * in_flight)
}

/// Opens so many connections at once and keeps them until each has its answer; how many each worker has taken.
pub(crate) fn shares(port: u16, connections: usize) -> Result<Vec<usize>, Failure> {
    let (request, start) = (request(port, "/pid", ""), Barrier::new(connections));
    let open = || {
        start.wait();
        let mut connection = Connection::open(port)?;
        let worker = connection.get(&request)?;
        Ok((worker, connection))
    };
    let opened: io::Result<Vec<_>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().expect("the client does not panic")).collect()
    });
    let mut shares: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for (worker, _kept) in opened.map_err(|error| lost(&error))? {
        *shares.entry(worker).or_default() += 1;
    }
    Ok(shares.into_values().collect())
}

fn lost(error: &io::Error) -> Failure {
    Failure::new(format!("a request was not answered: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_head_and_its_length_are_there() {
        let answer = b"HTTP/1.1 200 OK\r\ndate: today\r\nContent-Length: 13\r\n\r\nHello, world!";
        assert_eq!(head_and_length(answer).expect("a good answer"), Some((answer.len() - 13, 13)));
        assert_eq!(head_and_length(&answer[..40]).expect("the beginning of a good answer"), None);
    }

    #[test]
    fn any_other_status_is_an_error() {
        assert!(head_and_length(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(head_and_length(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
