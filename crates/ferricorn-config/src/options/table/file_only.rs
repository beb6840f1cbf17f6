//! Settings that only a configuration file can give, because gunicorn has no flag for them.

use crate::options::{
    Entry,
    Group::{App, Http, Logging, Process, Tls},
    Kind,
};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(App, &["wsgi-app"], Kind::Text, "APP_MODULE")
        .example("\"main:app\"")
        .file_only()
        .sets("The application, if the command line names none", |draft, value| draft.app = value.text()),
    Entry::new(Logging, &["logconfig-dict"], Kind::Table, "TABLE")
        .example("{\"root\": {\"level\": \"INFO\"}}")
        .file_only()
        .sets("The workers' logging configuration, laid over gunicorn's own", |draft, value| {
            draft.logs.dictionary = value.text();
        }),
    Entry::new(Http, &["secure-scheme-headers"], Kind::Table, "TABLE")
        .file_only()
        .neutral("{}")
        .no_effect("uvicorn knows X-Forwarded-Proto only"),
    Entry::new(Http, &["tmp-upload-dir"], Kind::Text, "DIR").file_only(),
    Entry::new(Process, &["default-proc-name"], Kind::Text, "NAME").file_only(),
    Entry::new(Tls, &["ssl-context"], Kind::Hook(&[2]), "FUNCTION").file_only().refused(
        "uvicorn makes its own TLS context, and one that was made stricter would be lost",
        "use `certfile`, `keyfile`, `ca_certs`, `cert_reqs` and `ciphers`",
    ),
];
