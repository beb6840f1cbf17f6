//! The frames of compound commands: `if`, loops, `case`, functions, `( )`, `{ }`.

use std::mem;

use super::{
    Frame, Join,
    parse::{Current, Parser},
    word::{Content, Piece, Quote, Word},
};

/// A frame that is open.
pub(super) struct Open {
    pub(super) frame: Frame,
    /// Inside `case`: whether patterns come now, not commands.
    pub(super) patterns: bool,
    /// Whether a `(` opened it.
    pub(super) bracket: bool,
}

impl Parser<'_> {
    pub(super) fn in_patterns(&self) -> bool {
        self.frames.last().is_some_and(|open| open.patterns)
    }

    /// Between `in` (or `;;`) and the `)` behind the patterns.
    pub(super) fn pattern(&mut self, sign: &str) {
        self.current = Current::default();
        if sign == ")" {
            self.before = Join::Frame;
            if let Some(open) = self.frames.last_mut() {
                open.patterns = false;
            }
        }
    }

    /// A `(`: a subshell, the brackets of a function, or `((`.
    pub(super) fn open_bracket(&mut self) {
        if !self.current.words.is_empty() {
            // `name ()` defines a function; an array's brackets are passed over like a subshell.
            let rest = &self.scanner.text[self.scanner.at + 1..];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            if self.current.words.len() == 1 && rest[blanks..].starts_with(')') {
                self.current = Current::default();
                self.function = true;
                self.scanner.at += blanks + 1;
                return;
            }
        }
        self.finish(Join::Frame);
        self.open(Frame::Subshell);
        if let Some(open) = self.frames.last_mut() {
            open.bracket = true;
        }
    }

    fn open(&mut self, frame: Frame) {
        let frame = if mem::take(&mut self.function) { Frame::Function } else { frame };
        self.frames.push(Open { frame, patterns: false, bracket: false });
        self.before = Join::Frame;
    }

    /// Closes the innermost frame of this kind (a function's body counts as any), if one is open.
    pub(super) fn close(&mut self, frame: Frame) {
        let fits = |open: &Open| open.frame == frame || open.frame == Frame::Function;
        if let Some(at) = self.frames.iter().rposition(fits) {
            self.frames.truncate(at);
        }
        self.before = Join::Frame;
    }

    /// The words of `for x in …` and `case x in`.
    pub(super) fn header_word(&mut self, word: Word) {
        let is_case = self.frames.last().is_some_and(|open| open.frame == Frame::Case);
        if is_case && plain(&word) == Some("in") && !self.current.words.is_empty() {
            self.current = Current::default();
            if let Some(open) = self.frames.last_mut() {
                open.patterns = true;
            }
        } else {
            self.current.words.push(word);
        }
    }

    /// Whether a word where a program could stand belongs to the grammar.
    pub(super) fn reserved(&mut self, word: &Word) -> bool {
        let Some(text) = plain(word) else { return false };
        match text {
            "if" => self.open(Frame::If),
            "while" | "until" => self.open(Frame::Loop),
            "for" | "select" | "case" => {
                self.open(if text == "case" { Frame::Case } else { Frame::Loop });
                self.current.header = true;
            }
            "{" => self.open(Frame::Group),
            "fi" => self.close(Frame::If),
            "done" => self.close(Frame::Loop),
            "esac" => self.close(Frame::Case),
            "}" => self.close(Frame::Group),
            "then" | "do" | "else" | "elif" | "!" | "time" => {}
            "function" => {
                self.function = true;
                self.skip_function_name();
            }
            _ => return false,
        }
        true
    }

    fn skip_function_name(&mut self) {
        let rest = &self.scanner.text[self.scanner.at..];
        let name = rest.trim_start_matches([' ', '\t']);
        let behind =
            name.trim_start_matches(|letter: char| letter.is_alphanumeric() || "_-.:".contains(letter));
        let brackets = behind.trim_start_matches([' ', '\t']).strip_prefix("()");
        self.scanner.at += rest.len() - brackets.unwrap_or(behind).len();
    }
}

/// The text of a word of bare letters, which alone can be a word of the grammar.
pub(super) fn plain(word: &Word) -> Option<&str> {
    match word.pieces.as_slice() {
        [Piece { content: Content::Literal(text), quote: Quote::Bare, .. }] => Some(text),
        _ => None,
    }
}
