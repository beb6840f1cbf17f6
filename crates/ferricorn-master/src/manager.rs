//! The service manager, where there is one: systemd, or whatever speaks `sd_notify(3)`.

use std::{env, ffi::OsString};

use ferricorn_sys::notify::notify;
use tracing::debug;

/// Whether there is one.
pub(crate) fn exists() -> bool {
    socket().is_some()
}

/// Says how the service is, in lines of `NAME=value`. A manager that cannot be told is no reason to do anything else.
pub(crate) fn tell(state: &str) {
    if let Some(socket) = socket()
        && let Err(error) = notify(&socket, state)
    {
        debug!("cannot tell the service manager `{state}`: {error}");
    }
}

fn socket() -> Option<OsString> {
    env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty())
}
