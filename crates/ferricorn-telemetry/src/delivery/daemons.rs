//! Log lines to syslog, and metrics to statsd, in gunicorn's forms.

use std::io;

use ferricorn_config::{LogLevel, LogOptions, Statsd, StatsdAddress, Syslog, SyslogAddress};

use super::{
    event::Said,
    line::{Daemon, Line},
    severity,
    stream::Rest,
};

/// A daemon cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Syslog's.
    #[error("syslog at {address:?} (`--log-syslog-to`) cannot be reached: {error}")]
    Syslog {
        /// Where it should listen.
        address: SyslogAddress,
        /// What the system says.
        error: io::Error,
    },
    /// The one for metrics.
    #[error("statsd at `{address}` (`--statsd-host`) cannot be reached: {error}")]
    Statsd {
        /// Where it should listen.
        address: StatsdAddress,
        /// What the system says.
        error: io::Error,
    },
}

/// Whether a daemon has to be there when the log is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// It is waited for, for a moment: at the start.
    Connect,
    /// It may come later: the event loop does not wait for it.
    None,
}

/// What the master sends to daemons.
#[derive(Debug, Default)]
pub struct Daemons {
    /// What they were opened for.
    options: (Option<Syslog>, Option<Statsd>),
    syslog: Option<(Line, u8, String)>,
    statsd: Option<(Line, String, String)>,
}

impl Daemons {
    /// Opens what the options name.
    pub fn open(options: &LogOptions, pid: u32, patience: Patience) -> Result<Self, DaemonError> {
        let (syslog, statsd) = (&options.syslog, &options.statsd);
        Ok(Self {
            options: (syslog.clone(), statsd.clone()),
            syslog: syslog.as_ref().map(|syslog| open_syslog(syslog, pid, patience)).transpose()?,
            statsd: statsd.as_ref().map(open_statsd).transpose()?,
        })
    }

    /// Whether these are what the options name.
    pub fn fit(&self, options: &LogOptions) -> bool {
        (&self.options.0, &self.options.1) == (&options.syslog, &options.statsd)
    }

    /// Lines that are still on their way.
    pub fn rest(&self) -> Option<Rest> {
        self.syslog.as_ref().and_then(|(line, _, _)| line.rest())
    }

    /// Whether metrics are sent.
    pub fn counts(&self) -> bool {
        self.statsd.is_some()
    }

    /// A log line that is written.
    pub fn line(&mut self, level: LogLevel, said: &Said) {
        if let Some((line, facility, ident)) = &mut self.syslog {
            let priority = u32::from(*facility) << 3 | severity(level);
            line.send(format!("<{priority}>{ident}{}\0", said.text()).as_bytes());
        }
        let name = match level {
            LogLevel::Warning => "gunicorn.log.warning",
            LogLevel::Error => "gunicorn.log.error",
            LogLevel::Critical => "gunicorn.log.critical",
            _ => return,
        };
        self.metric(name, "1|c|@1.0");
    }

    /// An event that holds a metric rather than a line: `metric`, `value`, and, if it is no gauge, statsd's letter for its
    /// `kind`.
    pub fn value(&mut self, said: &Said) {
        let text = |name: &str| said.field(name).and_then(|it| it.as_str());
        if let (Some(name), Some(value)) = (text("metric"), said.field("value")) {
            let kind = text("kind").unwrap_or("g");
            self.metric(name, &format!("{value}|{kind}"));
        }
    }

    fn metric(&mut self, name: &str, value: &str) {
        if let Some((line, prefix, tags)) = &mut self.statsd {
            let separator = if tags.is_empty() { "" } else { "|#" };
            line.send(format!("{prefix}{name}:{value}{separator}{tags}").as_bytes());
        }
    }
}

fn open_syslog(syslog: &Syslog, pid: u32, patience: Patience) -> Result<(Line, u8, String), DaemonError> {
    let daemon = match &syslog.address {
        SyslogAddress::Unix { path, datagram } => Daemon::Unix { path: path.clone(), datagram: *datagram },
        SyslogAddress::Udp(host, port) => Daemon::Udp(host.clone(), *port),
        SyslogAddress::Tcp(host, port) => Daemon::Tcp(host.clone(), *port),
    };
    let line = Line::open(daemon, patience)
        .map_err(|error| DaemonError::Syslog { address: syslog.address.clone(), error })?;
    Ok((line, syslog.facility, format!("gunicorn.{}.error: [{pid}] ", syslog.prefix)))
}

fn open_statsd(statsd: &Statsd) -> Result<(Line, String, String), DaemonError> {
    let daemon = match &statsd.address {
        StatsdAddress::Unix(path) => Daemon::Unix { path: path.clone(), datagram: true },
        StatsdAddress::Udp { host, port } => Daemon::Udp(host.clone(), *port),
    };
    let line = Line::open(daemon, Patience::None)
        .map_err(|error| DaemonError::Statsd { address: statsd.address.clone(), error })?;
    Ok((line, statsd.prefix.clone(), statsd.tags.clone()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::{net::UdpSocket, os::unix::net::UnixDatagram};

    use super::*;

    #[test]
    fn lines_and_metrics_have_gunicorns_form() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let syslog = UnixDatagram::bind(&path).unwrap();
        let statsd = UdpSocket::bind("127.0.0.1:0").unwrap();
        let options = LogOptions {
            syslog: Some(Syslog {
                address: SyslogAddress::Unix { path, datagram: false },
                prefix: "main.app".to_owned(),
                facility: 16,
                access: true,
            }),
            statsd: Some(Statsd {
                address: StatsdAddress::Udp {
                    host: "127.0.0.1".to_owned(),
                    port: statsd.local_addr().unwrap().port(),
                },
                prefix: "shop.".to_owned(),
                tags: "env:prod".to_owned(),
                backlog: false,
            }),
            ..LogOptions::default()
        };
        let mut daemons = Daemons::open(&options, 957, Patience::Connect).unwrap();
        let said = Said { message: "hello".to_owned(), ..Said::default() };
        daemons.line(LogLevel::Warning, &said);
        let mut buffer = [0; 200];
        let length = syslog.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"<132>gunicorn.main.app.error: [957] hello\0");
        let length = statsd.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"shop.gunicorn.log.warning:1|c|@1.0|#env:prod");
    }

    #[test]
    fn a_daemon_that_was_restarted_is_found_again_and_one_that_is_away_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let first = UnixDatagram::bind(&path).unwrap();
        let mut line =
            Line::open(Daemon::Unix { path: path.clone(), datagram: true }, Patience::Connect).unwrap();
        drop(first);
        std::fs::remove_file(&path).unwrap();
        line.send(b"lost");
        let second = UnixDatagram::bind(&path).unwrap();
        line.send(b"found");
        let mut buffer = [0; 10];
        let length = second.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"found");
    }
}
