//! The error log.

use super::{Entry, Group::Logging, Kind};

pub(crate) const LEVELS: &[&str] = &["debug", "info", "warning", "error", "critical", "trace"];
const SYSLOG: &str = "there is no log to syslog";
const STATSD: &str = "no metrics are sent to statsd";
const LOG_CONFIG: &str = "the log keeps its built-in form";

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Logging, &["error-logfile", "log-file"], Kind::Text, "FILE").sets(
        "Write the error log to this file, - for standard error [default: -]",
        |draft, value| {
            draft.error_file = value.text();
        },
    ),
    Entry::new(Logging, &["log-level"], Kind::Choice(LEVELS), "LEVEL").sets(
        "debug, info, warning, error or critical [default: info]",
        |draft, value| {
            draft.log_level = value.text();
        },
    ),
    Entry::switch(Logging, &["use-colors"])
        .off("no-use-colors")
        .sets("Colour the log's levels [default: on a terminal]", |draft, value| draft.colors = value.flag()),
    Entry::switch(Logging, &["capture-output"]).not_yet("what the application prints is not redirected"),
    Entry::new(Logging, &["logger-class"], Kind::Text, "CLASS").not_yet(LOG_CONFIG),
    Entry::new(Logging, &["log-config"], Kind::Text, "FILE").not_yet(LOG_CONFIG),
    Entry::new(Logging, &["log-config-json"], Kind::Text, "FILE").not_yet(LOG_CONFIG),
    Entry::switch(Logging, &["log-syslog"]).not_yet(SYSLOG),
    Entry::new(Logging, &["log-syslog-to"], Kind::Text, "ADDRESS").not_yet(SYSLOG),
    Entry::new(Logging, &["log-syslog-prefix"], Kind::Text, "PREFIX").not_yet(SYSLOG),
    Entry::new(Logging, &["log-syslog-facility"], Kind::Text, "FACILITY").not_yet(SYSLOG),
    Entry::new(Logging, &["statsd-host"], Kind::Text, "ADDRESS").not_yet(STATSD),
    Entry::new(Logging, &["dogstatsd-tags"], Kind::Text, "TAGS").not_yet(STATSD),
    Entry::new(Logging, &["statsd-prefix"], Kind::Text, "PREFIX").not_yet(STATSD),
    Entry::switch(Logging, &["enable-backlog-metric"]).not_yet(STATSD),
    Entry::switch(Logging, &["enable-stdio-inheritance"]).short('R'),
];
