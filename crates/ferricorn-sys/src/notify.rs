//! Sending our state to the service manager: the protocol of `sd_notify(3)`, which is one datagram.

use std::ffi::OsStr;
use std::io::{self, IoSlice};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use nix::sys::socket::{ControlMessage, MsgFlags, sendmsg};

/// Sends `state`, lines of `NAME=value`, to the socket that the variable `NOTIFY_SOCKET` names: a path, or an abstract
/// name with `@` in front. Never blocks: if the manager does not read, there is nothing we can do.
pub fn notify(socket: &OsStr, state: &str) -> io::Result<()> {
    connect(socket)?.send(state.as_bytes())?;
    Ok(())
}

/// Sends the manager one end of a pipe, which it closes when it has read everything that was sent before (`BARRIER=1`). The
/// other end is given back: it is at its end then, and readable for that.
pub fn notify_barrier(socket: &OsStr) -> io::Result<OwnedFd> {
    let sender = connect(socket)?;
    let (ours, theirs) = io::pipe()?;
    let descriptors = [theirs.as_raw_fd()];
    let message = [ControlMessage::ScmRights(&descriptors)];
    let text = [IoSlice::new(b"BARRIER=1")];
    sendmsg::<()>(sender.as_fd().as_raw_fd(), &text, &message, MsgFlags::MSG_DONTWAIT, None)?;
    Ok(ours.into())
}

fn connect(socket: &OsStr) -> io::Result<UnixDatagram> {
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    sender.connect_addr(&address)?;
    Ok(sender)
}
