//! A connection to a daemon that receives log lines or metrics.
//!
//! Invariant: sending never waits. What cannot be sent at once is lost if it is a datagram, as with UDP anyway, and waits
//! in a queue with a limit if there is a connection.

use std::{io, path::PathBuf};

use super::{
    daemons::Patience,
    datagram::Datagrams,
    peer::Peer,
    stream::{Rest, Stream},
};

/// Where a daemon listens.
#[derive(Clone, Debug)]
pub(super) enum Daemon {
    Unix { path: PathBuf, datagram: bool },
    Udp(String, u16),
    Tcp(String, u16),
}

/// What is sent into.
#[derive(Debug)]
pub(super) enum Line {
    Datagrams(Datagrams),
    Stream(Stream),
}

impl Line {
    pub(super) fn open(daemon: Daemon, patience: Patience) -> io::Result<Self> {
        Ok(match daemon {
            Daemon::Udp(host, port) => Self::Datagrams(Datagrams::udp(&host, port)?),
            Daemon::Tcp(host, port) => Self::Stream(Stream::open(Peer::Tcp(host, port), patience)?),
            Daemon::Unix { path, datagram } => match Datagrams::unix(&path) {
                // A socket of another kind is there.
                Err(error) if !datagram && error.raw_os_error() == Some(91 /* EPROTOTYPE */) => {
                    Self::Stream(Stream::open(Peer::Unix(path), patience)?)
                }
                opened => Self::Datagrams(opened?),
            },
        })
    }

    /// Sends one packet, loses it, or queues it.
    pub(super) fn send(&mut self, packet: &[u8]) {
        match self {
            Self::Datagrams(socket) => socket.send(packet),
            Self::Stream(stream) => stream.send(packet),
        }
    }

    /// What is still on its way.
    pub(super) fn rest(&self) -> Option<Rest> {
        match self {
            Self::Datagrams(_) => None,
            Self::Stream(stream) => Some(stream.rest()),
        }
    }
}
