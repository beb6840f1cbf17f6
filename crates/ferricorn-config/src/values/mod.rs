//! One text becomes one checked value of its kind.
//!
//! Does not know where the text came from: a [`Problem`] becomes a whole error in [`crate::resolve()`].

mod address;
mod env_file;
mod environment;
mod expand;
mod kind;
mod problem;
mod syslog;
mod worker_class;

use std::time::Duration;

pub(crate) use address::{host, parse as parse_address};
pub(crate) use env_file::parse as parse_env_file;
pub use environment::Environment;
pub(crate) use expand::expand;
pub use kind::Kind;
pub use problem::Problem;
pub(crate) use syslog::{FACILITY_NAMES, facility};

use crate::settings::{Bind, MOST_WORKERS, STATSD_PORT, StatsdAddress, SyslogAddress, UvicornValue};

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A switch, or a boolean.
    Flag(bool),
    /// A text.
    Text(String),
    /// A number, 0 or more.
    Whole(u64),
    /// `auto` in place of a number.
    Auto,
    /// A time.
    Seconds(Duration),
    /// A percentage, 1 to 100.
    Percent(u64),
    /// An address.
    Address(Bind),
    /// Where a statsd daemon listens.
    Statsd(StatsdAddress),
    /// Where a syslog daemon listens.
    Syslog(SyslogAddress),
    /// A header's name and value.
    Header(String, String),
}

impl Value {
    /// Reads a text as a value of a kind.
    pub(crate) fn parse(kind: Kind, text: &str) -> Result<Self, Problem> {
        match kind {
            Kind::Switch | Kind::Boolean => boolean(text).map(Self::Flag),
            Kind::Text | Kind::Verbatim | Kind::Hook(_) | Kind::Table => Ok(Self::Text(text.to_owned())),
            Kind::Whole => whole(text).map(Self::Whole),
            Kind::Mode => mode(text).map(Self::Whole),
            Kind::Workers if text.trim().eq_ignore_ascii_case("auto") => Ok(Self::Auto),
            Kind::Workers => workers(text).map(Self::Whole),
            Kind::Memory => memory(text),
            Kind::Port => port(text).map(Self::Whole),
            Kind::Seconds => seconds(text).map(Self::Seconds),
            Kind::Address => parse_address(text).map(Self::Address),
            Kind::StatsdAddress => statsd(text).map(Self::Statsd),
            Kind::MetricsAddress => metrics(text),
            Kind::SyslogAddress => syslog::parse(text).map(Self::Syslog),
            Kind::Host => host(text).map(Self::Text),
            Kind::Choice(words) => choice(words, text).map(Self::Text).ok_or_else(|| not_one_of(words)),
            Kind::ChoiceOrImport(words) => {
                let import =
                    text.split_once(':').filter(|(module, name)| !module.is_empty() && !name.is_empty());
                match choice(words, text) {
                    Some(word) => Ok(Self::Text(word)),
                    None if import.is_some() => Ok(Self::Text(text.to_owned())),
                    None => Err(not_one_of(words)),
                }
            }
            Kind::Header => header(text),
            Kind::WorkerClass => worker_class::check(text).map(|()| Self::Text(text.to_owned())),
        }
    }

    /// As `uvicorn.Config` takes it.
    pub(crate) fn for_uvicorn(self) -> UvicornValue {
        match self {
            Self::Flag(on) => UvicornValue::Flag(on),
            Self::Whole(number) => UvicornValue::Integer(i64::try_from(number).unwrap_or(i64::MAX)),
            Self::Percent(percent) => UvicornValue::Text(format!("{percent}%")),
            Self::Seconds(seconds) => UvicornValue::Number(seconds.as_secs_f64()),
            Self::Header(name, value) => UvicornValue::Pairs(vec![(name, value)]),
            Self::Text(text) => UvicornValue::Text(text),
            Self::Auto => UvicornValue::Text("auto".to_owned()),
            Self::Address(bind) => UvicornValue::Text(bind.to_string()),
            Self::Statsd(address) => UvicornValue::Text(address.to_string()),
            // No option of uvicorn is of this kind.
            Self::Syslog(address) => UvicornValue::Text(format!("{address:?}")),
        }
    }

