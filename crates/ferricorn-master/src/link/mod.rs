//! Channels: one message per packet, written and read by the event loop.

mod channel;
pub(crate) mod peer;

use std::{io, os::fd::OwnedFd};

use tokio::io::unix::AsyncFd;

pub(crate) use channel::{Channel, Heard};

/// Lets the event loop watch a descriptor.
#[expect(
    deprecated,
    reason = "its successor is unsafe for the sake of types whose descriptor changes; OwnedFd's never does"
)]
pub(crate) fn watch(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(descriptor)
}
