//! Sockets to daemons that listen for log lines and metrics.
//!
//! Invariant: sending never waits. What cannot be sent at once is lost, as it is with UDP anyway.

use std::{
    io::{self, ErrorKind, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket},
    os::unix::net::{UnixDatagram, UnixStream},
    path::{Path, PathBuf},
    time::Duration,
};

/// How long the connection to a daemon over TCP may take, when the log is started.
const CONNECT: Duration = Duration::from_secs(2);

/// Where a daemon listens.
#[derive(Clone, Debug)]
pub(super) enum Daemon {
    Unix { path: PathBuf, datagram: bool },
    Udp(String, u16),
    Tcp(String, u16),
}

#[derive(Debug)]
enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream),
    UnixDatagram(UnixDatagram),
    UnixStream(UnixStream),
}

/// A socket to a daemon, opened anew when a daemon behind a unix socket was restarted.
#[derive(Debug)]
pub(super) struct Line {
    daemon: Daemon,
    socket: Socket,
}

impl Line {
    pub(super) fn open(daemon: Daemon) -> io::Result<Self> {
        Ok(Self { socket: connect(&daemon)?, daemon })
    }

    /// Sends one packet, or loses it.
    pub(super) fn send(&mut self, packet: &[u8]) {
        let Err(error) = self.socket.send(packet) else { return };
        // Another try over TCP could wait; over UDP there is nothing to open anew.
        let restarted = !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted);
        if restarted
            && matches!(self.daemon, Daemon::Unix { .. })
            && let Ok(socket) = connect(&self.daemon)
        {
            self.socket = socket;
            let _ = self.socket.send(packet);
        }
    }
}

impl Socket {
    fn send(&mut self, packet: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(packet).map(drop),
            Self::UnixDatagram(socket) => socket.send(packet).map(drop),
            Self::Tcp(stream) => stream.write_all(packet),
            Self::UnixStream(stream) => stream.write_all(packet),
        }
    }
}

fn connect(daemon: &Daemon) -> io::Result<Socket> {
    let socket = match daemon {
        Daemon::Unix { path, datagram } => match datagrams(path) {
            Err(_) if !datagram => Socket::UnixStream(UnixStream::connect(path)?),
            opened => Socket::UnixDatagram(opened?),
        },
        Daemon::Udp(host, port) => {
            let address = first(host, *port)?;
            let any: IpAddr =
                if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            let socket = UdpSocket::bind((any, 0))?;
            socket.connect(address)?;
            Socket::Udp(socket)
        }
        Daemon::Tcp(host, port) => Socket::Tcp(TcpStream::connect_timeout(&first(host, *port)?, CONNECT)?),
    };
    match &socket {
        Socket::Udp(socket) => socket.set_nonblocking(true)?,
        Socket::Tcp(stream) => stream.set_nonblocking(true)?,
        Socket::UnixDatagram(socket) => socket.set_nonblocking(true)?,
        Socket::UnixStream(stream) => stream.set_nonblocking(true)?,
    }
    Ok(socket)
}

fn datagrams(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    Ok(socket)
}

fn first(host: &str, port: u16) -> io::Result<SocketAddr> {
    (host, port).to_socket_addrs()?.next().ok_or_else(|| io::Error::other("the name has no address"))
}
