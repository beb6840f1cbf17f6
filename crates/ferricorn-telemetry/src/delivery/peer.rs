//! A syslog daemon that is reached by a connection, over TCP or a unix socket.
//!
//! Owns: where it listens, connecting and writing within a limit of time. Does not own: what is sent, and what happens when
//! that fails (`stream`).

use std::{
    fmt,
    io::{self, Read, Write},
    net::TcpStream,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    path::PathBuf,
    time::Duration,
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::datagram::first;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How long to wait for a daemon that does not read before the connection is made again.
pub(super) const WRITE: Duration = Duration::from_secs(5);

/// Where the daemon listens.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// A connection that takes log lines.
#[derive(Debug)]
pub(super) enum Connection {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Peer {
    /// Connects, or says why not within two seconds.
    pub(super) fn connect(&self) -> io::Result<Connection> {
        Ok(match self {
            Self::Tcp(host, port) => {
                let stream = TcpStream::connect_timeout(&first(host, *port)?, CONNECT)?;
                stream.set_write_timeout(Some(WRITE))?;
                Connection::Tcp(stream)
            }
            Self::Unix(path) => {
                let stream = UnixStream::connect(path)?;
                stream.set_write_timeout(Some(WRITE))?;
                Connection::Unix(stream)
            }
        })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host, port) => write!(formatter, "tcp://{host}:{port}"),
            Self::Unix(path) => write!(formatter, "unix://{}", path.display()),
        }
    }
}

impl Connection {
    /// Sends all of it, or fails.
    pub(super) fn write_all(&mut self, packet: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(packet),
            Self::Unix(stream) => stream.write_all(packet),
        }
    }

    /// Whether the other side has ended it. What a daemon says is read and forgotten.
    pub(super) fn is_closed(&mut self) -> bool {
        let mut buffer = [0; 512];
        while self.is_readable() {
            let read = match self {
                Self::Tcp(stream) => stream.read(&mut buffer),
                Self::Unix(stream) => stream.read(&mut buffer),
            };
            if read.is_err() || matches!(read, Ok(0)) {
                return true;
            }
        }
        false
    }

    fn is_readable(&self) -> bool {
        let mut polled = [PollFd::new(self.as_fd(), PollFlags::POLLIN)];
        poll(&mut polled, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}
