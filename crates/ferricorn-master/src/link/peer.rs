//! The channel between two masters.

use std::io;
use std::os::fd::OwnedFd;

use ferricorn_wire::MAX_PACKET;
use serde::{Serialize, de::DeserializeOwned};
use tracing::warn;

use super::{Channel, Heard};

/// One end of the channel.
pub(crate) struct Peer {
    channel: Channel,
    buffer: Vec<u8>,
}

impl Peer {
    pub(crate) fn new(channel: OwnedFd) -> io::Result<Self> {
        Ok(Self { channel: Channel::new(channel)?, buffer: vec![0; MAX_PACKET] })
    }

    /// Sends a message. A peer that is gone is no news: its end is on its way.
    pub(crate) fn tell(&self, message: &impl Serialize) {
        if let Err(error) = self.channel.send(message)
            && error.kind() == io::ErrorKind::WouldBlock
        {
            warn!("the other master does not read its messages");
        }
    }

    /// The next message; none, once, when the other side is gone. May be dropped while it waits: nothing is lost.
    pub(crate) async fn hear<M: DeserializeOwned>(&mut self) -> Option<M> {
        loop {
            match self.channel.hear(&mut self.buffer).await {
                Heard::Message(message) => return Some(message),
                Heard::Garbage(error) => complain(&error),
                Heard::End => return None,
            }
        }
    }

    /// What a peer that is gone has still said.
    pub(crate) fn last_words<M: DeserializeOwned>(&mut self) -> Vec<M> {
        let mut words = Vec::new();
        loop {
            match self.channel.last_word(&mut self.buffer) {
                Heard::Message(message) => words.push(message),
                Heard::Garbage(error) => complain(&error),
                Heard::End => return words,
            }
        }
    }
}

fn complain(error: &io::Error) {
    warn!("a message of the other master cannot be understood: {error}");
}
