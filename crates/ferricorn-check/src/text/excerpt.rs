//! A value that was taken out of a file, and where each part of it stands there.

use std::ops::Range;

use super::{FileId, Source, Span, offset};

/// A value with a map back to its file.
///
/// The value of a YAML block scalar has no indentation, that of a JSON string no escapes, and a command that goes over
/// several lines has no backslashes. A reader builds such a value out of *pieces*: bytes that stand in the file as they
/// are ([`Excerpt::push`]), and text that something else in the file stands for ([`Excerpt::push_made`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    file: FileId,
    text: String,
    pieces: Vec<Piece>,
    /// Where the value stands, quotes and indicators left out. What an empty value has for a place.
    whole: Range<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// Where the piece begins in the value.
    at: u32,
    /// What it is in the file.
    source: Range<u32>,
    /// Whether the bytes are the same in both.
    verbatim: bool,
}

impl Excerpt {
    /// An empty value at this place, to be built.
    pub fn empty(source: &Source, at: usize) -> Self {
        let at = offset(at);
        Self { file: source.id(), text: String::new(), pieces: Vec::new(), whole: at..at }
    }

    /// These bytes of the file as they are.
    pub fn verbatim(source: &Source, range: Range<usize>) -> Self {
        let mut excerpt = Self::empty(source, range.start);
        excerpt.push(source, range);
        excerpt
    }

    /// Adds bytes of the file as they are.
    pub fn push(&mut self, source: &Source, range: Range<usize>) {
        let Some(text) = source.text().get(range.clone()) else { return };
        self.piece(range, true);
        self.text.push_str(text);
    }

    /// Adds `text`, which the bytes `range` of the file stand for (an escape, a folded line end).
    pub fn push_made(&mut self, text: &str, range: Range<usize>) {
        self.piece(range, false);
        self.text.push_str(text);
    }

    fn piece(&mut self, range: Range<usize>, verbatim: bool) {
        let source = offset(range.start)..offset(range.end);
        if self.pieces.is_empty() {
            self.whole = source.clone();
        }
        self.whole = self.whole.start.min(source.start)..self.whole.end.max(source.end);
        self.pieces.push(Piece { at: offset(self.text.len()), source, verbatim });
    }

    /// The value.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The file.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// Where the whole value stands.
    pub fn whole(&self) -> Span {
        Span { file: self.file, start: self.whole.start, end: self.whole.end }
    }

    /// Where these bytes of the value stand in the file. If something that was left out (indentation, a line
    /// continuation) lies between them, the span covers it.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = self.start_of(range.start);
        let end = if range.is_empty() { start } else { self.end_of(range.end).max(start) };
        Span { file: self.file, start, end }
    }

    /// The part `range` of the value, as a value of its own.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let whole = self.span(range.clone());
        let mut part = Self {
            file: self.file,
            text: self.text.get(range.clone()).unwrap_or("").to_owned(),
            pieces: Vec::new(),
            whole: whole.start..whole.end,
        };
        let (from, to) = (offset(range.start), offset(range.end));
        let first = self.pieces.partition_point(|piece| piece.at <= from).saturating_sub(1);
        for (index, piece) in self.pieces.iter().enumerate().skip(first) {
            let end = self.end_in_value(index);
            if piece.at >= to {
                break;
            }
            if end <= from {
                continue;
            }
            let cut = from.saturating_sub(piece.at);
            let source = if piece.verbatim {
                piece.source.start + cut..piece.source.end - end.saturating_sub(to)
            } else {
                piece.source.clone()
            };
            part.pieces.push(Piece { at: (piece.at + cut) - from, source, verbatim: piece.verbatim });
        }
        part
    }

    /// Adds a value that was taken out of the same file.
    pub fn append(&mut self, other: &Self) {
        let at = offset(self.text.len());
        if self.pieces.is_empty() {
            self.whole = other.whole.clone();
        }
        self.whole = self.whole.start.min(other.whole.start)..self.whole.end.max(other.whole.end);
        self.pieces.extend(other.pieces.iter().map(|piece| Piece { at: piece.at + at, ..piece.clone() }));
        self.text.push_str(&other.text);
    }

    fn end_in_value(&self, piece: usize) -> u32 {
        self.pieces.get(piece + 1).map_or(offset(self.text.len()), |next| next.at)
    }

    /// Where the byte at `at` of the value begins.
    fn start_of(&self, at: usize) -> u32 {
        let at = offset(at);
        let index = self.pieces.partition_point(|piece| piece.at <= at);
        let Some(piece) = index.checked_sub(1).and_then(|index| self.pieces.get(index)) else {
            return self.whole.start;
        };
        if at >= offset(self.text.len()) {
            return piece.source.end;
        }
        if piece.verbatim { piece.source.start + (at - piece.at) } else { piece.source.start }
    }

    /// Where the byte before `at` of the value ends.
    fn end_of(&self, at: usize) -> u32 {
        let at = offset(at);
        let index = self.pieces.partition_point(|piece| piece.at < at);
        let Some(piece) = index.checked_sub(1).and_then(|index| self.pieces.get(index)) else {
            return self.whole.start;
        };
        if piece.verbatim {
            (piece.source.start + (at - piece.at)).min(piece.source.end)
        } else {
            piece.source.end
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value `one two"` of a text with indentation and an escape.
    fn example() -> (Source, Excerpt) {
        let source = Source::of_text("x", "  one\n  two\\\"");
        let mut value = Excerpt::empty(&source, 2);
        value.push(&source, 2..5);
        value.push_made(" ", 5..8);
        value.push(&source, 8..11);
        value.push_made("\"", 11..13);
        (source, value)
    }

    #[test]
    fn parts_of_a_value_lead_back_to_the_file() {
        let (source, value) = example();
        assert_eq!(value.text(), "one two\"");
        let back = |range: Range<usize>| source.slice(value.span(range)).to_owned();
        assert_eq!(back(0..3), "one");
        assert_eq!(back(4..7), "two");
        assert_eq!(back(4..8), "two\\\"");
        assert_eq!(back(2..5), "e\n  t");
        assert_eq!(value.span(8..8), source.span(13..13));
        assert_eq!(source.slice(value.whole()), "one\n  two\\\"");
    }

    #[test]
    fn a_part_keeps_its_place() {
        let (source, value) = example();
        let part = value.part(1..7);
        assert_eq!(part.text(), "ne two");
        assert_eq!(source.slice(part.span(0..2)), "ne");
        assert_eq!(source.slice(part.span(3..6)), "two");
        assert_eq!(source.slice(part.part(3..6).whole()), "two");
        let mut both = value.part(0..4);
        both.append(&value.part(5..8));
        assert_eq!(both.text(), "one wo\"");
        assert_eq!(source.slice(both.span(4..7)), "wo\\\"");
    }
}
