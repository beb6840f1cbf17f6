//! The grammar of a syslog address, and the facilities by name.

use super::Problem;
use crate::settings::SyslogAddress;

/// The port of a syslog daemon.
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

/// The number of a facility by its name; user's for a name that is none.
pub(crate) fn facility(name: &str) -> u8 {
    FACILITIES.iter().find(|(known, _)| *known == name).map_or(1, |(_, number)| *number)
}

/// Reads gunicorn's grammar: `unix://PATH`, `unix://PATH#dgram`, `udp://HOST:PORT`, `tcp://HOST:PORT`.
pub(super) fn parse(text: &str) -> Result<SyslogAddress, Problem> {
    const FORM: &str = "give `udp://HOST:PORT`, `tcp://HOST:PORT` or `unix://PATH`";
    if let Some(rest) = text.strip_prefix("unix://") {
        let (path, datagram) = match rest.split_once('#') {
            Some((path, kind)) => (path, kind == "dgram"),
            None => (rest, false),
        };
        if path.is_empty() {
            return Err(Problem::meaning("no path", FORM));
        }
        return Ok(SyslogAddress::Unix { path: path.into(), datagram });
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
    Ok(if udp { SyslogAddress::Udp(host, port) } else { SyslogAddress::Tcp(host, port) })
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
            assert_eq!(parse(text).unwrap(), address, "{text}");
        }
        for text in ["localhost:514", "udp://a:b", "unix://", "tcp://a:99999"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
