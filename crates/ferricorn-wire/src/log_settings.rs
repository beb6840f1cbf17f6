//! The settings of a worker's log lines.

use std::ops::Not;

use serde::{Deserialize, Serialize};

/// Where a worker's log lines go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a setting of its own")]
pub struct LogSettings {
    /// `trace`, `debug`, `info`, `warning`, `error` or `critical`.
    pub level: String,
    /// Somebody has asked the running service for that level: it is stronger than those of a logging configuration.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub level_asked: bool,
    /// The path of the error log, or none for standard error.
    pub error_file: Option<String>,
    /// Whether to colour level names on standard error.
    pub colors: bool,
    /// Lines are short, for a terminal that one person looks at.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub short: bool,
    /// The access log, or none.
    pub access: Option<AccessLog>,
    /// Every line is a JSON object (`--log-format json`).
    #[serde(default, skip_serializing_if = "Not::not")]
    pub json: bool,
    /// Python's logging configuration, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<LogConfig>,
    /// The same as a dictionary that lies over gunicorn's own, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dictionary: Option<serde_json::Map<String, serde_json::Value>>,
    /// Standard output and standard error go to the error log's file.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub capture_output: bool,
    /// Syslog, which gets the lines as well, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub syslog: Option<Syslog>,
    /// statsd, which gets metrics, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statsd: Option<Statsd>,
    /// A subclass of gunicorn's logger, by its dotted name, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logger_class: Option<String>,
}

/// The access log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccessLog {
    /// The path, or none for standard output.
    pub file: Option<String>,
    /// gunicorn's `access_log_format`.
    pub format: String,
}

/// A file of Python's logging configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogConfig {
    /// The path, from the worker's directory.
    pub file: String,
    /// It is JSON and is merged over gunicorn's own configuration; otherwise its name decides the format.
    pub over_gunicorns: bool,
    /// The user has switched the access log off; otherwise the configuration decides.
    pub no_access: bool,
}

/// Where a daemon listens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DaemonAddress {
    /// A unix socket.
    Unix {
        /// Its path.
        path: String,
        /// It takes datagrams; otherwise datagrams are tried first, then a stream.
        datagram: bool,
    },
    /// Datagrams.
    Udp {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
    },
    /// A connection.
    Tcp {
        /// A name or an address.
        host: String,
        /// The port.
        port: u16,
    },
}

/// Where and how log lines go to syslog.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Syslog {
    /// Where the daemon listens.
    pub address: DaemonAddress,
    /// What stands between `gunicorn.` and `.error`.
    pub prefix: String,
    /// The number of the facility, 0 to 23.
    pub facility: u8,
    /// Access lines are sent as well.
    pub access: bool,
    /// The access log's format, for a run without another access log.
    pub format: String,
}

/// Where and how metrics go to statsd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statsd {
    /// Where the daemon listens: `Udp` or `Unix`.
    pub address: DaemonAddress,
    /// Stands before every name.
    pub prefix: String,
    /// `DogStatsD`'s tags; may be empty.
    pub tags: String,
}
