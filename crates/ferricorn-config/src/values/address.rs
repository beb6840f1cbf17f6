//! Addresses in gunicorn's grammar: `unix:PATH`, `unix://PATH`, `fd://N`, and `HOST:PORT` with or without `tcp://`.
//!
//! Differs from gunicorn if gunicorn would guess silently: `127.0.0.1:80:90` and `::1` are refused, not cut.

use std::{fmt, net::Ipv6Addr, path::PathBuf};

use super::Problem;
use crate::settings::{Bind, DEFAULT_PORT, StatsdAddress};

const FORMS: &str = "write `HOST:PORT`, `[V6]:PORT`, `unix:PATH` or `fd://N`";

/// Reads an address.
pub(crate) fn parse(text: &str) -> Result<Bind, Problem> {
    let text = text.trim();
    if let Some(path) = text.strip_prefix("unix:") {
        return unix(path.strip_prefix("//").unwrap_or(path));
    }
    if let Some(number) = text.strip_prefix("fd://") {
        return match number.parse::<i32>() {
            Ok(number) if number >= 0 => Ok(Bind::Fd(number)),
            _ => Err(Problem::meaning("not the number of a descriptor", "write `fd://3`")),
        };
    }
    let text = text.strip_prefix("tcp://").unwrap_or(text);
    if text.contains("://") {
        return Err(Problem::meaning("an address has no scheme", FORMS));
    }
    if text.contains(',') {
        return Err(Problem::meaning("more than one address", "give `--bind` once for each address"));
    }
    if let Some(rest) = text.strip_prefix('[') {
        let Some((literal, rest)) = rest.split_once(']') else {
            return Err(Problem::meaning("a bracket is not closed", FORMS));
        };
        let port = match rest.strip_prefix(':') {
            Some(port) => port_number(port)?,
            None if rest.is_empty() => DEFAULT_PORT,
            None => return Err(Problem::meaning("expected `:PORT` after `]`", FORMS)),
        };
        return Ok(Bind::Tcp { host: literal_v6(literal)?, port });
    }
    match text.split_once(':') {
        Some((host, port)) if !port.contains(':') => tcp(host, port_number(port)?),
        Some(_) if text.parse::<Ipv6Addr>().is_ok() => {
            Err(Problem::meaning("an IPv6 address without brackets", with_brackets(text)))
        }
        Some(_) => Err(Problem::meaning("more than one colon", FORMS)),
        None if is_port(text) => Err(no_host(text, format!("write `:{text}` if it is the port"))),
        None => tcp(text, DEFAULT_PORT),
    }
}

/// Reads a host alone, as uvicorn's `--host` takes it: a name or a literal address, brackets or not.
pub(crate) fn host(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if let Some(literal) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return literal_v6(literal);
    }
    if text.contains(':') {
        let hint = "give the port with `--port`, or the whole address with `--bind`";
        return literal_v6(text).map_err(|_| Problem::meaning("not a host", hint));
    }
    if is_port(text) {
        return Err(no_host(text, "give the port with `--port`"));
    }
    if text.is_empty() { Ok("0.0.0.0".to_owned()) } else { name(text) }
}

fn tcp(host: &str, port: u16) -> Result<Bind, Problem> {
    let host = if host.is_empty() { "0.0.0.0".to_owned() } else { name(host)? };
    Ok(Bind::Tcp { host, port })
}

/// What a literal without brackets may mean: its last group can be a port.
fn with_brackets(text: &str) -> String {
    let address = format!("`[{text}]:{DEFAULT_PORT}`");
    // One digit is more likely the end of an address, as in `::1`.
    let meant = text.rsplit_once(':').filter(|(_, port)| port.len() > 1 && is_port(port));
    let meant = meant
        .map(|(host, port)| (if host.ends_with(':') { format!("{host}:") } else { host.to_owned() }, port));
    match meant.filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok()) {
        Some((host, port)) => format!("write `[{host}]:{port}` for the port {port}, or {address}"),
        None => format!("write {address}"),
    }
}

/// Whether this is a number that cannot be a host. As an address it would be one of 0.0.0.0/16, which no machine has;
/// but `0` is the usual short form of 0.0.0.0.
fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|number| number > 0)
}

fn no_host(host: &str, hint: impl Into<String>) -> Problem {
    Problem::meaning(format!("the number `{host}` is not a host"), hint)
}

fn name(host: &str) -> Result<String, Problem> {
    if is_port(host) {
        return Err(no_host(host, FORMS));
    }
    if host.contains(|letter: char| letter.is_whitespace() || letter.is_control() || "/[]@$".contains(letter))
    {
        return Err(Problem::meaning("not a host", FORMS));
    }
    Ok(host.to_lowercase())
}

