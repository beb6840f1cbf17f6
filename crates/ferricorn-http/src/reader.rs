//! The requests of one connection, out of its bytes.
//!
//! Owns: which part of a request comes next. Does not own: the bytes. What it has not taken it wants to see again, at the
//! beginning of what it is given next, with more behind.

use crate::{
    Head, Limits, Refusal, RequestBody,
    body::{Chunks, Piece},
    head::{Lines, Search, check_beginning, parse},
};

/// A part of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'a> {
    /// A request begins. If it has a body, `Body` and one `End` follow; otherwise it is complete.
    Head(Head<'a>),
    /// Some of its body, at least one byte.
    Body(&'a [u8]),
    /// The end of its body.
    End,
}

/// What the bytes say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
    /// There is more to say once more bytes are here.
    More,
    /// A part of a request; there may be more in the rest of the bytes.
    Event(Event<'a>),
    /// The request is refused, and with it everything that follows on this connection.
    Refused(Refusal),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Head(Lines),
    Length(u64),
    Chunks(Chunks),
    Refused(Refusal),
}

/// Reads the requests of one connection.
#[derive(Debug, Clone)]
pub struct Reader {
    limits: Limits,
    state: State,
}

impl Reader {
    /// A reader at the beginning of a connection.
    pub fn new(limits: Limits) -> Self {
        Self { limits, state: State::Head(Lines::of_request()) }
    }

    /// Whether the request before, if there was one, is completely read.
    ///
    /// If its caller holds no bytes back either, the connection is between two requests.
    pub fn is_between(&self) -> bool {
        matches!(self.state, State::Head(_))
    }

    /// Reads from the beginning of the bytes: how many are taken, and what they say.
    ///
    /// The rest has to be given again, with what has come behind it. It is to be called until it says `More` or
    /// `Refused`; `End` may come out of no bytes.
    pub fn read<'a>(&mut self, bytes: &'a [u8]) -> (usize, Step<'a>) {
        let read = match &mut self.state {
            State::Refused(refusal) => Err(*refusal),
            State::Head(_) => self.read_head(bytes),
            State::Length(_) => Ok(self.read_length(bytes)),
            State::Chunks(_) => self.read_chunks(bytes),
        };
        read.unwrap_or_else(|refusal| {
            self.state = State::Refused(refusal);
            (0, Step::Refused(refusal))
        })
    }

    fn read_head<'a>(&mut self, bytes: &'a [u8]) -> Result<(usize, Step<'a>), Refusal> {
        let State::Head(lines) = &mut self.state else { return Ok((0, Step::More)) };
        // Empty lines before a request are allowed (RFC 9112, section 2.2); a client of old sends one behind a body.
        let skipped = if lines.length() == 0 { empty_lines(bytes) } else { 0 };
        let bytes = &bytes[skipped..];
        if bytes.first() == Some(&b'\r') && lines.length() == 0 {
            return if bytes.len() == 1 { Ok((skipped, Step::More)) } else { Err(Refusal::LineEnd) };
        }
        if skipped > 0 {
            *lines = Lines::of_request();
        }
        match lines.search(bytes, &self.limits) {
            Search::Complete(length) => {
                let head = parse(&bytes[..length], lines.fields())?;
                self.state = match head.framing.body {
                    RequestBody::None => State::Head(Lines::of_request()),
                    RequestBody::Length(length) => State::Length(length),
                    RequestBody::Chunked => State::Chunks(Chunks::new()),
                };
                Ok((skipped + length, Step::Event(Event::Head(head))))
            }
            Search::More { has_new } => {
                if has_new {
                    check_beginning(&bytes[..lines.length()], lines.fields())?;
                }
                Ok((skipped, Step::More))
            }
            Search::Refused(refusal) => {
                check_beginning(&bytes[..lines.length()], lines.fields())?;
                Err(refusal)
            }
        }
    }

    fn read_length<'a>(&mut self, bytes: &'a [u8]) -> (usize, Step<'a>) {
        let State::Length(left) = &mut self.state else { return (0, Step::More) };
        if *left == 0 {
            self.state = State::Head(Lines::of_request());
            return (0, Step::Event(Event::End));
        }
        let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
        if taken == 0 {
            return (0, Step::More);
        }
        *left -= taken as u64;
        (taken, Step::Event(Event::Body(&bytes[..taken])))
    }

    fn read_chunks<'a>(&mut self, bytes: &'a [u8]) -> Result<(usize, Step<'a>), Refusal> {
        let State::Chunks(chunks) = &mut self.state else { return Ok((0, Step::More)) };
        let mut at = 0;
        loop {
            let (taken, piece) = chunks.read(&bytes[at..], &self.limits)?;
            let from = at;
            at += taken;
            match piece {
                Piece::Framing => {}
                Piece::More => return Ok((at, Step::More)),
                Piece::Data => return Ok((at, Step::Event(Event::Body(&bytes[from..at])))),
                Piece::End => {
                    self.state = State::Head(Lines::of_request());
                    return Ok((at, Step::Event(Event::End)));
                }
            }
        }
    }
}

/// How many bytes the empty lines at the beginning are.
fn empty_lines(bytes: &[u8]) -> usize {
    bytes.chunks_exact(2).take_while(|pair| *pair == b"\r\n").count() * 2
}