    pub(crate) fn flag(self) -> Option<bool> {
        if let Self::Flag(on) = self { Some(on) } else { None }
    }

    pub(crate) fn text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn whole(self) -> Option<u64> {
        if let Self::Whole(number) = self { Some(number) } else { None }
    }

    pub(crate) fn seconds(self) -> Option<Duration> {
        if let Self::Seconds(seconds) = self { Some(seconds) } else { None }
    }

    pub(crate) fn syslog(self) -> Option<SyslogAddress> {
        if let Self::Syslog(address) = self { Some(address) } else { None }
    }

    pub(crate) fn address(self) -> Option<Bind> {
        if let Self::Address(bind) = self { Some(bind) } else { None }
    }

    pub(crate) fn statsd(self) -> Option<StatsdAddress> {
        if let Self::Statsd(address) = self { Some(address) } else { None }
    }
}

/// An address in gunicorn's grammar, with statsd's port if none is given.
fn statsd(text: &str) -> Result<StatsdAddress, Problem> {
    let text = text.trim();
    let bare = !text.contains([':', '/']) || (text.starts_with('[') && text.ends_with(']'));
    let bind = if bare { parse_address(&format!("{text}:{STATSD_PORT}")) } else { parse_address(text) }?;
    match bind {
        Bind::Tcp { host, port } => Ok(StatsdAddress::Udp { host, port }),
        Bind::Unix(path) => Ok(StatsdAddress::Unix(path)),
        Bind::Fd(_) => Err(Problem::meaning("not an address", "give `HOST:PORT` or `unix:PATH`")),
    }
}

/// An address in gunicorn's grammar. A port alone is one of loopback: what others may read has to be said. Nothing is no
/// address.
fn metrics(text: &str) -> Result<Value, Problem> {
    const FORMS: &str = "give `PORT`, `HOST:PORT`, `unix:PATH` or `fd://N`";
    let text = text.trim();
    if text.is_empty() {
        return Ok(Value::Text(String::new()));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let port = text.parse().map_err(|_| Problem::meaning("a port is a number from 0 to 65535", FORMS))?;
        return Ok(Value::Address(Bind::Tcp { host: "127.0.0.1".to_owned(), port }));
    }
    if !text.contains(':') || (text.starts_with('[') && text.ends_with(']')) {
        return Err(Problem::meaning("no port", FORMS));
    }
    parse_address(text).map(Value::Address)
}

fn choice(words: &[&str], text: &str) -> Option<String> {
    words.iter().find(|word| word.eq_ignore_ascii_case(text.trim())).map(|word| (*word).to_owned())
}

fn not_one_of(words: &[&str]) -> Problem {
    let listed: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    Problem::syntax("not one of the choices", format!("choose from {}", listed.join(", ")))
}

/// A whole number as Python's `int` reads it (blanks around it are fine), but not below 0.
fn whole(text: &str) -> Result<u64, Problem> {
    let digits = without_separators(text.trim());
    let digits = digits.as_str();
    let unsigned = digits.strip_prefix(['-', '+']).unwrap_or(digits);
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::syntax("not a whole number", "give a number such as `30`"));
    }
    match digits.parse::<i64>() {
        Ok(number) => u64::try_from(number).map_err(|_| Problem::meaning("below 0", "give 0 or more")),
        Err(_) if digits.starts_with('-') => Err(Problem::meaning("below 0", "give 0 or more")),
        Err(_) => Err(Problem::meaning("too large", format!("give at most {}", i64::MAX))),
    }
}

/// Python allows an underscore between two digits.
fn without_separators(text: &str) -> String {
    let separated = text.split('_').all(|part| !part.is_empty()) && !text.contains(['-', '+']);
    if separated { text.replace('_', "") } else { text.to_owned() }
}

