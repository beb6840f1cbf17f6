//! Sockets of datagrams to daemons.
//!
//! Invariant: sending never waits. What cannot be sent at once is lost.

use std::{
    io::{self, ErrorKind},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket},
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
};

/// A socket to a daemon, reopened when a daemon behind a unix socket was restarted.
#[derive(Debug)]
pub(super) enum Datagrams {
    Udp(UdpSocket),
    Unix(UnixDatagram, PathBuf),
}

impl Datagrams {
    pub(super) fn udp(host: &str, port: u16) -> io::Result<Self> {
        let address = first(host, port)?;
        let any: IpAddr =
            if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind((any, 0))?;
        socket.connect(address)?;
        socket.set_nonblocking(true)?;
        Ok(Self::Udp(socket))
    }

    pub(super) fn unix(path: &Path) -> io::Result<Self> {
        Ok(Self::Unix(connect(path)?, path.to_owned()))
    }

    /// Sends one packet, or loses it.
    pub(super) fn send(&mut self, packet: &[u8]) {
        match self {
            // There is nothing to reopen.
            Self::Udp(socket) => drop(socket.send(packet)),
            Self::Unix(socket, path) => {
                let Err(error) = socket.send(packet) else { return };
                let restarted = !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted);
                if restarted && let Ok(fresh) = connect(path) {
                    *socket = fresh;
                    let _ = socket.send(packet);
                }
            }
        }
    }
}

fn connect(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// The first address of a name.
pub(super) fn first(host: &str, port: u16) -> io::Result<SocketAddr> {
    (host, port).to_socket_addrs()?.next().ok_or_else(|| io::Error::other("the name has no address"))
}