/// A literal address, with or without a zone (`fe80::1%eth0`).
fn literal_v6(text: &str) -> Result<String, Problem> {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    match address.parse::<Ipv6Addr>() {
        Ok(_) => Ok(text.to_lowercase()),
        Err(_) => Err(Problem::meaning("not an IPv6 address in the brackets", "write `[::1]:8000`")),
    }
}

fn port_number(text: &str) -> Result<u16, Problem> {
    if text.is_empty() {
        let hint = "a port is a number from 0 to 65535; was it a variable that is not set?";
        return Err(Problem::meaning("no port after the colon", hint));
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if digits => Ok(port),
        _ => Err(Problem::meaning(
            format!("`{text}` is not a port number"),
            "a port is a number from 0 to 65535",
        )),
    }
}

fn unix(path: &str) -> Result<Bind, Problem> {
    if path.is_empty() {
        return Err(Problem::meaning("no path", "write `unix:/run/app.sock`"));
    }
    if path.contains('\0') {
        return Err(Problem::meaning("a zero byte in the path", "write `unix:/run/app.sock`"));
    }
    Ok(Bind::Unix(PathBuf::from(path)))
}

fn write_host(formatter: &mut fmt::Formatter<'_>, host: &str, port: u16) -> fmt::Result {
    if host.contains(':') { write!(formatter, "[{host}]:{port}") } else { write!(formatter, "{host}:{port}") }
}

impl fmt::Display for StatsdAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp { host, port } => write_host(formatter, host, *port),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

impl fmt::Display for Bind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } => write_host(formatter, host, *port),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
            Self::Fd(number) => write!(formatter, "fd://{number}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_gunicorn_reads_them() {
        for (text, shown) in [
            ("127.0.0.1:8000", "127.0.0.1:8000"),
            ("0.0.0.0:0", "0.0.0.0:0"),
            ("LocalHost", "localhost:8000"),
            ("", "0.0.0.0:8000"),
            (":9345", "0.0.0.0:9345"),
            ("tcp://10.0.0.1:80", "10.0.0.1:80"),
            ("0:80", "0:80"),
            ("[::1]", "[::1]:8000"),
            ("[::1]:9000", "[::1]:9000"),
            ("tcp://[::]:9000", "[::]:9000"),
            ("[fe80::1%eth0]:9000", "[fe80::1%eth0]:9000"),
            ("unix:/run/app.sock", "unix:/run/app.sock"),
            ("unix:///run/app.sock", "unix:/run/app.sock"),
            ("unix:app.sock", "unix:app.sock"),
            ("fd://3", "fd://3"),
        ] {
            assert_eq!(parse(text).map(|bind| bind.to_string()).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_reason() {
        for (text, reason) in [
            ("1.2.3.4:99999", "`99999` is not a port number"),
            ("1.2.3.4:http", "`http` is not a port number"),
            ("1.2.3.4:-1", "`-1` is not a port number"),
            ("0.0.0.0:", "no port after the colon"),
            ("127.0.0.1:80:90", "more than one colon"),
            ("::1", "an IPv6 address without brackets"),
            ("[::1", "a bracket is not closed"),
            ("[::1]8000", "expected `:PORT` after `]`"),
            ("[localhost]:80", "not an IPv6 address in the brackets"),
            ("http://localhost:80", "an address has no scheme"),
            ("a:1,b:2", "more than one address"),
            ("unix:", "no path"),
            ("unix://", "no path"),
            ("fd://x", "not the number of a descriptor"),
            ("fd://-1", "not the number of a descriptor"),
            ("/run/app.sock", "not a host"),
        ] {
            assert_eq!(parse(text).unwrap_err().reason, reason, "{text}");
        }
    }

    #[test]
    fn a_host_alone_may_be_a_literal_of_both_families() {
        assert_eq!(host("::").as_deref(), Ok("::"));
        assert_eq!(host("[::1]").as_deref(), Ok("::1"));
        assert_eq!(host("0.0.0.0").as_deref(), Ok("0.0.0.0"));
        assert_eq!(host("0.0.0.0:80").unwrap_err().reason, "not a host");
    }

    /// Every string of up to four of these pieces: what is read can be shown and read again as the same address.
    #[test]
    fn no_input_panics_and_what_is_read_is_read_again() {
        let pieces = [
            "", "[", "]", ":", "::", "1", "99999", "a", "/", "unix:", "fd://", "tcp://", "%", "é", "$", "\0",
            "-",
        ];
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            texts = texts
                .iter()
                .flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}")))
                .collect();
        }
        for text in texts {
            let _ = host(&text);
            if let Ok(bind) = parse(&text) {
                // A host may be called `unix`.
                let scheme = if matches!(bind, Bind::Tcp { .. }) { "tcp://" } else { "" };
                assert_eq!(parse(&format!("{scheme}{bind}")), Ok(bind), "{text}");
            }
        }
    }
}
