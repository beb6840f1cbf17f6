//! The log's settings besides its level and its files: its form, Python's logging configuration, syslog and statsd.

use std::path::PathBuf;

use super::LogLevel;

/// The port of a statsd daemon.
pub(crate) const STATSD_PORT: u16 = 8125;

/// The log's form and where it goes besides its files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogOptions {
    /// One form for every line of master, workers and access log (`--log-format`).
    pub format: LogFormat,
    /// Python's logging configuration for the workers (`--log-config`, `--log-config-json`).
    pub config: Option<LogConfig>,
    /// The level that the configuration in force gives the master's lines, if it does; stronger than `--log-level`.
    pub level: Option<LogLevel>,
    /// The level that a client has set in the running service (`ferricorn ctl log-level`); wins over both.
    pub asked_level: Option<LogLevel>,
    /// The same as a table of a configuration file, in JSON (`logconfig_dict`); it goes before the files.
    pub dictionary: Option<String>,
    /// A subclass of gunicorn's logger class for the workers, by its dotted name (`--logger-class`).
    pub class: Option<String>,
    /// Write what the workers print to the error log's file as well (`--capture-output`).
    pub capture_output: bool,
    /// Send the log to syslog as well (`--log-syslog`).
    pub syslog: Option<Syslog>,
    /// Send metrics to statsd (`--statsd-host`).
    pub statsd: Option<Statsd>,
}

impl LogOptions {
    /// Whether the logger class is one of the Python configuration file itself.
    pub fn class_of_file(&self) -> bool {
        self.class.as_ref().is_some_and(|class| class.starts_with("__config__."))
    }
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// gunicorn's.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

/// A file of Python's logging configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// The file as given.
    pub file: PathBuf,
    /// JSON that is merged over gunicorn's own configuration (`--log-config-json`). Otherwise the file's name decides
    /// the format, as in uvicorn.
    pub over_gunicorns: bool,
    /// Whether the user has switched the access log off; otherwise the configuration decides.
    pub no_access: bool,
}

/// Where and how log lines go to syslog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Syslog {
    /// Where the daemon listens.
    pub address: SyslogAddress,
    /// What stands between `gunicorn.` and `.error`.
    pub prefix: String,
    /// The number of the facility, 0 to 23.
    pub facility: u8,
    /// Whether access lines are sent as well.
    pub access: bool,
}

/// Where a syslog daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyslogAddress {
    /// A unix socket; of datagrams only if the user says so, otherwise whatever it is.
    Unix {
        /// The socket's path.
        path: PathBuf,
        /// `#dgram` was given.
        datagram: bool,
    },
    /// Datagrams to a host and port.
    Udp(String, u16),
    /// A connection to a host and port.
    Tcp(String, u16),
}

/// Where a statsd daemon listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatsdAddress {
    /// Datagrams to a host and port.
    Udp {
        /// The name or the literal address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A unix socket of datagrams.
    Unix(PathBuf),
}

/// Where and how metrics go to statsd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statsd {
    /// The daemon's address.
    pub address: StatsdAddress,
    /// Stands before every name; empty or with a dot at its end.
    pub prefix: String,
    /// `DogStatsD`'s tags, with commas between them; may be empty.
    pub tags: String,
    /// Send the length of the queues of connections as well (`--enable-backlog-metric`).
    pub backlog: bool,
}
