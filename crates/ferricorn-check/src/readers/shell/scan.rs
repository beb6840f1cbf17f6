//! From letters to words: quotes and backslashes.

use std::ops::Range;

use super::{
    BrokenLine,
    word::{Content, Piece, Quote, Word},
};
use crate::text::{Excerpt, Span};

/// How deep `$( )`, backquotes and `${ }` may lie in each other. What lies deeper is taken as it is written.
pub(super) const DEEPEST: u32 = 40;

/// Reads words of one text.
pub(super) struct Scanner<'t> {
    pub(super) value: &'t Excerpt,
    pub(super) text: &'t str,
    pub(super) at: usize,
    pub(super) depth: u32,
    pub(super) broken: Vec<BrokenLine>,
    pub(super) unclosed: Vec<Span>,
}

/// Where a word ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At a blank or an operator.
    Blank,
    /// At a blank: where no shell reads the line, an operator is a letter like others.
    Space,
    /// At the `"` that closes.
    Quote,
    /// At the `}` that closes, outside double quotes.
    Brace,
    /// At the `}` that closes, inside double quotes.
    BraceInQuotes,
}

impl End {
    pub(super) fn quote(self) -> Quote {
        if matches!(self, Self::Quote | Self::BraceInQuotes) { Quote::Double } else { Quote::Bare }
    }
}

impl Scanner<'_> {
    /// Where these bytes of the value stand in the file.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        self.value.span(start..end)
    }

    pub(super) fn piece(&self, content: Content, quote: Quote, range: Range<usize>) -> Piece {
        let glob = match &content {
            Content::Literal(text) if quote == Quote::Bare && text.len() == range.len() => {
                glob(text).map(|at| self.span(range.start + at, range.start + at + 1))
            }
            _ => None,
        };
        Piece { content, quote, span: self.span(range.start, range.end), range, glob }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    pub(super) fn starts(&self, text: &str) -> bool {
        self.text.as_bytes()[self.at.min(self.text.len())..].starts_with(text.as_bytes())
    }

    pub(super) fn whole(&self, pieces: Vec<Piece>, start: usize) -> Word {
        Word { pieces, span: self.span(start, self.at), range: start..self.at }
    }

    /// A word that begins here.
    pub(super) fn word(&mut self) -> Word {
        self.word_up_to(End::Blank)
    }

    pub(super) fn word_up_to(&mut self, end: End) -> Word {
        let start = self.at;
        let mut pieces = Vec::new();
        self.pieces(end, &mut pieces);
        self.whole(pieces, start)
    }

    pub(super) fn pieces(&mut self, end: End, into: &mut Vec<Piece>) {
        while let Some(letter) = self.peek(0) {
            match letter {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'
                    if end == End::Blank =>
                {
                    return;
                }
                b' ' | b'\t' | b'\n' if end == End::Space => return,
                b'"' if end == End::Quote => return,
                b'}' if matches!(end, End::Brace | End::BraceInQuotes) => return,
                b'\\' => self.backslash(end, into),
                b'\'' if end.quote() == Quote::Bare => self.single(into),
                b'"' if end != End::Quote => self.double(into),
                b'$' => self.dollar(end, into),
                b'`' if end != End::Space => self.backquotes(end.quote(), into),
                _ => self.letters(end, into),
            }
        }
    }

    fn letters(&mut self, end: End, into: &mut Vec<Piece>) {
        let start = self.at;
        let stops = |letter: u8| match end {
            End::Blank => b" \t\n;&|<>()\\'\"$`".contains(&letter),
            End::Space => b" \t\n\\'\"$".contains(&letter),
            End::Quote => b"\\\"$`".contains(&letter),
            End::Brace => b"}\\'\"$`".contains(&letter),
            End::BraceInQuotes => b"}\\\"$`".contains(&letter),
        };
        while self.peek(0).is_some_and(|letter| !stops(letter)) {
            self.at += 1;
        }
        // Something has to be taken, or reading would not end.
        if self.at == start {
            self.step();
        }
        let text = self.text[start..self.at].to_owned();
        into.push(self.piece(Content::Literal(text), end.quote(), start..self.at));
    }

    /// One character, whatever its length.
    pub(super) fn step(&mut self) {
        self.at += self.text[self.at..].chars().next().map_or(0, char::len_utf8);
    }

    fn backslash(&mut self, end: End, into: &mut Vec<Piece>) {
        let start = self.at;
        self.at += 1;
        let (text, quote) = match self.peek(0) {
            Some(b'\n') => {
                self.at += 1;
                return;
            }
            None => ("\\".to_owned(), Quote::Escaped),
            // Between double quotes only these are special; before others the backslash stays.
            Some(letter)
                if end.quote() == Quote::Double
                    && !b"$`\"\\".contains(&letter)
                    && !(end == End::BraceInQuotes && letter == b'}') =>
            {
                ("\\".to_owned(), Quote::Double)
            }
            Some(_) => {
                if end == End::Blank {
                    self.look_for_broken_line(start);
                }
                let from = self.at;
                self.step();
                (self.text[from..self.at].to_owned(), Quote::Escaped)
            }
        };
        into.push(self.piece(Content::Literal(text), quote, start..self.at));
    }

    /// Whether nothing but blanks and a comment stands behind the backslash at `start`.
    fn look_for_broken_line(&mut self, start: usize) {
        let rest = &self.text[start + 1..];
        let line = &rest[..rest.find('\n').unwrap_or(rest.len())];
        let behind = line.trim_start_matches([' ', '\t', '\r']);
        if behind.len() < line.len() && (behind.is_empty() || behind.starts_with('#')) {
            let backslash = self.span(start, start + 1);
            self.broken.push(BrokenLine { backslash, behind: self.span(start + 1, start + 1 + line.len()) });
        }
    }

    fn single(&mut self, into: &mut Vec<Piece>) {
        let start = self.at + 1;
        let length = self.text[start..].find('\'');
        let end = start + length.unwrap_or(self.text.len() - start);
        if length.is_none() {
            self.unclosed.push(self.span(self.at, self.text.len()));
        }
        let content = Content::Literal(self.text[start..end].to_owned());
        into.push(self.piece(content, Quote::Single, start..end));
        self.at = (end + 1).min(self.text.len());
    }

    pub(super) fn double(&mut self, into: &mut Vec<Piece>) {
        let start = self.at;
        self.at += 1;
        let before = into.len();
        self.pieces(End::Quote, into);
        if into.len() == before {
            let content = Content::Literal(String::new());
            into.push(self.piece(content, Quote::Double, start + 1..self.at));
        }
        self.close(b'"', start);
    }

    /// Steps over what closes the thing that opened at `start`, or notes that nothing does.
    pub(super) fn close(&mut self, closing: u8, start: usize) {
        if self.peek(0) == Some(closing) {
            self.at += 1;
        } else {
            self.unclosed.push(self.span(start, self.text.len()));
        }
    }
}

/// The first letter of bare text that makes it a pattern. A `[` that nothing closes is a letter like others.
fn glob(text: &str) -> Option<usize> {
    let closed = |at: usize| text[at + 1..].contains(']');
    text.char_indices()
        .find(|(at, letter)| matches!(letter, '*' | '?') || (*letter == '[' && closed(*at)))
        .map(|(at, _)| at)
}
