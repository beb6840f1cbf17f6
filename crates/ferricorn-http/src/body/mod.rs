//! The body of a request in chunks.
//!
//! Owns: sizes, extensions and trailer fields, of which only the sizes are of use. Does not own: bodies of a known length
//! (`reader`).
//! Invariants: a line that is not complete is not taken; extensions and trailer fields are checked and forgotten.

mod size;

use crate::{
    Limits, Refusal,
    head::{Lines, Search, check_fields},
};

/// Of a chunk's size and extension, in bytes.
const LONGEST_SIZE_LINE: usize = 4096;

/// Limit for all extensions of one body, in bytes: clients send them only to keep a server busy.
const MOST_EXTENSIONS: usize = 16 * 1024;

/// How far the chunks of a body have been read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunks {
    place: Place,
    /// Bytes of extensions so far.
    extensions: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Size,
    Data(u64),
    DataEnd,
    Trailers(Lines),
}

/// What the bytes that were taken are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Nothing of the body; there may be more.
    Framing,
    /// Data.
    Data,
    /// The end of the body.
    End,
    /// More bytes are needed.
    More,
}

impl Chunks {
    pub(crate) fn new() -> Self {
        Self { place: Place::Size, extensions: 0 }
    }

    /// Reads from the beginning of the bytes: how many are taken, and what they are.
    pub(crate) fn read(&mut self, bytes: &[u8], limits: &Limits) -> Result<(usize, Piece), Refusal> {
        match &mut self.place {
            Place::Size => self.read_size(bytes),
            Place::Data(left) => {
                let taken = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= taken as u64;
                if *left == 0 {
                    self.place = Place::DataEnd;
                }
                Ok((taken, if taken == 0 { Piece::More } else { Piece::Data }))
            }
            Place::DataEnd => self.read_data_end(bytes),
            Place::Trailers(lines) => read_trailers(lines, bytes, limits),
        }
    }

    fn read_size(&mut self, bytes: &[u8]) -> Result<(usize, Piece), Refusal> {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            return if bytes.len() > LONGEST_SIZE_LINE {
                Err(Refusal::ChunkSize)
            } else {
                Ok((0, Piece::More))
            };
        };
        if end > LONGEST_SIZE_LINE {
            return Err(Refusal::ChunkSize);
        }
        let line = bytes[..end].strip_suffix(b"\r").ok_or(Refusal::LineEnd)?;
        let (size, extension) = size::parse(line)?;
        self.extensions += extension;
        if self.extensions > MOST_EXTENSIONS {
            return Err(Refusal::ChunkSize);
        }
        self.place = if size == 0 { Place::Trailers(Lines::of_trailers()) } else { Place::Data(size) };
        Ok((end + 1, Piece::Framing))
    }

    fn read_data_end(&mut self, bytes: &[u8]) -> Result<(usize, Piece), Refusal> {
        match bytes {
            [] | [b'\r'] => Ok((0, Piece::More)),
            [b'\r', b'\n', ..] => {
                self.place = Place::Size;
                Ok((2, Piece::Framing))
            }
            _ => Err(Refusal::ChunkEnd),
        }
    }
}

fn read_trailers(lines: &mut Lines, bytes: &[u8], limits: &Limits) -> Result<(usize, Piece), Refusal> {
    let found = lines.search(bytes, limits);
    let (judged, piece) = match found {
        Search::Complete(length) => (length, (length, Piece::End)),
        Search::More { has_new: false } => return Ok((0, Piece::More)),
        Search::More { has_new: true } | Search::Refused(_) => (lines.length(), (0, Piece::More)),
    };
    check_fields(&bytes[..judged], lines.fields())?;
    if let Search::Refused(refusal) = found { Err(refusal) } else { Ok(piece) }
}
