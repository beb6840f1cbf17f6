//! The HTTP options that take effect. gunicorn's limits of a head apply only to the native protocol.

use crate::options::{Entry, Group::Http, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    // gunicorn's 2 and uvicorn's 5 are shorter than what common proxies keep theirs for (often 60): the server closes
    // while the proxy sends, and the client gets a 502.
    Entry::new(Http, &["keep-alive", "timeout-keep-alive"], Kind::Whole, "SECONDS")
        .example("120")
        .setting(&["keepalive"])
        .default("75")
        .uvicorn("How long an idle connection is kept open", "timeout_keep_alive"),
    Entry::new(
        Http,
        &["http"],
        Kind::ChoiceOrImport(&["auto", "native", "h11", "httptools", "zttp"]),
        "PARSER",
    )
    .example("httptools")
    .uvicorns_default("auto")
    .uvicorn("auto (native where Python can load it), native, h11, httptools or module:class", "http"),
    Entry::new(Http, &["limit-request-line"], Kind::Whole, "BYTES").example("4094").sets(
        "Longest request line, by the native protocol; 0 disables",
        |draft, value| {
            draft.http.request_line = value.whole();
        },
    ),
    Entry::new(Http, &["limit-request-fields"], Kind::Whole, "N").example("100").sets(
        "Most header fields of a request, by the native protocol (128); 0 disables",
        |draft, value| {
            draft.http.fields = value.whole();
        },
    ),
    Entry::new(Http, &["limit-request-field_size"], Kind::Whole, "BYTES").example("8190").sets(
        "Longest header field, by the native protocol; 0 disables",
        |draft, value| {
            draft.http.field = value.whole();
        },
    ),
    Entry::new(Http, &["timeout-head"], Kind::Seconds, "SECONDS").example("10").default("30").sets(
        "Time limit for the head of a request, by the native protocol; 0 disables",
        |draft, value| {
            draft.http.head_timeout = value.seconds();
        },
    ),
    Entry::switch(Http, &["http2"]).uvicorn("Also speak HTTP/2; needs --http zttp", "http2"),
    Entry::new(Http, &["limit-concurrency"], Kind::Whole, "N")
        .example("500")
        .uvicorn("Answer 503 above this number of connections or tasks per worker", "limit_concurrency"),
    Entry::new(Http, &["h11-max-incomplete-event-size"], Kind::Whole, "BYTES")
        .example("65536")
        .uvicorn("Maximum size of an unfinished request that h11 keeps", "h11_max_incomplete_event_size"),
    Entry::new(Http, &["root-path"], Kind::Text, "PATH")
        .example("/shop")
        .uvicorn("Path under which a proxy serves the application", "root_path"),
    Entry::switch(Http, &["proxy-headers"])
        .off("no-proxy-headers")
        .uvicorns_default("on")
        .uvicorn("Trust X-Forwarded-For and -Proto from --forwarded-allow-ips", "proxy_headers"),
    // Before 0.53 uvicorn trusts 127.0.0.1 alone.
    Entry::new(Http, &["forwarded-allow-ips"], Kind::Text, "HOSTS")
        .example("10.0.0.0/8")
        .variable("FORWARDED_ALLOW_IPS")
        .default("127.0.0.1,::1")
        .uvicorn("Proxies to trust, separated by commas; * trusts all", "forwarded_allow_ips"),
    Entry::switch(Http, &["server-header"])
        .off("no-server-header")
        .uvicorns_default("on")
        .uvicorn("Send the Server header", "server_header"),
    Entry::switch(Http, &["date-header"])
        .off("no-date-header")
        .uvicorns_default("on")
        .uvicorn("Send the Date header", "date_header"),
    Entry::new(Http, &["header"], Kind::Header, "NAME:VALUE")
        .example("X-Frame-Options:DENY")
        .setting(&["headers"])
        .repeats()
        .uvicorn("Send this header with every response; may be repeated", "headers"),
];