/// Bits of a file's mode as gunicorn reads them: Python's prefixes, and a 0 in front for octal.
fn mode(text: &str) -> Result<u64, Problem> {
    const FORM: &str = "give the bits in octal, such as `0o027`";
    let digits = without_separators(text.trim()).to_ascii_lowercase();
    let (digits, radix) = match digits.split_at_checked(2) {
        Some(("0x", rest)) => (rest, 16),
        Some(("0o", rest)) => (rest, 8),
        Some(("0b", rest)) => (rest, 2),
        _ if digits.len() > 1 && digits.starts_with('0') => (&digits[1..], 8),
        _ => (digits.as_str(), 10),
    };
    match i64::from_str_radix(digits, radix) {
        Ok(mode) if mode < 0 => Err(Problem::meaning("below 0", FORM)),
        Ok(mode @ 0..=0o777) => Ok(mode.unsigned_abs()),
        Ok(_) => Err(Problem::meaning("more than the bits of a mode, 0o777", FORM)),
        Err(_) => Err(Problem::syntax("not the bits of a mode", FORM)),
    }
}

fn memory(text: &str) -> Result<Value, Problem> {
    const FORM: &str = "give a number of MiB such as `400`, or a percentage such as `40%`";
    let problem = |problem: Problem| Problem { hint: Some(FORM.to_owned()), ..problem };
    let Some(percent) = text.trim().strip_suffix('%') else {
        return match whole(text).map_err(problem)? {
            mebibytes if mebibytes > u64::MAX >> 20 => Err(Problem::meaning("too large", FORM)),
            mebibytes => Ok(Value::Whole(mebibytes)),
        };
    };
    match whole(percent).map_err(problem)? {
        percent @ 1..=100 => Ok(Value::Percent(percent)),
        _ => Err(Problem::meaning("not a percentage from 1 to 100", FORM)),
    }
}

fn workers(text: &str) -> Result<u64, Problem> {
    let number = whole(text).map_err(|problem| {
        if problem.syntax {
            Problem::syntax(
                "not a whole number",
                "give a number such as `2`, or `auto` for one per processor",
            )
        } else {
            problem
        }
    })?;
    if number > u64::from(MOST_WORKERS) {
        return Err(Problem::meaning("too large", format!("give at most {MOST_WORKERS}")));
    }
    Ok(number)
}

fn port(text: &str) -> Result<u64, Problem> {
    let hint = "a port is a number from 0 to 65535";
    match whole(text) {
        Ok(number) if u16::try_from(number).is_ok() => Ok(number),
        Err(problem) if problem.syntax => Err(Problem::syntax("not a port number", hint)),
        Ok(_) | Err(_) => Err(Problem::meaning("not a port number", hint)),
    }
}

/// Seconds with or without decimals. The largest is some 136 years: a deadline must not overflow the clock.
fn seconds(text: &str) -> Result<Duration, Problem> {
    let number: f64 = match text.trim().parse() {
        Ok(number) if f64::is_finite(number) => number,
        _ => return Err(Problem::syntax("not a number of seconds", "give a number such as `30` or `0.5`")),
    };
    if number < 0.0 {
        return Err(Problem::meaning("below 0", "give 0 or more"));
    }
    if number > f64::from(u32::MAX) {
        return Err(Problem::meaning("too large", format!("give at most {}", u32::MAX)));
    }
    Ok(Duration::from_secs_f64(number))
}

/// The words that uvicorn's parser (click) takes for a boolean.
fn boolean(text: &str) -> Result<bool, Problem> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" | "t" | "yes" | "y" | "on" => Ok(true),
        "0" | "false" | "f" | "no" | "n" | "off" => Ok(false),
        _ => Err(Problem::syntax("not a boolean", "choose from `true` and `false`")),
    }
}

