//! The pair of sockets between the master and one worker, and the queue that connections are handed over in.
//!
//! Owns: making the pairs, sending one packet, also with descriptors, and receiving one. Does not own: what a packet says
//! (`ferricorn-wire`), nor the receiving of descriptors, which only workers do.
//!
//! `SOCK_SEQPACKET`: one send is one receive, never a part of it, and the death of the other side is an end of file.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::sockopt::{SndBuf, SndBufForce};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, recv, sendmsg, setsockopt, socketpair,
};

/// Send buffer asked for the handoff queue, in bytes. A packet costs about 1 kB of it, so this holds several hundred
/// even where `net.core.wmem_max` (212,992 by default; the kernel doubles it) cuts it down.
const HANDOFF_SEND_BUFFER: usize = 1 << 20;

/// A channel: the master's end, non-blocking, and the worker's end, blocking (Python sets its own mode, which is a
/// property of that end alone). Both close-on-exec.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (master, worker) = raw_pair(SockFlag::empty())?;
    // The mode belongs to the open file description and the two ends are two of them.
    let flags = OFlag::from_bits_retain(fcntl(&master, FcntlArg::F_GETFL)?) | OFlag::O_NONBLOCK;
    fcntl(&master, FcntlArg::F_SETFL(flags))?;
    Ok((master, worker))
}

/// The handoff queue: what is sent into the first end comes out of the second, to whichever worker reads first. Both
/// ends are non-blocking and close-on-exec, with a send buffer that holds several hundred packets, each of one
/// connection or a few.
pub fn handoff_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let (sender, receiver) = raw_pair(SockFlag::SOCK_NONBLOCK)?;
    // FORCE passes over the system's limit but needs CAP_NET_ADMIN; the plain option is cut to the limit in silence.
    if setsockopt(&sender, SndBufForce, &HANDOFF_SEND_BUFFER).is_err() {
        setsockopt(&sender, SndBuf, &HANDOFF_SEND_BUFFER)?;
    }
    Ok((sender, receiver))
}

/// A channel between two masters: both ends are non-blocking and close-on-exec.
pub fn pair_of_masters() -> io::Result<(OwnedFd, OwnedFd)> {
    raw_pair(SockFlag::SOCK_NONBLOCK)
}

/// Sends one packet. `WouldBlock` when the other side does not read, `BrokenPipe` or `ConnectionReset` when it is gone
/// (no SIGPIPE). An empty packet is refused with `InvalidInput`: the reader could not tell it from the end.
pub fn send(channel: impl AsFd, packet: &[u8]) -> io::Result<()> {
    if packet.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "an empty packet would read as the end"));
    }
    loop {
        match nix::sys::socket::send(channel.as_fd().as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL) {
            Ok(_) => return Ok(()), // A packet goes as a whole or not at all.
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// As [`send`], with descriptors, of which the other side gets copies. At most 253 of them (`SCM_MAX_FD`); the kernel
/// refuses more (`InvalidInput`), and those of a user without rights who has as many under way as it may have open
/// (`ETOOMANYREFS`).
pub fn send_with(channel: impl AsFd, packet: &[u8], descriptors: &[RawFd]) -> io::Result<()> {
    let message = [IoSlice::new(packet)];
    let attached = [ControlMessage::ScmRights(descriptors)];
    loop {
        let sent =
            sendmsg::<()>(channel.as_fd().as_raw_fd(), &message, &attached, MsgFlags::MSG_NOSIGNAL, None);
        match sent {
            Ok(_) => return Ok(()), // A packet goes as a whole or not at all.
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// Receives one packet into `buffer` and returns its length; 0 means that the other side is gone and everything that
/// it sent was read. `WouldBlock` when there is none yet; `InvalidData` when the packet was longer than the buffer (it
/// is lost). The kernel closes descriptors that are attached to the packet.
pub fn receive(channel: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    let mut reset_seen = false;
    loop {
        match recv(channel.as_fd().as_raw_fd(), buffer, MsgFlags::MSG_TRUNC) {
            Ok(length) if length > buffer.len() => {
                let text = format!("a packet of {length} bytes is longer than the {} expected", buffer.len());
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            Ok(length) => return Ok(length),
            Err(Errno::EINTR) => {}
            // A side that dies with unread packets leaves this error *in front of* the packets that it sent itself,
            // its last words among them. It is reported once; after it come the packets, then the end.
            Err(Errno::ECONNRESET) if !reset_seen => reset_seen = true,
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn raw_pair(flags: SockFlag) -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = flags | SockFlag::SOCK_CLOEXEC;
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?)
}
