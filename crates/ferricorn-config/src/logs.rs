//! What the log is made of besides its level and its files: its form, Python's logging configuration, syslog and statsd.
//!
//! Owns: the types, the grammar of a syslog address, and how the options become settings. Does not own: the options
//! themselves (`options`), nor anything that is written.

use std::path::PathBuf;

use crate::{
    error::Problem,
    log_config,
    settings::{Bind, LogLevel},
};

/// The log's form and where it goes besides its files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogOptions {
    /// One form for every line of master, workers and access log (`--log-format`).
    pub format: LogFormat,
    /// Python's logging configuration for the workers (`--log-config`, `--log-config-json`).
    pub config: Option<LogConfig>,
    /// The level that the configuration in force gives the master's lines, if it does; stronger than `--log-level`.
    pub level: Option<LogLevel>,
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
    /// JSON that lies over gunicorn's own configuration (`--log-config-json`). Otherwise the file's name tells the
    /// format, as in uvicorn.
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

/// Where and how metrics go to statsd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statsd {
    /// The daemon's address: TCP's grammar, but UDP; or a unix socket of datagrams.
    pub address: Bind,
    /// Stands before every name; empty or with a dot at its end.
    pub prefix: String,
    /// `DogStatsD`'s tags, with commas between them; may be empty.
    pub tags: String,
    /// Send the length of the queues of connections as well (`--enable-backlog-metric`).
    pub backlog: bool,
}

/// Logger classes that everybody has; what they do is done without them.
const GUNICORNS_OWN: [&str; 3] = ["gunicorn.glogging.Logger", "gunicorn.instrument.statsd.Statsd", "simple"];

/// The port of a statsd daemon.
pub(crate) const STATSD_PORT: u16 = 8125;

const SYSLOG_PORT: u16 = 514;

