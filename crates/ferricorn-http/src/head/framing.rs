//! What the fields of a head say about the body and the connection.
//!
//! Invariant: where two readers could disagree about the end of the request, it is refused; to guess is to let a proxy
//! be deceived about which request a response belongs to.

use httparse::Header;

use super::Version;
use crate::{
    Refusal,
    grammar::{has_token, is_host},
};

/// How the body of a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestBody {
    /// There is none.
    None,
    /// After so many bytes, at least one.
    Length(u64),
    /// With its last chunk.
    Chunked,
}

/// What the head says about the body and the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Framing<'a> {
    /// How the body ends.
    pub body: RequestBody,
    /// Whether another request may follow on this connection.
    pub keep_alive: bool,
    /// Whether the client waits for 100 before it sends the body.
    pub expects_continue: bool,
    /// The protocol that a client of HTTP/1.1 offers to change to (`websocket`, `h2c`).
    pub upgrade: Option<&'a [u8]>,
}

/// Longer numbers may not fit into 64 bits.
const MOST_DIGITS: usize = 18;

impl<'a> Framing<'a> {
    pub(super) fn of(fields: &[Header<'a>], version: Version) -> Result<Self, Refusal> {
        let mut said = Said::default();
        for field in fields {
            said.note(field, version)?;
        }
        said.conclude(version)
    }
}

#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is what one field says")]
struct Said<'a> {
    length: Option<u64>,
    is_chunked: bool,
    has_host: bool,
    close: bool,
    expects_continue: bool,
    offers_upgrade: bool,
    upgrade: Option<&'a [u8]>,
}

impl<'a> Said<'a> {
    fn note(&mut self, field: &Header<'a>, version: Version) -> Result<(), Refusal> {
        let value = field.value;
        // The length tells most of them apart before a byte is compared.
        match field.name.len() {
            4 if is(field, "host") => {
                if self.has_host || !is_host(value) {
                    return Err(Refusal::Host);
                }
                self.has_host = true;
            }
            6 if is(field, "expect") => {
                self.expects_continue = value.eq_ignore_ascii_case(b"100-continue");
            }
            7 if is(field, "upgrade") => self.upgrade = Some(value),
            10 if is(field, "connection") => {
                self.close |= has_token(value, b"close");
                self.offers_upgrade |= has_token(value, b"upgrade");
            }
            14 if is(field, "content-length") => {
                if self.length.is_some() {
                    return Err(Refusal::ContentLength);
                }
                self.length = Some(number(value)?);
            }
            17 if is(field, "transfer-encoding") => {
                if self.is_chunked || version == Version::Http10 || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Refusal::TransferEncoding);
                }
                self.is_chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn conclude(self, version: Version) -> Result<Framing<'a>, Refusal> {
        if self.is_chunked && self.length.is_some() {
            return Err(Refusal::TwoLengths);
        }
        if !self.has_host && version == Version::Http11 {
            return Err(Refusal::Host);
        }
        let body = match self.length {
            _ if self.is_chunked => RequestBody::Chunked,
            None | Some(0) => RequestBody::None,
            Some(length) => RequestBody::Length(length),
        };
        Ok(Framing {
            body,
            // uvicorn does not keep connections of HTTP/1.0 either.
            keep_alive: version == Version::Http11 && !self.close,
            // RFC 9110, section 10.1.1: of a client of HTTP/1.0 it is ignored.
            expects_continue: self.expects_continue && version == Version::Http11,
            // RFC 9110, section 7.8: of a client of HTTP/1.0 it is ignored.
            upgrade: self.upgrade.filter(|_| self.offers_upgrade && version == Version::Http11),
        })
    }
}

fn is(field: &Header<'_>, name: &str) -> bool {
    field.name.eq_ignore_ascii_case(name)
}

fn number(digits: &[u8]) -> Result<u64, Refusal> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::ContentLength);
    }
    if digits.len() > MOST_DIGITS {
        return Err(Refusal::BodyTooLarge);
    }
    Ok(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
