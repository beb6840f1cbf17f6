//! The access log.

use super::{Entry, Group::Logging, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Logging, &["access-logfile"], Kind::Text, "FILE").setting(&["accesslog"]).sets(
        "Write the access log to this file, - for standard output [default: none]",
        |draft, value| {
            draft.access_file = value.text();
        },
    ),
    Entry::switch(Logging, &["access-log"]).off("no-access-log").sets(
        "Write the access log to standard output [default: on where no option is gunicorn's]",
        |draft, value| draft.access_switch = value.flag(),
    ),
    Entry::new(Logging, &["access-logformat"], Kind::Verbatim, "FORMAT")
        .setting(&["access_log_format"])
        .sets("The access log's format, as gunicorn's", |draft, value| draft.access_format = value.text()),
    Entry::switch(Logging, &["disable-redirect-access-to-syslog"]).sets(
        "Do not send the access log to syslog",
        |draft, value| {
            draft.logs.no_access_to_syslog = value.flag();
        },
    ),
];
