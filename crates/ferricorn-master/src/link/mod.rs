//! Channels: one message per packet, read by the event loop.

pub(crate) mod peer;

use std::{io, os::fd::OwnedFd};

use tokio::io::unix::AsyncFd;

/// Lets the event loop watch a channel.
#[expect(
    deprecated,
    reason = "its successor is unsafe for the sake of types whose descriptor changes; OwnedFd's never does"
)]
pub(crate) fn watch(channel: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(channel)
}
