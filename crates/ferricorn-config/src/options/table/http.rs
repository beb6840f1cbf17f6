//! How HTTP is spoken: what works.

use crate::options::{Entry, Group::Http, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Http, &["keep-alive", "timeout-keep-alive"], Kind::Whole, "SECONDS")
        .setting(&["keepalive"])
        .uvicorn("How long an idle connection is kept [default: 75]", "timeout_keep_alive"),
    Entry::new(Http, &["http"], Kind::ChoiceOrImport(&["auto", "h11", "httptools", "zttp"]), "PARSER")
        .uvicorn("auto, h11, httptools or module:class [default: auto]", "http"),
    Entry::switch(Http, &["http2"]).uvicorn("Speak HTTP/2 as well; needs --http zttp", "http2"),
    Entry::new(Http, &["limit-concurrency"], Kind::Whole, "N")
        .uvicorn("Connections or tasks per worker above which it answers 503", "limit_concurrency"),
    Entry::new(Http, &["h11-max-incomplete-event-size"], Kind::Whole, "BYTES")
        .uvicorn("The most that h11 keeps of an unfinished request", "h11_max_incomplete_event_size"),
    Entry::new(Http, &["root-path"], Kind::Text, "PATH")
        .uvicorn("The path under which a proxy serves the application", "root_path"),
    Entry::switch(Http, &["proxy-headers"])
        .off("no-proxy-headers")
        .uvicorn("Believe X-Forwarded-For and -Proto of trusted proxies [default: on]", "proxy_headers"),
    Entry::new(Http, &["forwarded-allow-ips"], Kind::Text, "HOSTS")
        .variable("FORWARDED_ALLOW_IPS")
        .uvicorn("Proxies that are trusted, * for all [default: 127.0.0.1,::1]", "forwarded_allow_ips"),
    Entry::switch(Http, &["server-header"])
        .off("no-server-header")
        .uvicorn("Send the Server header [default: on]", "server_header"),
    Entry::switch(Http, &["date-header"])
        .off("no-date-header")
        .uvicorn("Send the Date header [default: on]", "date_header"),
    Entry::new(Http, &["header"], Kind::Header, "NAME:VALUE")
        .setting(&["headers"])
        .repeats()
        .uvicorn("Send this header with every response; may be repeated", "headers"),
];
