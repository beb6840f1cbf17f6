//! The line of one request.

use std::io::Write as _;

use super::{Format, format::Part};

/// What is known of a request at its end.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The address of the client.
    pub client: Option<&'a str>,
    /// Its method.
    pub method: &'a str,
    /// The decoded path.
    pub path: &'a str,
    /// The path as it came; never empty.
    pub raw_path: &'a [u8],
    /// The query without its question mark.
    pub query: &'a [u8],
    /// `1.1` or `1.0`.
    pub version: &'a str,
    /// The status.
    pub status: u16,
    /// What the application has given as body, in bytes.
    pub size: u64,
    /// How long the application took.
    pub seconds: f64,
    /// The values of [`Format::request_fields`].
    pub request: &'a [Option<&'a [u8]>],
    /// The values of [`Format::response_fields`].
    pub response: &'a [Option<&'a [u8]>],
}

/// When a request ended, in the texts that do not change within a second.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// As gunicorn writes it, in brackets.
    pub gunicorns: &'a [u8],
    /// As in RFC 3339, to the second and without the zone.
    pub date: &'a [u8],
    /// The microseconds of the second.
    pub microseconds: u32,
    /// The zone, as `+01:00`.
    pub zone: &'a [u8],
}

impl Format {
    /// Writes a line without its end. None if it has a value that Python has to write: what was written is to be dropped then.
    pub fn line(&self, facts: &Facts<'_>, moment: Moment<'_>, process: u32, out: &mut Vec<u8>) -> Option<()> {
        for part in &self.parts {
            match part {
                Part::Text(text) => out.extend_from_slice(text),
                Part::Client => out.extend_from_slice(facts.client.unwrap_or("-").as_bytes()),
                Part::User(place) => out.extend_from_slice(user(facts.request.get(*place)?.as_deref())?),
                Part::Time => out.extend_from_slice(moment.gunicorns),
                Part::RequestLine => {
                    out.extend_from_slice(facts.method.as_bytes());
                    out.push(b' ');
                    facts.target(out)?;
                    out.extend_from_slice(b" HTTP/");
                    out.extend_from_slice(facts.version.as_bytes());
                }
                Part::Status => number(facts.status, out),
                Part::Method => out.extend_from_slice(facts.method.as_bytes()),
                Part::Path => plain(facts.path.as_bytes(), out)?,
                Part::Query => escaped(facts.query, out),
                Part::Protocol => {
                    out.extend_from_slice(b"HTTP/");
                    out.extend_from_slice(facts.version.as_bytes());
                }
                Part::Size => number(facts.shown_size(), out),
                Part::Seconds => whole(facts.seconds, out),
                Part::Milliseconds => whole(facts.seconds * 1000.0, out),
                Part::Microseconds => whole(facts.seconds * 1_000_000.0, out),
                Part::SecondsInFull => number(format_args!("{:.6}", facts.seconds), out),
                Part::Process => number(format_args!("<{process}>"), out),
                Part::RequestField(place) => value(facts.request.get(*place)?.as_deref(), out),
                Part::ResponseField(place) => value(facts.response.get(*place)?.as_deref(), out),
            }
        }
        Some(())
    }
}

impl Facts<'_> {
    /// What has no body has none, whatever the application sent.
    fn shown_size(&self) -> u64 {
        if self.method == "HEAD" || matches!(self.status, 204 | 304) { 0 } else { self.size }
    }

    fn target(&self, out: &mut Vec<u8>) -> Option<()> {
        plain(self.raw_path, out)?;
        if self.query.is_empty() {
            return Some(());
        }
        out.push(b'?');
        plain(self.query, out)
    }
}

/// The user's name of an `Authorization`. `None` if there is an encoded one.
fn user(authorization: Option<&[u8]>) -> Option<&'static [u8]> {
    const BASIC: &[u8] = b"basic";
    let names_a_user = authorization
        .is_some_and(|given| given.get(..BASIC.len()).is_some_and(|it| it.eq_ignore_ascii_case(BASIC)));
    (!names_a_user).then_some(b"-")
}

fn number(number: impl std::fmt::Display, out: &mut Vec<u8>) {
    // A vector takes everything.
    let _ = write!(out, "{number}");
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "as Python's `int`; a request does not take for millennia"
)]
fn whole(value: f64, out: &mut Vec<u8>) {
    number(value as i64, out);
}

fn value(value: Option<&[u8]>, out: &mut Vec<u8>) {
    escaped(value.unwrap_or(b"-"), out);
}

/// Latin-1 as UTF-8, with quotes escaped.
fn escaped(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            0..0x80 => out.push(*byte),
            _ => out.extend_from_slice(char::from(*byte).encode_utf8(&mut [0; 2]).as_bytes()),
        }
    }
}

/// What needs no escape at all.
fn plain(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if !bytes.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'"') {
        return None;
    }
    out.extend_from_slice(bytes);
    Some(())
}
