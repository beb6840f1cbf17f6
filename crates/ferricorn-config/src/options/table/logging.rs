//! The access log and the error log.

use crate::options::{Entry, Group::Logging, Kind};
use crate::values::FACILITY_NAMES;

pub(crate) const LEVELS: &[&str] = &["debug", "info", "warning", "error", "critical", "trace"];

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Logging, &["access-logfile"], Kind::Text, "FILE")
        .example("-")
        .setting(&["accesslog"])
        .depends("none")
        .sets("File for the access log; - is standard output", |draft, value| {
            draft.access_file = value.text();
        }),
    Entry::switch(Logging, &["access-log"])
        .off("no-access-log")
        .depends("on where no option is gunicorn's")
        .sets("Write the access log to standard output", |draft, value| draft.access_switch = value.flag()),
    Entry::new(Logging, &["access-logformat"], Kind::Verbatim, "FORMAT")
        .example("%(h)s \"%(r)s\" %(s)s %(M)s")
        .setting(&["access_log_format"])
        .sets("Format of the access log, as in gunicorn", |draft, value| draft.access_format = value.text()),
    Entry::switch(Logging, &["disable-redirect-access-to-syslog"]).sets(
        "Do not send the access log to syslog",
        |draft, value| {
            draft.logs.no_access_to_syslog = value.flag();
        },
    ),
    Entry::new(Logging, &["error-logfile", "log-file"], Kind::Text, "FILE")
        .example("/var/log/shop/error.log")
        .setting(&["errorlog"])
        .depends("-")
        .sets("File for the error log; - is standard error", |draft, value| {
            draft.error_file = value.text();
        }),
    Entry::new(Logging, &["log-level"], Kind::Choice(LEVELS), "LEVEL")
        .example("warning")
        .setting(&["loglevel"])
        .default("info")
        .sets("Least severe level to log: debug, info, warning, error or critical", |draft, value| {
            draft.log_level = value.text();
        }),
    Entry::switch(Logging, &["use-colors"])
        .off("no-use-colors")
        .depends("on a terminal")
        .sets("Colour the level names in the log", |draft, value| draft.colors = value.flag()),
    Entry::new(Logging, &["log-format"], Kind::Choice(&["text", "json"]), "FORMAT")
        .example("json")
        .default("text")
        .sets("text, or json: one object per line, for master, workers and access log", |draft, value| {
            draft.logs.format = value.text();
        }),
    Entry::switch(Logging, &["capture-output"]).sets(
        "Also write what workers print to the error log's file",
        |draft, value| {
            draft.logs.capture_output = value.flag();
        },
    ),
    Entry::new(Logging, &["logger-class"], Kind::Text, "CLASS")
        .example("project.logs.Logger")
        .depends("gunicorn.glogging.Logger")
        .sets("Subclass of gunicorn's logger, for the workers", |draft, value| {
            draft.logs.class = value.text();
        }),
    Entry::new(Logging, &["log-config"], Kind::Text, "FILE")
        .example("logging.yaml")
        .setting(&["logconfig"])
        .sets("Python logging configuration for the workers: .ini, .json or .yaml", |draft, value| {
            draft.logs.config = value.text();
        }),
    Entry::new(Logging, &["log-config-json"], Kind::Text, "FILE")
        .example("logging.json")
        .setting(&["logconfig_json"])
        .sets("The same in JSON, merged over gunicorn's own configuration", |draft, value| {
            draft.logs.config_json = value.text();
        }),
    Entry::switch(Logging, &["log-syslog"])
        .setting(&["syslog"])
        .sets("Also send the log to syslog", |draft, value| draft.logs.syslog = value.flag()),
    Entry::new(Logging, &["log-syslog-to"], Kind::SyslogAddress, "ADDRESS")
        .example("udp://logs.internal:514")
        .setting(&["syslog_addr"])
        .default("udp://localhost:514")
        .sets("Address of syslog: udp://HOST:PORT, tcp://HOST:PORT or unix://PATH", |draft, value| {
            draft.logs.syslog_to = value.syslog();
        }),
    Entry::new(Logging, &["log-syslog-prefix"], Kind::Text, "PREFIX")
        .example("shop")
        .setting(&["syslog_prefix"])
        .depends("APP_MODULE")
        .sets("Program name in syslog: gunicorn.PREFIX.error", |draft, value| {
            draft.logs.syslog_prefix = value.text();
        }),
    Entry::new(Logging, &["log-syslog-facility"], Kind::Choice(FACILITY_NAMES), "FACILITY")
        .example("daemon")
        .setting(&["syslog_facility"])
        .default("user")
        .sets("Syslog facility", |draft, value| {
            draft.logs.syslog_facility = value.text();
        }),
    Entry::new(Logging, &["statsd-host"], Kind::StatsdAddress, "ADDRESS").example("127.0.0.1:8125").sets(
        "Send gunicorn's metrics to this statsd server: HOST:PORT or unix:PATH",
        |draft, value| {
            draft.logs.statsd_host = value.statsd();
        },
    ),
    Entry::new(Logging, &["statsd-prefix"], Kind::Text, "PREFIX").example("shop").sets(
        "Prefix of metric names",
        |draft, value| {
            draft.logs.statsd_prefix = value.text();
        },
    ),
    Entry::new(Logging, &["dogstatsd-tags"], Kind::Text, "TAGS").example("env:prod,service:shop").sets(
        "DogStatsD tags for every metric, separated by commas",
        |draft, value| {
            draft.logs.dogstatsd_tags = value.text();
        },
    ),
    Entry::switch(Logging, &["enable-backlog-metric"]).sets(
        "Send how many connections wait to be accepted, once a second",
        |draft, value| {
            draft.logs.backlog_metric = value.flag();
        },
    ),
    Entry::switch(Logging, &["enable-stdio-inheritance"]).short('R'),
];
