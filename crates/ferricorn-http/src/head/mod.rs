//! The head of a request: its lines, its first line, its fields and what they say about the body.
//!
//! Owns: the judgement of a head. Does not own: where it stands in the stream (`reader`).
//! Invariants: the lines are judged in their order, and a head whose first lines are refused is refused for the same
//! reason when the rest is there.
//!
//! `httparse` reads the lines. It takes a bare LF for the end of one, does not know methods and does not look at what
//! the fields mean, so that is judged here.

mod framing;
mod lines;
mod request_line;

use httparse::{EMPTY_HEADER, Header, Status};

pub use framing::{Framing, RequestBody};
pub(crate) use lines::{Lines, Search};
pub use request_line::Target;

use crate::Refusal;

/// The version of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: the connection ends after the response.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// The head of a request, as it stands in the caller's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head<'a> {
    /// One of the registered methods, in capitals.
    pub method: &'a str,
    /// What is asked for.
    pub target: Target<'a>,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// What the fields say about the body and the connection.
    pub framing: Framing<'a>,
    fields: Vec<Header<'a>>,
}

impl<'a> Head<'a> {
    /// The names as they were sent and the values without the blanks around them, in their order.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a [u8])> + '_ {
        self.fields.iter().map(|field| (field.name, field.value))
    }
}

/// Reads a whole head of so many fields.
pub(crate) fn parse(bytes: &[u8], fields: usize) -> Result<Head<'_>, Refusal> {
    let mut headers = vec![EMPTY_HEADER; fields];
    let mut request = httparse::Request::new(&mut headers);
    judge(&mut request, bytes)?;
    let (Some(method), Some(path), Some(minor)) = (request.method, request.path, request.version) else {
        return Err(Refusal::RequestLine);
    };
    let version = if minor == 0 { Version::Http10 } else { Version::Http11 };
    let target = Target::of(method, path)?;
    let framing = Framing::of(&headers, version)?;
    Ok(Head { method, target, version, framing, fields: headers })
}

/// Judges the first lines of a head while the others are awaited.
pub(crate) fn check_beginning(lines: &[u8], fields: usize) -> Result<(), Refusal> {
    let mut headers = vec![EMPTY_HEADER; fields];
    judge(&mut httparse::Request::new(&mut headers), lines)
}

/// Judges the trailer fields of a body, or the first lines of them.
pub(crate) fn check_fields(lines: &[u8], fields: usize) -> Result<(), Refusal> {
    let mut headers = vec![EMPTY_HEADER; fields];
    httparse::parse_headers(lines, &mut headers).map_err(refusal)?;
    Ok(())
}

fn judge<'a>(request: &mut httparse::Request<'_, 'a>, bytes: &'a [u8]) -> Result<(), Refusal> {
    let outcome = request.parse(bytes);
    // What stands first is judged first, so that it does not matter how much of the rest is here.
    if let Some(method) = request.method {
        request_line::check_method(method)?;
        if let Some(path) = request.path {
            Target::of(method, path)?;
        }
    }
    match outcome {
        Ok(Status::Complete(_) | Status::Partial) => Ok(()),
        Err(error) => Err(refusal(error)),
    }
}

fn refusal(error: httparse::Error) -> Refusal {
    match error {
        httparse::Error::HeaderName => Refusal::FieldName,
        httparse::Error::HeaderValue => Refusal::FieldValue,
        httparse::Error::NewLine => Refusal::LineEnd,
        httparse::Error::TooManyHeaders => Refusal::TooManyFields,
        httparse::Error::Version => Refusal::Version,
        httparse::Error::Token | httparse::Error::Status => Refusal::RequestLine,
    }
}

/// Whether these bytes may be the beginning of a request line: a method, of which more may come, or what ends it.
pub(crate) fn may_be_request_line(bytes: &[u8]) -> bool {
    let method = memchr::memchr(b' ', bytes).map_or(bytes, |end| &bytes[..end]);
    (!method.is_empty() || bytes.is_empty())
        && method.len() <= request_line::LONGEST_METHOD
        && method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-')
}