/// A header as it goes onto the wire. A line break in it would let its value add headers of its own.
fn header(text: &str) -> Result<Value, Problem> {
    let form = "write `NAME:VALUE`, as in `X-Frame-Options: DENY`";
    let Some((name, value)) = text.split_once(':') else {
        return Err(Problem::meaning("a colon is missing", form));
    };
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || name.contains(|letter: char| letter.is_control() || letter.is_whitespace()) {
        return Err(Problem::meaning("not a header name", form));
    }
    if value.contains(|letter: char| letter.is_control() && letter != '\t') {
        return Err(Problem::meaning("a control character in the value", form));
    }
    Ok(Value::Header(name.to_owned(), value.to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn problem(kind: Kind, text: &str) -> (String, bool) {
        let problem = Value::parse(kind, text).unwrap_err();
        (problem.reason, problem.syntax)
    }

    #[test]
    fn numbers_are_checked_for_form_first_and_range_then() {
        assert_eq!(Value::parse(Kind::Whole, " 5000 "), Ok(Value::Whole(5000)));
        assert_eq!(problem(Kind::Whole, "x"), ("not a whole number".to_owned(), true));
        assert_eq!(problem(Kind::Whole, "1.5"), ("not a whole number".to_owned(), true));
        assert_eq!(problem(Kind::Whole, ""), ("not a whole number".to_owned(), true));
        assert_eq!(problem(Kind::Whole, "-1"), ("below 0".to_owned(), false));
        assert_eq!(problem(Kind::Whole, "99999999999999999999"), ("too large".to_owned(), false));
        assert_eq!(problem(Kind::Workers, "70000"), ("too large".to_owned(), false));
        assert_eq!(problem(Kind::Port, "99999"), ("not a port number".to_owned(), false));
        assert_eq!(problem(Kind::Port, "http"), ("not a port number".to_owned(), true));
    }

    #[test]
    fn seconds_may_have_decimals_and_never_overflow_a_clock() {
        assert_eq!(Value::parse(Kind::Seconds, "0.5"), Ok(Value::Seconds(Duration::from_millis(500))));
        for text in ["x", "nan", "inf", ""] {
            assert!(problem(Kind::Seconds, text).1, "{text}");
        }
        assert_eq!(problem(Kind::Seconds, "-1"), ("below 0".to_owned(), false));
        assert_eq!(problem(Kind::Seconds, "1e30"), ("too large".to_owned(), false));
    }

    #[test]
    fn modes_are_read_as_gunicorn_reads_them() {
        for (text, mode) in [
            ("0", 0),
            ("18", 0o22),
            ("022", 0o22),
            ("0022", 0o22),
            ("0o027", 0o27),
            ("0x12", 18),
            ("0b111", 7),
        ] {
            assert_eq!(Value::parse(Kind::Mode, text), Ok(Value::Whole(mode)), "{text}");
        }
        for text in ["", "x", "0o", "089", "0o9", "u=rwx"] {
            assert!(problem(Kind::Mode, text).1, "{text}");
        }
        for text in ["-1", "01000", "512"] {
            assert!(!problem(Kind::Mode, text).1, "{text}");
        }
    }

    #[test]
    fn words_are_known_in_any_case() {
        let kind = Kind::Choice(&["debug", "info"]);
        assert_eq!(Value::parse(kind, "INFO"), Ok(Value::Text("info".to_owned())));
        assert!(problem(kind, "loud").1);
        let kind = Kind::ChoiceOrImport(&["auto"]);
        assert_eq!(Value::parse(kind, "my.loops:factory"), Ok(Value::Text("my.loops:factory".to_owned())));
        assert!(problem(kind, "my.loops:").1);
    }

    #[test]
    fn a_header_cannot_smuggle_another_one() {
        let parsed = Value::parse(Kind::Header, "X-A: b:c");
        assert_eq!(parsed, Ok(Value::Header("X-A".to_owned(), "b:c".to_owned())));
        assert!(Value::parse(Kind::Header, "X-A: b\r\nX-B: c").is_err());
        assert!(Value::parse(Kind::Header, "X A: b").is_err());
        assert!(Value::parse(Kind::Header, "no colon").is_err());
    }
}
