//! The service manager, if there is one: systemd, or another program that speaks `sd_notify(3)`.

use std::{env, ffi::OsString, future, io, os::fd::OwnedFd, time::Duration};

use ferricorn_sys::notify::{notify, notify_barrier};
use tokio::{
    io::unix::AsyncFd,
    time::{Instant, timeout_at},
};
use tracing::debug;

use crate::link::watch;

/// How long a manager may take to read its messages: as long as systemd's own tools wait for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the manager has not read yet: a descriptor at whose end it has.
pub(crate) struct Barrier {
    end: AsyncFd<OwnedFd>,
    until: Instant,
}

/// Whether there is one.
pub(crate) fn exists() -> bool {
    socket().is_some()
}

/// Sends the state of the service, in lines of `NAME=value`. If the manager cannot be reached, nothing else changes.
pub(crate) fn tell(state: &str) {
    if let Some(socket) = socket()
        && let Err(error) = notify(&socket, state)
    {
        debug!("cannot tell the service manager `{state}`: {error}");
    }
}

/// Asks the manager to confirm that it has read all messages. `None` if there is no manager, or it cannot be asked.
pub(crate) fn barrier() -> Option<Barrier> {
    let asked = notify_barrier(&socket()?).and_then(watch);
    match asked {
        Ok(end) => Some(Barrier { end, until: Instant::now() + PATIENCE }),
        Err(error) => {
            debug!("cannot wait for the service manager: {error}");
            None
        }
    }
}

/// Comes when the manager has read it, or has had its time; takes the barrier away. Never comes without one. May be dropped
/// while it waits: nothing is lost.
pub(crate) async fn passed(barrier: &mut Option<Barrier>) {
    let Some(waiting) = barrier else { return future::pending().await };
    let _read_or_late: Result<io::Result<()>, _> =
        timeout_at(waiting.until, async { waiting.end.readable().await.map(drop) }).await;
    *barrier = None;
}

fn socket() -> Option<OsString> {
    env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty())
}
