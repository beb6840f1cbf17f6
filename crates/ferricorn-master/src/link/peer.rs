//! The channel between two masters: one JSON message per packet, as between a master and its workers.

use std::{future::poll_fn, io, os::fd::OwnedFd, task::Poll};

use ferricorn_sys::channel;
use ferricorn_wire::MAX_PACKET;
use serde::{Serialize, de::DeserializeOwned};
use tokio::io::unix::AsyncFd;
use tracing::warn;

use crate::link::watch;

/// One end of the channel.
pub(crate) struct Peer {
    /// None once the other side is gone.
    channel: Option<AsyncFd<OwnedFd>>,
    buffer: Vec<u8>,
}

impl Peer {
    pub(crate) fn new(channel: OwnedFd) -> io::Result<Self> {
        Ok(Self { channel: Some(watch(channel)?), buffer: vec![0; MAX_PACKET] })
    }

    /// Sends a message. A peer that is gone is no news: its end is on its way.
    pub(crate) fn tell(&self, message: &impl Serialize) {
        if let Some(channel) = &self.channel
            && let Err(error) = channel::send(channel, &ferricorn_wire::encode(message))
            && error.kind() == io::ErrorKind::WouldBlock
        {
            warn!("the other master does not read what it is told");
        }
    }

    /// The next message; none, once, when the other side is gone. May be dropped while it waits: nothing is lost.
    pub(crate) async fn hear<M: DeserializeOwned>(&mut self) -> Option<M> {
        poll_fn(|context| {
            while let Some(channel) = &self.channel {
                let Poll::Ready(ready) = channel.poll_read_ready(context) else { return Poll::Pending };
                let received = ready
                    .map(|mut ready| ready.try_io(|channel| channel::receive(channel, &mut self.buffer)));
                match received {
                    Ok(Err(_would_block)) => {}
                    Ok(Ok(Ok(length @ 1..))) => {
                        if let Some(message) = understand(&self.buffer[..length]) {
                            return Poll::Ready(Some(message));
                        }
                    }
                    Ok(Ok(Ok(0) | Err(_))) | Err(_) => {
                        self.channel = None;
                        return Poll::Ready(None);
                    }
                }
            }
            Poll::Pending
        })
        .await
    }

    /// What a peer that is gone has still said.
    pub(crate) fn last_words<M: DeserializeOwned>(&mut self) -> Vec<M> {
        let mut words = Vec::new();
        let Some(channel) = self.channel.take() else { return words };
        while let Ok(length @ 1..) = channel::receive(channel.get_ref(), &mut self.buffer) {
            words.extend(understand(&self.buffer[..length]));
        }
        words
    }
}

fn understand<M: DeserializeOwned>(packet: &[u8]) -> Option<M> {
    match ferricorn_wire::decode(packet) {
        Ok(message) => Some(message),
        Err(error) => {
            warn!("a message of the other master cannot be understood: {error}");
            None
        }
    }
}
