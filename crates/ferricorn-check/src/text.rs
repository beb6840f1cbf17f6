//! Texts and places in them: what a file holds, where a line begins, and which bytes of a file a value came from.
//!
//! Owns: decoding (UTF-8, a byte order mark, UTF-16), lines and columns, [`Span`] and [`Excerpt`]. Does not own: what a
//! text means (`readers`), nor the reading of files (the caller's).
//!
//! Invariants:
//! * A [`Span`] is a range of bytes in the *decoded* text of one file, on character boundaries. Only
//!   [`Source::original`] turns it into bytes of the file on the disk.
//! * Lines and columns count from 1. A column counts Unicode characters; a tab is one. `\r\n` ends a line as `\n` does.
//! * A reader never builds a value without saying where each part of it stands: see [`Excerpt`].

use std::{cell::OnceCell, ops::Range};

mod decode;
mod excerpt;

pub use decode::{Encoding, MOST_BYTES, Unreadable};
pub use excerpt::Excerpt;

/// One file of a [`crate::Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u32);

/// A range of bytes in the decoded text of one file. An empty span is a place between two characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte behind the last one.
    pub end: u32,
}

impl Span {
    /// The range, to index the text with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether it covers no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The smallest span that covers both, which must be of one file (otherwise `self`).
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// Whether `other` lies inside, borders included.
    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The empty span at its beginning.
    #[must_use]
    pub fn before(self) -> Self {
        Self { end: self.start, ..self }
    }

    /// The empty span at its end.
    #[must_use]
    pub fn after(self) -> Self {
        Self { start: self.end, ..self }
    }
}

/// A line and a column, both from 1; the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The decoded text of a file.
#[derive(Debug)]
pub struct Source {
    id: FileId,
    path: String,
    text: String,
    encoding: Encoding,
    /// Where each line begins, found when it is first asked for. The first is 0.
    lines: OnceCell<Vec<u32>>,
}

impl Source {
    /// Decodes `bytes`. `path` is relative to the root of the repository, with `/` on every system.
    pub(crate) fn decode(id: FileId, path: &str, bytes: &[u8]) -> Result<Self, Unreadable> {
        let (text, encoding) = decode::decode(bytes)?;
        Ok(Self::new(id, path, text, encoding))
    }

    fn new(id: FileId, path: &str, text: String, encoding: Encoding) -> Self {
        Self { id, path: path.to_owned(), text, encoding, lines: OnceCell::new() }
    }

    /// Where each line begins.
    fn starts(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| offset(at + 1))).collect()
        })
    }

    /// A source for a reader's test: its file id is 0.
    pub fn of_text(path: &str, text: &str) -> Self {
        Self::new(FileId(0), path, text.to_owned(), Encoding::Utf8 { mark: false })
    }

    /// Its id.
    pub fn id(&self) -> FileId {
        self.id
    }

    /// The path, relative to the root, with `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The directory of the file, `""` for the root.
    pub fn directory(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(directory, _)| directory)
    }

    /// The decoded text, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How the file is encoded.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The span of these bytes of the text.
    pub fn span(&self, range: Range<usize>) -> Span {
        Span { file: self.id, start: offset(range.start), end: offset(range.end) }
    }

    /// The span of the whole text.
    pub fn whole(&self) -> Span {
        self.span(0..self.text.len())
    }

    /// The text of a span, `""` if it does not fit this text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// The number of lines. A text that ends with a newline has an empty last line that counts.
    pub fn line_count(&self) -> u32 {
        offset(self.starts().len())
    }

    /// Where these bytes stand.
    pub fn position(&self, at: u32) -> Position {
        let starts = self.starts();
        let line = starts.partition_point(|start| *start <= at).max(1);
        let start = starts[line - 1] as usize;
        let before = self.text.get(start..at as usize).unwrap_or("");
        Position { line: offset(line), column: offset(before.chars().count() + 1) }
    }

    /// The line (from 1) in which a span begins.
    pub fn line_of(&self, span: Span) -> u32 {
        self.position(span.start).line
    }

    /// The span of a line (from 1), without its end (`\n` or `\r\n`). Lines past the end are empty.
    pub fn line(&self, line: u32) -> Span {
        let index = (line.max(1) - 1) as usize;
        let starts = self.starts();
        let start = starts.get(index).map_or(self.text.len(), |start| *start as usize);
        let next = starts.get(index + 1).map_or(self.text.len(), |start| *start as usize);
        let text = &self.text[start..next];
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        self.span(start..start + text.len())
    }

    /// All lines, without their ends.
    pub fn lines(&self) -> impl Iterator<Item = Span> + '_ {
        (1..=self.line_count()).map(|line| self.line(line))
    }

    /// Which bytes of the file on the disk a span is, for an edit that leaves all others as they are.
    pub fn original(&self, span: Span) -> Range<usize> {
        let at = |at: u32| self.encoding.original(&self.text, at as usize);
        at(span.start)..at(span.end)
    }

    /// `text` as bytes of this file's encoding, without a byte order mark.
    pub fn encode(&self, text: &str) -> Vec<u8> {
        self.encoding.encode(text)
    }

    /// What ends this file's lines: that of its first line, `\n` if it has one line only.
    pub fn line_ending(&self) -> &'static str {
        match self.text.split_once('\n') {
            Some((line, _)) if line.ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }
}

/// A file is at most 1 MiB ([`crate::MOST_BYTES`]), so that every offset fits.
pub(crate) fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_both_line_ends_count() {
        let source = Source::of_text("x", "a\r\nbé=ü\n");
        let at = |needle: &str| offset(source.text().find(needle).unwrap_or_default());
        assert_eq!(source.position(at("=")), Position { line: 2, column: 3 });
        assert_eq!(source.position(at("ü")), Position { line: 2, column: 4 });
        assert_eq!(source.slice(source.line(1)), "a");
        assert_eq!(source.slice(source.line(2)), "bé=ü");
        assert_eq!((source.line_count(), source.line_ending()), (3, "\r\n"));
        assert_eq!(source.slice(source.line(9)), "");
    }

    #[test]
    fn a_span_knows_its_bytes_on_the_disk() -> Result<(), Unreadable> {
        let text = "aé𝄞b";
        let mut utf16: Vec<u8> = vec![0xff, 0xfe];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [text.as_bytes().to_vec(), marked, utf16] {
            let source = Source::decode(FileId(0), "x", &bytes)?;
            assert_eq!(source.text(), text);
            let start = text.find('𝄞').unwrap_or_default();
            let range = source.original(source.span(start..start + '𝄞'.len_utf8()));
            assert_eq!(bytes[range], source.encode("𝄞"));
        }
        Ok(())
    }
}
