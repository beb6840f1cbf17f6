//! Our end of a channel: one JSON message per packet, whatever process is at the other end.
//!
//! Owns: sending, and reading what can be understood. Does not own: what a message means, and the words for one that
//! cannot be understood.
//!
//! Invariants: nothing here waits but [`Channel::hear`], and that loses nothing if it is dropped. After the end of the
//! other side the channel stays closed and silent.

use std::{
    future::poll_fn,
    io,
    os::fd::{OwnedFd, RawFd},
    task::{Context, Poll},
};

use ferricorn_sys::channel;
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::unix::AsyncFd;

use super::watch;

/// One end of a channel.
pub(crate) struct Channel {
    /// None once the other side is gone.
    end: Option<AsyncFd<OwnedFd>>,
}

/// What was found in a channel.
pub(crate) enum Heard<M> {
    Message(M),
    /// Something that cannot be understood.
    Garbage(io::Error),
    /// Nothing, and nothing will come.
    End,
}

impl Channel {
    /// One whose other side is gone.
    pub(crate) const CLOSED: Self = Self { end: None };

    /// Lets the event loop watch this end.
    pub(crate) fn new(end: OwnedFd) -> io::Result<Self> {
        Ok(Self { end: Some(watch(end)?) })
    }

    /// The number of this end, while there is another.
    pub(crate) fn descriptor(&self) -> Option<RawFd> {
        self.end.as_ref().map(std::os::fd::AsRawFd::as_raw_fd)
    }

    /// Sends a message. `WouldBlock`: the other side does not read. One that is gone is no error: its end is on its way.
    pub(crate) fn send(&self, message: &impl Serialize) -> io::Result<()> {
        let sent = self.end.as_ref().map(|end| channel::send(end, &ferricorn_wire::encode(message)));
        unless_gone(sent.unwrap_or(Ok(())))
    }

    /// The same, with descriptors.
    pub(crate) fn send_with(&self, message: &impl Serialize, descriptors: &[RawFd]) -> io::Result<()> {
        let packet = ferricorn_wire::encode(message);
        let sent = self.end.as_ref().map(|end| channel::send_with(end, &packet, descriptors));
        unless_gone(sent.unwrap_or(Ok(())))
    }

    /// The next message; the end, once.
    pub(crate) fn poll_hear<M: DeserializeOwned>(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Heard<M>> {
        while let Some(end) = &self.end {
            let Poll::Ready(ready) = end.poll_read_ready(context) else { return Poll::Pending };
            let Ok(mut ready) = ready else {
                self.end = None;
                return Poll::Ready(Heard::End);
            };
            let Ok(received) = ready.try_io(|end| channel::receive(end, buffer)) else { continue };
            let heard = understand(received, buffer);
            if matches!(heard, Heard::End) {
                self.end = None;
            }
            return Poll::Ready(heard);
        }
        Poll::Pending
    }

    /// The same, waited for.
    pub(crate) async fn hear<M: DeserializeOwned>(&mut self, buffer: &mut [u8]) -> Heard<M> {
        poll_fn(|context| self.poll_hear(context, buffer)).await
    }

    /// What one that has exited still said, bit by bit. The kernel keeps it until it is read.
    pub(crate) fn last_word<M: DeserializeOwned>(&mut self, buffer: &mut [u8]) -> Heard<M> {
        let Some(end) = &self.end else { return Heard::End };
        let heard = understand(channel::receive(end.get_ref(), buffer), buffer);
        if matches!(heard, Heard::End) {
            self.end = None;
        }
        heard
    }
}

fn unless_gone(sent: io::Result<()>) -> io::Result<()> {
    match sent {
        Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) => {
            Ok(())
        }
        sent => sent,
    }
}

/// What came out of reading a channel into the buffer. Of one that has exited, an error is the end as well.
fn understand<M: DeserializeOwned>(received: io::Result<usize>, buffer: &[u8]) -> Heard<M> {
    let message = match received {
        Ok(length @ 1..) => ferricorn_wire::decode(&buffer[..length]).map_err(io::Error::from),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(error),
        Ok(0) | Err(_) => return Heard::End,
    };
    message.map_or_else(Heard::Garbage, Heard::Message)
}
