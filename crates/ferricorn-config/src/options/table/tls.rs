//! TLS, which uvicorn speaks. gunicorn's and uvicorn's names for one setting both work.

use crate::options::{Entry, Group::Tls, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Tls, &["certfile", "ssl-certfile"], Kind::Text, "FILE")
        .example("/etc/ssl/shop.pem")
        .uvicorn("Certificate with its chain; turns TLS on", "ssl_certfile")
        .unset_if_empty(),
    Entry::new(Tls, &["keyfile", "ssl-keyfile"], Kind::Text, "FILE")
        .example("/etc/ssl/shop.key")
        .uvicorn("Key of the certificate, if it is in another file", "ssl_keyfile")
        .unset_if_empty(),
    Entry::new(Tls, &["ssl-keyfile-password"], Kind::Verbatim, "PASSWORD")
        .example("secret")
        .uvicorn("Password of the key", "ssl_keyfile_password"),
    Entry::new(Tls, &["ca-certs", "ssl-ca-certs"], Kind::Text, "FILE")
        .example("/etc/ssl/clients.pem")
        .uvicorn("Certificates to check client certificates against", "ssl_ca_certs")
        .unset_if_empty(),
    Entry::new(Tls, &["cert-reqs", "ssl-cert-reqs"], Kind::Whole, "N")
        .example("2")
        .uvicorns_default("0")
        .uvicorn("Client certificates: 0 not asked for, 1 optional, 2 required", "ssl_cert_reqs"),
    Entry::new(Tls, &["ciphers", "ssl-ciphers"], Kind::Text, "LIST")
        .example("ECDHE+AESGCM")
        .uvicorn("Ciphers in OpenSSL's format", "ssl_ciphers")
        .unset_if_empty(),
    Entry::new(Tls, &["ssl-version"], Kind::Text, "VERSION")
        .no_effect("the newest version that both sides know is used"),
    Entry::switch(Tls, &["suppress-ragged-eofs"]),
    Entry::switch(Tls, &["do-handshake-on-connect"]),
];
