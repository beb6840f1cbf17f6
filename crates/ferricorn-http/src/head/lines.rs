//! Where the lines of a head end, and whether they keep to the limits.
//!
//! Owns: line ends, the number and the length of lines. Does not own: what they say.
//! Invariants: each byte is searched once, however the head comes; a limit that an unfinished line breaks is the one that
//! the whole line would break.

use memchr::memchr;

use crate::{Limits, Refusal};

/// The search for the empty line that ends a head or trailer fields, across the pieces in which they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lines {
    /// Whether the first line is a request line, and not a field.
    has_request_line: bool,
    /// So many lines are complete.
    complete: usize,
    /// Where the first line begins that is not.
    start: usize,
    /// So many bytes hold no further line end.
    searched: usize,
}

/// What a search has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
    /// The empty line is there: the length with it.
    Complete(usize),
    /// It is not there. Whether at least one line has been completed since the search before.
    More { has_new: bool },
    /// The line that begins behind the complete ones is refused.
    Refused(Refusal),
}

impl Lines {
    pub(crate) fn of_request() -> Self {
        Self { has_request_line: true, complete: 0, start: 0, searched: 0 }
    }

    pub(crate) fn of_trailers() -> Self {
        Self { has_request_line: false, complete: 0, start: 0, searched: 0 }
    }

    /// How many bytes the complete lines are.
    pub(crate) fn length(&self) -> usize {
        self.start
    }

    /// How many of the complete lines are fields.
    pub(crate) fn fields(&self) -> usize {
        self.complete - usize::from(self.has_request_line && self.complete > 0)
    }

    /// Searches on in the same bytes, at the end of which more have come.
    pub(crate) fn search(&mut self, bytes: &[u8], limits: &Limits) -> Search {
        let before = self.complete;
        while let Some(found) = memchr(b'\n', bytes.get(self.searched..).unwrap_or_default()) {
            let end = self.searched + found;
            match self.judge(&bytes[self.start..end], end + 1, limits) {
                Err(refusal) => return Search::Refused(refusal),
                Ok(true) => return Search::Complete(end + 1),
                Ok(false) => {}
            }
            self.complete += 1;
            self.start = end + 1;
            self.searched = end + 1;
        }
        self.searched = bytes.len();
        let unfinished = bytes.get(self.start..).unwrap_or_default();
        match self.check_length(unfinished, bytes.len(), limits) {
            Err(refusal) => Search::Refused(refusal),
            Ok(()) => Search::More { has_new: self.complete > before },
        }
    }

    /// Whether a line that is complete but for its LF is the empty one; `length` is that of everything up to its end.
    fn judge(&self, line: &[u8], length: usize, limits: &Limits) -> Result<bool, Refusal> {
        self.check_length(line, length - 1, limits)?;
        if length > limits.head {
            return Err(Refusal::HeadTooLarge);
        }
        let line = line.strip_suffix(b"\r").ok_or(Refusal::LineEnd)?;
        if line.is_empty() {
            // The empty line before a request line is the reader's.
            return if self.is_request_line() { Err(Refusal::RequestLine) } else { Ok(true) };
        }
        if !self.is_request_line() && self.fields() >= limits.fields {
            return Err(Refusal::TooManyFields);
        }
        Ok(false)
    }

    /// A line with its CR, if that is here, so far without its LF.
    fn check_length(&self, line: &[u8], length: usize, limits: &Limits) -> Result<(), Refusal> {
        let (longest, refusal) = if self.is_request_line() {
            (limits.request_line.saturating_add(1), Refusal::RequestLineTooLong)
        } else {
            (limits.field.saturating_sub(1), Refusal::FieldTooLong)
        };
        let end = self.start.saturating_add(longest);
        let allowed = end.min(limits.head);
        if self.is_request_line() && !super::may_be_request_line(&line[..line.len().min(allowed)]) {
            return Err(Refusal::Method);
        }
        if length <= allowed {
            return Ok(());
        }
        Err(if end <= limits.head { refusal } else { Refusal::HeadTooLarge })
    }

    fn is_request_line(&self) -> bool {
        self.has_request_line && self.complete == 0
    }
}
