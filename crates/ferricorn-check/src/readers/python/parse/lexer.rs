//! Tokens of Python: names, numbers, strings, signs, and the ends and indentation of lines.

use std::ops::Range;

use super::strings;

/// A token and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Type,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Name,
    Number,
    /// With prefix and quotes.
    Text,
    Sign,
    /// The end of a logical line.
    Line,
    Indent,
    Dedent,
    End,
}

const SIGNS: [&str; 25] = [
    "**=", "//=", ">>=", "<<=", "...", "->", ":=", "+=", "-=", "*=", "/=", "%=", "@=", "&=", "|=", "^=",
    "==", "!=", "<=", ">=", "<<", ">>", "**", "//", "<>",
];

/// The tokens of a part of a text. With `open` brackets around it, line ends are blanks.
pub(super) fn tokens(text: &str, range: Range<usize>, open: usize) -> Vec<Token> {
    let text = text.get(..range.end).unwrap_or(text);
    // A token has four letters or more on average.
    let most = range.len() / 4;
    let mut lexer = Lexer {
        text,
        at: range.start,
        open,
        indents: vec![0],
        tokens: Vec::with_capacity(most),
        fresh: open == 0,
    };
    while lexer.at < text.len() {
        lexer.next();
    }
    if open == 0 {
        lexer.line_end();
        for _ in 1..lexer.indents.len() {
            lexer.push(Type::Dedent, text.len());
        }
    }
    lexer.push(Type::End, text.len());
    lexer.tokens
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    open: usize,
    indents: Vec<usize>,
    tokens: Vec<Token>,
    /// Whether a logical line begins here.
    fresh: bool,
}

impl Lexer<'_> {
    fn push(&mut self, kind: Type, end: usize) {
        self.tokens.push(Token { kind, start: self.at, end });
        self.at = end;
    }

    fn next(&mut self) {
        if self.fresh {
            self.indentation();
            if self.at >= self.text.len() {
                return;
            }
        }
        let rest = &self.text[self.at..];
        let bytes = rest.as_bytes();
        let Some(first) = bytes.first().copied() else { return };
        match first {
            b'\n' => {
                if self.open == 0 {
                    self.line_end();
                    self.fresh = true;
                }
                self.at += 1;
            }
            b' ' | b'\t' | b'\r' | b'\x0c' => self.at += 1,
            b'#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            b'\\' => self.continuation(rest),
            b'"' | b'\'' => self.text_token(0),
            b'0'..=b'9' => self.number(rest),
            b'.' if bytes.get(1).is_some_and(u8::is_ascii_digit) => self.number(rest),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.name(rest),
            _ => self.sign(rest, first),
        }
    }

    fn line_end(&mut self) {
        let last = self.tokens.last().map(|token| token.kind);
        if !matches!(last, None | Some(Type::Line | Type::Indent | Type::Dedent)) {
            let at = self.at;
            self.push(Type::Line, at);
        }
    }

    fn continuation(&mut self, rest: &str) {
        let length =
            if rest[1..].starts_with("\r\n") { 3 } else { 1 + usize::from(rest[1..].starts_with('\n')) };
        self.at += length;
    }

    /// The indentation of a line that is neither blank nor a comment.
    fn indentation(&mut self) {
        let mut width = 0;
        while let Some(letter) = self.text.as_bytes().get(self.at) {
            match letter {
                b' ' => width += 1,
                b'\t' => width = (width / 8 + 1) * 8,
                b'\x0c' | b'\n' => width = 0,
                b'\r' => {}
                b'#' => {
                    let rest = &self.text[self.at..];
                    self.at += rest.find('\n').unwrap_or(rest.len());
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
        if self.at >= self.text.len() {
            return;
        }
        self.fresh = false;
        let at = self.at;
        if width > self.indents.last().copied().unwrap_or(0) {
            self.indents.push(width);
            self.push(Type::Indent, at);
        }
        while self.indents.len() > 1 && self.indents.last().is_some_and(|last| *last > width) {
            self.indents.pop();
            self.push(Type::Dedent, at);
        }
    }

    fn name(&mut self, rest: &str) {
        let letter = |letter: char| letter.is_alphanumeric() || letter == '_' || !letter.is_ascii();
        let plain =
            rest.bytes().position(|it| !(it.is_ascii_alphanumeric() || it == b'_')).unwrap_or(rest.len());
        let length = if rest.as_bytes().get(plain).is_some_and(|it| !it.is_ascii()) {
            plain + rest[plain..].find(|it: char| !letter(it)).unwrap_or(rest.len() - plain)
        } else {
            plain
        };
        let prefix =
            length <= 2 && rest[length..].starts_with(['"', '\'']) && strings::is_prefix(&rest[..length]);
        if prefix {
            self.text_token(length);
        } else {
            self.push(Type::Name, self.at + length);
        }
    }

    fn text_token(&mut self, prefix: usize) {
        let end = strings::end(self.text, self.at, prefix);
        self.push(Type::Text, end);
    }

    fn number(&mut self, rest: &str) {
        let bytes = rest.as_bytes();
        let hexadecimal = rest.starts_with("0x") || rest.starts_with("0X");
        let (mut dot, mut exponent) = (false, false);
        let mut length = 0;
        while let Some(byte) = bytes.get(length) {
            let goes_on = match byte {
                // A second dot, and one behind an exponent, is that of an attribute.
                b'.' => !std::mem::replace(&mut dot, true) && !exponent && !hexadecimal,
                b'+' | b'-' => !hexadecimal && matches!(bytes[length - 1], b'e' | b'E'),
                _ => {
                    (byte.is_ascii_alphanumeric() || *byte == b'_')
                        && (hexadecimal || !is_word(&rest[length..]))
                }
            };
            if !goes_on {
                break;
            }
            exponent |= !hexadecimal && matches!(byte, b'e' | b'E');
            length += 1;
        }
        self.push(Type::Number, self.at + length);
    }

    fn sign(&mut self, rest: &str, first: u8) {
        match first {
            b'(' | b'[' | b'{' => self.open += 1,
            b')' | b']' | b'}' => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        let more = rest.as_bytes().get(1).is_some_and(|second| b"*/<>=.".contains(second));
        let long = SIGNS.iter().filter(|_| more).find(|sign| rest.starts_with(**sign));
        let length = long.map_or(1, |sign| sign.len());
        self.push(Type::Sign, self.at + length);
    }
}

/// Whether a word begins here that may stand directly behind a number: `1if x`, `0or y`.
fn is_word(rest: &str) -> bool {
    ["if", "in", "is", "or", "and", "else", "for", "not"].iter().any(|word| rest.starts_with(word))
}
