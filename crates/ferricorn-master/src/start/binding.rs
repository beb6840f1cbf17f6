//! Binding the addresses at the start, and the retries if one is in use.
//!
//! Five tries, a second apart, as in gunicorn: it is what lets a restart succeed whose predecessor is still closing.
//! Only an address in use is worth the wait; any other failure ends the start at once.

use std::{env, time::Duration};

use ferricorn_config::{Bind, Settings};
use ferricorn_sys::{ListenError, Listener, inherit};
use tracing::{error, info};

use crate::{
    outside::addresses::{bind_once, held_by, hint, shown},
    sources::Signals,
};

/// How often an address in use is tried.
const TRIES: u32 = 5;

/// How many ports after one that is in use are tried, where any will do.
const PORTS_TRIED: u16 = 50;

/// From one try to the next; the log says so in words.
const PAUSE: Duration = Duration::from_secs(1);

/// Why there are no sockets. What is to be said was logged.
pub(crate) enum BindError {
    /// A signal asked for a stop while we waited.
    Interrupted,
    /// An address cannot be had.
    Failed,
}

/// Binds every address, or takes over the sockets that systemd passed, which go before all that was configured.
pub(crate) async fn bind_all(settings: &Settings, signals: &mut Signals) -> Result<Vec<Listener>, BindError> {
    let (listen_pid, listen_fds) = (env::var("LISTEN_PID").ok(), env::var("LISTEN_FDS").ok());
    let passed =
        inherit::systemd_listeners(listen_pid.as_deref(), listen_fds.as_deref(), ferricorn_sys::pid());
    match passed {
        Ok(listeners) if !listeners.is_empty() => return Ok(listeners),
        Ok(_) => {}
        Err(error) => {
            error!("cannot take over the sockets of the service manager: {error}");
            return Err(BindError::Failed);
        }
    }
    let mut listeners = Vec::new();
    for bind in &settings.binds {
        if let Some(listener) = bind_near(bind, settings) {
            listeners.push(listener);
            continue;
        }
        listeners.push(bind_patiently(bind, settings, signals).await?);
    }
    Ok(listeners)
}

/// Another port in place of one that is in use, if the user has not named that one.
fn bind_near(bind: &Bind, settings: &Settings) -> Option<Listener> {
    let Bind::Tcp { host, port } = bind else { return None };
    if !settings.port_may_move || !matches!(bind_once(bind, settings), Err(ListenError::InUse { .. })) {
        return None;
    }
    let holder = held_by(bind);
    let near = (1..=PORTS_TRIED).filter_map(|step| port.checked_add(step));
    near.map(|port| Bind::Tcp { host: host.clone(), port }).find_map(|other| {
        let listener = bind_once(&other, settings).ok()?;
        info!("Port {port} is in use{holder}: taking {} in its place (--port chooses)", shown(&other));
        Some(listener)
    })
}

async fn bind_patiently(
    bind: &Bind,
    settings: &Settings,
    signals: &mut Signals,
) -> Result<Listener, BindError> {
    for attempt in 1..=TRIES {
        let failure = match bind_once(bind, settings) {
            Ok(listener) => return Ok(listener),
            Err(failure) => failure,
        };
        let shown = shown(bind);
        if !matches!(failure, ListenError::InUse { .. }) {
            error!("cannot bind {shown}: {}{}", failure.why(), hint(bind, &failure));
            return Err(BindError::Failed);
        }
        if attempt == TRIES {
            error!("Connection in use: {shown}{}", held_by(bind));
            break;
        }
        error!(
            "Connection in use: {shown}{}; tried {attempt} of {TRIES} times, retrying in 1 second",
            held_by(bind)
        );
        wait(signals).await?;
    }
    error!("Can't connect to {}: tried {TRIES} times", shown(bind));
    Err(BindError::Failed)
}

/// Waits for the next try, unless a signal ends it all.
async fn wait(signals: &mut Signals) -> Result<(), BindError> {
    tokio::select! {
        () = tokio::time::sleep(PAUSE) => Ok(()),
        received = signals.stop() => {
            info!("Handling signal: {}", received.kind.as_str());
            Err(BindError::Interrupted)
        }
    }
}
