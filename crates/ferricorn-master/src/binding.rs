//! Taking the addresses at the start: which sockets, and the patience when one is in use.
//!
//! Five tries, a second apart, as in gunicorn: it is what lets a restart succeed whose predecessor is still closing.
//! Only an address in use is worth the wait; any other failure ends the start at once.

use std::{
    env, io,
    net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs as _},
    time::Duration,
};

use ferricorn_config::{Bind, Settings};
use ferricorn_sys::{ListenError, Listener, holder, inherit};
use tracing::{error, info};

use crate::{rights, sources::Signals};

/// How often an address in use is tried.
const TRIES: u32 = 5;

/// From one try to the next; the log says so in words.
const PAUSE: Duration = Duration::from_secs(1);

/// Why there are no sockets. What is to be said was logged.
pub(crate) enum BindError {
    /// A signal told us to stop while we waited.
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
        listeners.push(bind_patiently(bind, settings, signals).await?);
    }
    Ok(listeners)
}

/// Binds an address at once or not at all.
pub(crate) fn bind_now(bind: &Bind, settings: &Settings) -> Result<Listener, String> {
    bind_once(bind, settings).map_err(|failure| match failure {
        ListenError::InUse { .. } => format!("Connection in use: {}{}", shown(bind), held_by(bind)),
        failure => format!("cannot bind {}: {}{}", shown(bind), failure.why(), hint(bind, &failure)),
    })
}

/// What to do about an address that may not be had.
fn hint(bind: &Bind, failure: &ListenError) -> &'static str {
    match (bind, failure) {
        (Bind::Tcp { port: 1..1024, .. }, ListenError::PermissionDenied { .. }) => {
            "\nhint: a port below 1024 needs root or CAP_NET_BIND_SERVICE; a proxy or the platform usually has it"
        }
        _ => "",
    }
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
    let pause = tokio::time::sleep(PAUSE);
    tokio::pin!(pause);
    loop {
        tokio::select! {
            () = &mut pause => return Ok(()),
            received = signals.next() => {
                if received.kind.is_stop() {
                    info!("Handling signal: {}", received.kind.as_str());
                    return Err(BindError::Interrupted);
                }
            }
        }
    }
}

fn bind_once(bind: &Bind, settings: &Settings) -> Result<Listener, ListenError> {
    match bind {
        Bind::Unix(path) => Listener::unix(path, rights::of_sockets(settings)),
        Bind::Fd(descriptor) => Listener::inherited(*descriptor),
        Bind::Tcp { host, port } => {
            let address = resolve(host, *port)
                .map_err(|source| ListenError::Other { address: format!("http://{host}:{port}"), source })?;
            let v4_beside = settings.binds.iter().any(|it| is_v4_of(it, *port));
            let dual_stack = address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) && !v4_beside;
            match (settings.reuse_port, dual_stack) {
                (true, _) => Listener::tcp_shared(address, dual_stack),
                (false, true) => Listener::tcp_dual_stack(address),
                (false, false) => Listener::tcp(address),
            }
        }
    }
}

/// Whether this is an IPv4 address with the given port, which a dual-stack socket would take away.
fn is_v4_of(bind: &Bind, wanted: u16) -> bool {
    matches!(bind, Bind::Tcp { host, port } if *port == wanted && !host.contains(':'))
}

/// The address of a name. IPv4 goes first, as in gunicorn: `localhost` is 127.0.0.1 for every client.
fn resolve(host: &str, port: u16) -> io::Result<SocketAddr> {
    let addresses: Vec<SocketAddr> = (host, port).to_socket_addrs()?.collect();
    let v4 = addresses.iter().find(|address| address.is_ipv4());
    v4.or(addresses.first())
        .copied()
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no address"))
}

/// An address as gunicorn's lines show it: Python's tuple of host and port.
fn shown(bind: &Bind) -> String {
    match bind {
        Bind::Tcp { host, port } => format!("('{host}', {port})"),
        Bind::Unix(path) => path.display().to_string(),
        Bind::Fd(descriptor) => format!("fd://{descriptor}"),
    }
}

/// Who has the address, where the system tells.
fn held_by(bind: &Bind) -> String {
    let holder = match bind {
        Bind::Tcp { host, port } => resolve(host, *port).ok().and_then(holder::tcp_holder),
        Bind::Unix(path) => holder::unix_holder(path),
        Bind::Fd(_) => None,
    };
    holder.map(|it| format!(" (held by pid {}, `{}`)", it.pid, it.name)).unwrap_or_default()
}
