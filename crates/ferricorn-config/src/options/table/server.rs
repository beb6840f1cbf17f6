//! The HTTP options of gunicorn's own parser, which uvicorn does not use.

use crate::options::{Entry, Group::Http, Kind};

const PARSER: &str = "uvicorn has its own HTTP parser";
const HTTP2: &str = "uvicorn's HTTP/2 has no such setting; see `--http2`";

pub(super) static ENTRIES: &[Entry] = &[
    Entry::switch(Http, &["sendfile"]).off("no-sendfile"),
    Entry::new(Http, &["http-protocols"], Kind::Text, "NAMES").neutral("h1").no_effect(HTTP2),
    Entry::new(Http, &["http2-cleartext"], Kind::Text, "MODE").neutral("off").no_effect(HTTP2),
    Entry::new(Http, &["http2-max-concurrent-streams"], Kind::Whole, "N").neutral("100").no_effect(HTTP2),
    Entry::new(Http, &["http2-initial-window-size"], Kind::Whole, "BYTES").neutral("65535").no_effect(HTTP2),
    Entry::new(Http, &["http2-max-frame-size"], Kind::Whole, "BYTES").neutral("16384").no_effect(HTTP2),
    Entry::new(Http, &["http2-max-header-list-size"], Kind::Whole, "BYTES").neutral("65536").no_effect(HTTP2),
    Entry::switch(Http, &["permit-obsolete-folding"]).no_effect(PARSER),
    Entry::switch(Http, &["strip-header-spaces"]).no_effect(PARSER),
    Entry::switch(Http, &["permit-unconventional-http-method"]).no_effect(PARSER),
    Entry::switch(Http, &["permit-unconventional-http-version"]).no_effect(PARSER),
    Entry::switch(Http, &["casefold-http-method"]).no_effect(PARSER),
    Entry::new(Http, &["forwarder-headers"], Kind::Text, "NAMES")
        .neutral("SCRIPT_NAME,PATH_INFO")
        .no_effect(PARSER),
    Entry::new(Http, &["header-map"], Kind::Choice(&["drop", "refuse", "dangerous"]), "MODE")
        .neutral("drop")
        .no_effect(PARSER),
    Entry::new(Http, &["asgi-disconnect-grace-period"], Kind::Whole, "SECONDS")
        .neutral("3")
        .no_effect("uvicorn tells the application of a disconnect at once"),
    Entry::new(Http, &["http-parser"], Kind::Choice(&["auto", "fast", "python"]), "PARSER"),
];
