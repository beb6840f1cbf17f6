//! The head of a response.

use thiserror::Error;

use super::{Body, reason};
use crate::{
    Version,
    grammar::{has_token, is_field_value, is_token},
};

/// Why a header field is not written. The texts are uvicorn's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FieldError {
    /// The name is no token.
    #[error("Invalid HTTP header name.")]
    Name,
    /// The value holds a control character.
    #[error("Invalid HTTP header value.")]
    Value,
    /// `Content-Length` is no number.
    #[error("Invalid Content-Length.")]
    ContentLength,
}

/// The head of a response while it is written.
#[derive(Debug)]
pub struct ResponseHead {
    out: Vec<u8>,
    status: u16,
    body: Option<Body>,
    says_close: bool,
}

impl ResponseHead {
    /// Begins with the status line. A status is between 100 and 999.
    pub fn new(status: u16) -> Self {
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"HTTP/1.1 ");
        let digits = [status / 100 % 10, status / 10 % 10, status % 10];
        out.extend(digits.map(|digit| b'0' + u8::try_from(digit).unwrap_or_default()));
        out.push(b' ');
        out.extend_from_slice(reason(status).as_bytes());
        out.extend_from_slice(b"\r\n");
        Self { out, status, body: None, says_close: false }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Adds fields as they are: they were written by [`field`](Self::field) before, and say nothing of the body.
    pub fn written(&mut self, fields: &[u8], says_close: bool) {
        self.out.extend_from_slice(fields);
        self.says_close |= says_close;
    }

    /// Adds a field, its name in small letters.
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), FieldError> {
        if !is_token(name) {
            return Err(FieldError::Name);
        }
        if !is_field_value(value) {
            return Err(FieldError::Value);
        }
        let at = self.out.len();
        self.out.extend_from_slice(name);
        self.out[at..].make_ascii_lowercase();
        match &self.out[at..] {
            b"content-length" if self.body.is_none() => {
                self.body = Some(Body::Length(number(value).ok_or(FieldError::ContentLength)?));
            }
            // RFC 9112, section 6.1: with such a status it must not be there.
            b"transfer-encoding" if self.is_bare() => {
                self.out.truncate(at);
                return Ok(());
            }
            b"transfer-encoding" if value.eq_ignore_ascii_case(b"chunked") => self.body = Some(Body::Chunked),
            b"connection" => self.says_close |= has_token(value, b"close"),
            _ => {}
        }
        self.out.extend_from_slice(b": ");
        self.out.extend_from_slice(value);
        self.out.extend_from_slice(b"\r\n");
        Ok(())
    }

    /// Whether a response with this status has no body.
    fn is_bare(&self) -> bool {
        matches!(self.status, 100..=199 | 204 | 304)
    }

    /// Ends it. Gives the bytes, the framing of the body, and whether the connection may be kept.
    ///
    /// `keep_alive` is what the request allows; `version` and `is_head` are the request's too.
    pub fn finish(mut self, version: Version, is_head: bool, keep_alive: bool) -> (Vec<u8>, Body, bool) {
        let body = match self.body {
            _ if is_head => Body::Dropped,
            Some(body) => body,
            None if self.is_bare() => Body::Length(0),
            // A client of HTTP/1.0 knows no chunks.
            None if version == Version::Http10 => Body::UntilClose,
            None => {
                self.out.extend_from_slice(b"transfer-encoding: chunked\r\n");
                Body::Chunked
            }
        };
        let keep = keep_alive && !self.says_close && body != Body::UntilClose;
        if !keep && !self.says_close {
            self.out.extend_from_slice(b"connection: close\r\n");
        }
        self.out.extend_from_slice(b"\r\n");
        (self.out, body, keep)
    }
}

fn number(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    if digits.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}
