//! TLS, which is not there yet: what would serve without it is refused, what says how is not.

use super::{Entry, Group::Tls, Kind};

const REASON: &str = "TLS is not supported yet, and plain HTTP would be served in its place";
const INSTEAD: &str = "let a proxy in front of ferricorn speak TLS";
const DETAIL: &str = "TLS is off without a certificate";

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Tls, &["certfile", "ssl-certfile"], Kind::Text, "FILE").refused(REASON, INSTEAD),
    Entry::new(Tls, &["keyfile", "ssl-keyfile"], Kind::Text, "FILE").refused(REASON, INSTEAD),
    Entry::new(Tls, &["ssl-keyfile-password"], Kind::Verbatim, "PASSWORD").no_effect(DETAIL),
    Entry::new(Tls, &["ssl-version"], Kind::Text, "VERSION").no_effect(DETAIL),
    Entry::new(Tls, &["cert-reqs", "ssl-cert-reqs"], Kind::Text, "N").neutral("0").no_effect(DETAIL),
    Entry::new(Tls, &["ca-certs", "ssl-ca-certs"], Kind::Text, "FILE").no_effect(DETAIL),
    Entry::new(Tls, &["ciphers", "ssl-ciphers"], Kind::Text, "LIST").no_effect(DETAIL),
    Entry::switch(Tls, &["suppress-ragged-eofs"]),
    Entry::switch(Tls, &["do-handshake-on-connect"]),
];
