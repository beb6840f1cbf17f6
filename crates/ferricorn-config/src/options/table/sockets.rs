//! Where it listens.

use crate::options::{Entry, Group::Sockets, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Sockets, &["bind"], Kind::Address, "ADDRESS")
        .example("0.0.0.0:8000")
        .short('b')
        .repeats()
        .depends("127.0.0.1:8000, or 0.0.0.0:$PORT")
        .sets("HOST:PORT, [V6]:PORT, unix:PATH or fd://N; may be repeated", |draft, value| {
            draft.binds.extend(value.address());
        }),
    Entry::new(Sockets, &["host"], Kind::Host, "HOST")
        .example("0.0.0.0")
        .depends("127.0.0.1")
        .sets("Host to listen on; see --port", |draft, value| draft.host = value.text()),
    Entry::new(Sockets, &["port"], Kind::Port, "PORT").example("8080").depends("$PORT or 8000").sets(
        "Port to listen on; 0 picks a free one",
        |draft, value| {
            draft.port = value.whole().and_then(|port| u16::try_from(port).ok());
        },
    ),
    Entry::new(Sockets, &["uds"], Kind::Text, "PATH")
        .example("/run/shop.sock")
        .sets("Unix socket to listen on, like --bind unix:PATH", |draft, value| draft.uds = value.text())
        .unset_if_empty(),
    Entry::new(Sockets, &["fd"], Kind::Whole, "N").example("3").sets(
        "Inherited socket to listen on, like --bind fd://N",
        |draft, value| {
            // No descriptor has the largest number: it is refused when it is looked at.
            draft.descriptor = value.whole().map(|number| i32::try_from(number).unwrap_or(i32::MAX));
        },
    ),
    Entry::new(Sockets, &["backlog"], Kind::Whole, "N").example("4096").default("2048").sets(
        "Maximum number of connections that wait to be accepted, per socket",
        |draft, value| {
            draft.backlog = value.whole();
        },
    ),
    Entry::new(Sockets, &["listen"], Kind::Choice(&["ready", "early"]), "WHEN")
        .example("early")
        .default("ready")
        .sets(
            "When to start listening: when the first worker is ready, or early (at once)",
            |draft, value| {
                draft.listen = value.text();
            },
        ),
    Entry::switch(Sockets, &["reuse-port"]).sets(
        "Let other programs that set SO_REUSEPORT listen on the same port",
        |draft, value| {
            draft.reuse_port = value.flag();
        },
    ),
    Entry::new(Sockets, &["umask"], Kind::Mode, "MODE").example("0o007").short('m').default("0").sets(
        "Mode bits that unix sockets do not get, such as 0o007",
        |draft, value| {
            draft.umask = value.whole();
        },
    ),
    Entry::new(Sockets, &["proxy-protocol"], Kind::Choice(&["off", "v1", "v2", "auto"]), "MODE")
        .neutral("off")
        .lone("auto")
        .refused(
            "uvicorn does not speak the PROXY protocol and would answer 400",
            "let the proxy send X-Forwarded-For",
        ),
    Entry::new(Sockets, &["proxy-allow-from"], Kind::Text, "HOSTS")
        .setting(&["proxy_allow_ips"])
        .neutral("127.0.0.1,::1")
        .no_effect("uvicorn does not speak the PROXY protocol"),
    Entry::new(Sockets, &["protocol"], Kind::Text, "NAME")
        .neutral("http")
        .refused("uvicorn speaks HTTP only", "let the proxy speak HTTP"),
    Entry::new(Sockets, &["uwsgi-allow-from"], Kind::Text, "HOSTS")
        .setting(&["uwsgi_allow_ips"])
        .neutral("127.0.0.1,::1")
        .no_effect("uvicorn speaks HTTP only"),
    Entry::new(Sockets, &["control-socket"], Kind::Text, "PATH")
        .no_effect("`ferricorn ctl` finds the master by its pid, without a file"),
    Entry::new(Sockets, &["control-socket-mode"], Kind::Verbatim, "MODE")
        .neutral("0600")
        .no_effect("`ferricorn ctl` is answered to root and to the user that ferricorn runs as"),
    Entry::switch(Sockets, &["no-control-socket"]).setting(&["control_socket_disable"]),
];
