//! Binding an address: which socket it gets, and why it may be unavailable.

use std::{
    io,
    net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs as _},
};

use ferricorn_config::{Bind, Settings};
use ferricorn_sys::{Access, ListenError, Listener, holder};

use super::rights;

/// Binds an address at once or not at all.
pub(crate) fn bind_now(bind: &Bind, settings: &Settings) -> Result<Listener, String> {
    bind_once(bind, settings).map_err(|failure| match failure {
        ListenError::InUse { .. } => format!("Connection in use: {}{}", shown(bind), held_by(bind)),
        failure => format!("cannot bind {}: {}{}", shown(bind), failure.why(), hint(bind, &failure)),
    })
}

/// What to do about an address that may not be had.
pub(crate) fn hint(bind: &Bind, failure: &ListenError) -> &'static str {
    match (bind, failure) {
        (Bind::Tcp { port: 1..1024, .. }, ListenError::PermissionDenied { .. }) => {
            "\nhint: a port below 1024 needs root or CAP_NET_BIND_SERVICE; a proxy or the platform usually has it"
        }
        _ => "",
    }
}

pub(crate) fn bind_once(bind: &Bind, settings: &Settings) -> Result<Listener, ListenError> {
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

/// Binds an address that has nothing to do with those of the service.
pub(crate) fn bind_alone(bind: &Bind, access: Access) -> Result<Listener, ListenError> {
    match bind {
        Bind::Unix(path) => Listener::unix(path, access),
        Bind::Fd(descriptor) => Listener::inherited(*descriptor),
        Bind::Tcp { host, port } => {
            let address = resolve(host, *port)
                .map_err(|source| ListenError::Other { address: format!("http://{host}:{port}"), source })?;
            Listener::tcp(address)
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
pub(crate) fn shown(bind: &Bind) -> String {
    match bind {
        Bind::Tcp { host, port } => format!("('{host}', {port})"),
        Bind::Unix(path) => path.display().to_string(),
        Bind::Fd(descriptor) => format!("fd://{descriptor}"),
    }
}

/// Which process has the address, if the system says so.
pub(crate) fn held_by(bind: &Bind) -> String {
    let holder = match bind {
        Bind::Tcp { host, port } => resolve(host, *port).ok().and_then(holder::tcp_holder),
        Bind::Unix(path) => holder::unix_holder(path),
        Bind::Fd(_) => None,
    };
    holder.map(|it| format!(" (held by pid {}, `{}`)", it.pid, it.name)).unwrap_or_default()
}