/// The names of syslog's facilities, as gunicorn knows them, and their numbers.
const FACILITIES: &[(&str, u8)] = &[
    ("auth", 4),
    ("authpriv", 10),
    ("cron", 9),
    ("daemon", 3),
    ("ftp", 11),
    ("kern", 0),
    ("lpr", 6),
    ("mail", 2),
    ("news", 7),
    ("security", 4),
    ("syslog", 5),
    ("user", 1),
    ("uucp", 8),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

/// The names alone, for the option.
pub(crate) const FACILITY_NAMES: &[&str] = &[
    "user", "daemon", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7", "auth",
    "authpriv", "cron", "ftp", "kern", "lpr", "mail", "news", "security", "syslog", "uucp",
];

/// What was given of all this.
#[derive(Debug, Default)]
pub(crate) struct Given {
    pub(crate) format: Option<String>,
    pub(crate) config: Option<String>,
    pub(crate) config_json: Option<String>,
    pub(crate) dictionary: Option<String>,
    pub(crate) class: Option<String>,
    pub(crate) capture_output: Option<bool>,
    pub(crate) syslog: Option<bool>,
    pub(crate) syslog_to: Option<SyslogAddress>,
    pub(crate) syslog_prefix: Option<String>,
    pub(crate) syslog_facility: Option<String>,
    pub(crate) no_access_to_syslog: Option<bool>,
    pub(crate) statsd_host: Option<Bind>,
    pub(crate) statsd_prefix: Option<String>,
    pub(crate) dogstatsd_tags: Option<String>,
    pub(crate) backlog_metric: Option<bool>,
}

impl Given {
    /// What holds, of a service with this name. `no_access`: the user has switched the access log off. `read` gives the text
    /// of a file.
    pub(crate) fn resolve(
        self,
        name: &str,
        no_access: bool,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> LogOptions {
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        // gunicorn's order.
        let config = match (given(self.config_json), given(self.config)) {
            (Some(file), _) => Some((file, true)),
            (None, Some(file)) => Some((file, false)),
            (None, None) => None,
        };
        let dictionary = self.dictionary.filter(|table| table != "{}");
        let level = match (&dictionary, &config) {
            (Some(table), _) => log_config::level_over_gunicorns(table),
            (None, Some((file, true))) => read(file).and_then(|text| log_config::level_over_gunicorns(&text)),
            (None, Some((file, false))) => read(file).and_then(|text| log_config::level_of_file(file, &text)),
            (None, None) => None,
        };
        let facility = self.syslog_facility.as_deref().unwrap_or("user");
        LogOptions {
            format: if self.format.as_deref() == Some("json") { LogFormat::Json } else { LogFormat::Text },
            config: config.map(|(file, over_gunicorns)| LogConfig {
                file: file.into(),
                over_gunicorns,
                no_access,
            }),
            dictionary,
            level,
            class: given(self.class).filter(|class| !GUNICORNS_OWN.contains(&class.as_str())),
            capture_output: self.capture_output.unwrap_or(false),
            syslog: self.syslog.unwrap_or(false).then(|| Syslog {
                address: self
                    .syslog_to
                    .unwrap_or_else(|| SyslogAddress::Udp("localhost".to_owned(), SYSLOG_PORT)),
                prefix: given(self.syslog_prefix).unwrap_or_else(|| name.replace(':', ".")),
                facility: FACILITIES
                    .iter()
                    .find(|(name, _)| *name == facility)
                    .map_or(1, |(_, number)| *number),
                access: !(no_access || self.no_access_to_syslog.unwrap_or(false)),
            }),
            statsd: self.statsd_host.map(|address| Statsd {
                address,
                prefix: given(self.statsd_prefix)
                    .map_or_else(String::new, |prefix| format!("{}.", prefix.trim_end_matches('.'))),
                tags: self.dogstatsd_tags.unwrap_or_default(),
                backlog: self.backlog_metric.unwrap_or(false),
            }),
        }
    }
}

impl SyslogAddress {
    /// Reads gunicorn's grammar: `unix://PATH`, `unix://PATH#dgram`, `udp://HOST:PORT`, `tcp://HOST:PORT`.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        const FORM: &str = "give `udp://HOST:PORT`, `tcp://HOST:PORT` or `unix://PATH`";
        if let Some(rest) = text.strip_prefix("unix://") {
            let (path, datagram) = match rest.split_once('#') {
                Some((path, kind)) => (path, kind == "dgram"),
                None => (rest, false),
            };
            if path.is_empty() {
                return Err(Problem::meaning("no path", FORM));
            }
            return Ok(Self::Unix { path: path.into(), datagram });
        }
        let (udp, rest) = match (text.strip_prefix("udp://"), text.strip_prefix("tcp://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(Problem::meaning("not an address of syslog", FORM)),
        };
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, after)) => (host, after.strip_prefix(':')),
            None => rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            None => SYSLOG_PORT,
            Some(port) => port.parse().map_err(|_| Problem::meaning("not a port", FORM))?,
        };
        let host = if host.is_empty() { "localhost".to_owned() } else { host.to_lowercase() };
        Ok(if udp { Self::Udp(host, port) } else { Self::Tcp(host, port) })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_facility_has_a_number() {
        let mut names: Vec<_> = FACILITY_NAMES.to_vec();
        let mut numbered: Vec<_> = FACILITIES.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        numbered.sort_unstable();
        assert_eq!(names, numbered);
    }

    #[test]
    fn addresses_of_syslog_are_gunicorns() {
        let unix = |path: &str, datagram| SyslogAddress::Unix { path: path.into(), datagram };
        for (text, address) in [
            ("unix:///dev/log", unix("/dev/log", false)),
            ("unix:///dev/log#dgram", unix("/dev/log", true)),
            ("udp://localhost:514", SyslogAddress::Udp("localhost".to_owned(), 514)),
            ("udp://", SyslogAddress::Udp("localhost".to_owned(), 514)),
            ("tcp://Host", SyslogAddress::Tcp("host".to_owned(), 514)),
            ("tcp://[::1]:5140", SyslogAddress::Tcp("::1".to_owned(), 5140)),
        ] {
            assert_eq!(SyslogAddress::parse(text).unwrap(), address, "{text}");
        }
        for text in ["localhost:514", "udp://a:b", "unix://", "tcp://a:99999"] {
            assert!(SyslogAddress::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_prefix_ends_with_one_dot_and_the_app_stands_in_for_the_prefix_of_syslog() {
        let given = Given {
            syslog: Some(true),
            statsd_host: Some(Bind::Tcp { host: "h".to_owned(), port: 1 }),
            statsd_prefix: Some("shop..".to_owned()),
            ..Given::default()
        };
        let options = given.resolve("main:app", false, &|_| None);
        assert_eq!(options.statsd.unwrap().prefix, "shop.");
        assert_eq!(options.syslog.unwrap().prefix, "main.app");
    }
}
