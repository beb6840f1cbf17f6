//! String literals: where they end, what they say.

use std::ops::Range;

use crate::text::{Excerpt, Source};

/// How deep f-strings may lie in each other.
const DEEPEST: u32 = 8;

/// Whether these letters may stand in front of a quote.
pub(super) fn is_prefix(letters: &str) -> bool {
    let lower = letters.to_ascii_lowercase();
    matches!(lower.as_str(), "r" | "u" | "b" | "f" | "t" | "br" | "rb" | "fr" | "rf" | "tr" | "rt")
}

/// Where a literal ends that begins at `start` with a prefix of this length. One that nothing closes ends with its line,
/// a triple one with the text.
pub(super) fn end(text: &str, start: usize, prefix: usize) -> usize {
    end_within(text, start, prefix, DEEPEST)
}

fn end_within(text: &str, start: usize, prefix: usize, depth: u32) -> usize {
    let formats = text[start..start + prefix].contains(['f', 'F', 't', 'T']);
    let open = start + prefix;
    let quote = quote(text, open);
    let mut at = open + quote.len();
    while let Some(letter) = text.as_bytes().get(at) {
        match letter {
            b'\\' => {
                at += 1;
                at += text[at..].chars().next().map_or(0, char::len_utf8);
            }
            b'\n' if quote.len() == 1 => return at,
            b'{' if formats && depth > 0 => at = field_end(text, at, quote, depth - 1),
            _ if text[at..].starts_with(quote) => return at + quote.len(),
            _ => at += text[at..].chars().next().map_or(1, char::len_utf8),
        }
    }
    text.len()
}

fn quote(text: &str, at: usize) -> &str {
    let length = if text[at..].starts_with("\"\"\"") || text[at..].starts_with("'''") { 3 } else { 1 };
    text.get(at..at + length).unwrap_or("\"")
}

/// Where a `{…}` of an f-string ends. It may hold strings with the quotes of the outer one.
fn field_end(text: &str, start: usize, outer: &str, depth: u32) -> usize {
    if text[start..].starts_with("{{") {
        return start + 2;
    }
    let mut open = 0_usize;
    let mut at = start;
    let mut spec = false;
    while let Some(letter) = text.as_bytes().get(at) {
        let closes_outer = text[at..].starts_with(outer) && (spec || !closes_later(text, at, outer));
        match letter {
            b'{' | b'(' | b'[' => open += 1,
            b'}' | b')' | b']' => {
                open = open.saturating_sub(1);
                if open == 0 {
                    return at + 1;
                }
            }
            b'\n' if outer.len() == 1 => return at,
            b'"' | b'\'' if closes_outer => return at,
            b'"' | b'\'' if !spec => {
                let prefix = prefix_before(text, start, at);
                at = end_within(text, at - prefix, prefix, depth).max(at + 1);
                continue;
            }
            b':' if open == 1 => spec = true,
            _ => {}
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
    text.len()
}

/// Whether the quote at `at` opens a string inside the field: the same quote stands in the line again, and a `}` behind it.
fn closes_later(text: &str, at: usize, quote: &str) -> bool {
    let rest = &text[at + quote.len()..];
    // A bound, so that a text full of quotes takes no long time.
    let line: &str = rest.split('\n').next().unwrap_or("");
    let line = line.char_indices().nth(500).map_or(line, |(end, _)| &line[..end]);
    line.find(quote).is_some_and(|second| line[second..].contains('}'))
}

fn prefix_before(text: &str, start: usize, at: usize) -> usize {
    let letters = text[start..at].bytes().rev().take_while(u8::is_ascii_alphabetic).count();
    if letters <= 2 && is_prefix(&text[at - letters..at]) { letters } else { 0 }
}

/// A literal taken apart.
pub(super) struct Literal {
    /// The letters, up to the first expression in it.
    pub(super) text: Excerpt,
    pub(super) bytes: bool,
    /// Whether it is an f-string with expressions.
    pub(super) formats: bool,
    /// The expressions, without `!r`, `=` and `:spec`.
    pub(super) fields: Vec<Range<usize>>,
}

/// Reads a literal.
pub(super) fn literal(source: &Source, range: Range<usize>) -> Literal {
    let text = source.text();
    let prefix = text[range.clone()].find(['"', '\'']).unwrap_or(0);
    let letters = text[range.start..range.start + prefix].to_ascii_lowercase();
    let quote = quote(text, range.start + prefix).len();
    let inside = range.start + prefix + quote;
    let closed = text[range.clone()].len() >= prefix + 2 * quote;
    let end = if closed { range.end - quote } else { range.end };
    let mut reader = Reader {
        source,
        text: text.get(..end).unwrap_or(text),
        at: inside.min(end),
        raw: letters.contains('r'),
        formats: letters.contains(['f', 't']),
        made: Excerpt::empty(source, inside.min(end)),
        fields: Vec::new(),
    };
    reader.read();
    let formats = !reader.fields.is_empty();
    Literal { text: reader.made, bytes: letters.contains('b'), formats, fields: reader.fields }
}

struct Reader<'t> {
    source: &'t Source,
    text: &'t str,
    at: usize,
    raw: bool,
    formats: bool,
    made: Excerpt,
    fields: Vec<Range<usize>>,
}

impl Reader<'_> {
    fn read(&mut self) {
        while self.at < self.text.len() {
            let rest = &self.text[self.at..];
            let special = rest.find(['\\', '{', '}', '\r']).unwrap_or(rest.len());
            if special > 0 {
                self.letters(special);
                continue;
            }
            match rest.as_bytes().first() {
                Some(b'\\') if !self.raw => self.escape(),
                Some(b'\r') if rest.starts_with("\r\n") => self.made("\n", 2),
                Some(b'{' | b'}') if self.formats && (rest.starts_with("{{") || rest.starts_with("}}")) => {
                    let brace = &rest[..1];
                    self.made(brace, 2);
                }
                Some(b'{') if self.formats => self.field(),
                _ => self.letters(1),
            }
        }
    }

    /// Behind the first expression the letters are not kept: the text is only what is certain of the beginning.
    fn letters(&mut self, length: usize) {
        if self.fields.is_empty() {
            self.made.push(self.source, self.at..self.at + length);
        }
        self.at += length;
    }

    fn made(&mut self, text: &str, length: usize) {
        if self.fields.is_empty() {
            self.made.push_made(text, self.at..self.at + length);
        }
        self.at += length;
    }

    fn escape(&mut self) {
        let rest = &self.text[self.at + 1..];
        let Some(letter) = rest.chars().next() else { return self.letters(1) };
        let digits = |count: usize| {
            let code = rest.get(1..=count).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            code.and_then(char::from_u32).map(|letter| (letter.to_string(), count + 2))
        };
        let octal = rest.bytes().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
        let made = match letter {
            'n' => Some(("\n".to_owned(), 2)),
            't' => Some(("\t".to_owned(), 2)),
            'r' => Some(("\r".to_owned(), 2)),
            'a' => Some(("\u{7}".to_owned(), 2)),
            'b' => Some(("\u{8}".to_owned(), 2)),
            'v' => Some(("\u{b}".to_owned(), 2)),
            'f' => Some(("\u{c}".to_owned(), 2)),
            '\\' | '\'' | '"' => Some((letter.to_string(), 2)),
            '\n' => Some((String::new(), 2)),
            '\r' if rest.starts_with("\r\n") => Some((String::new(), 3)),
            'x' => digits(2),
            'u' => digits(4),
            'U' => digits(8),
            _ if octal > 0 => {
                let code = u32::from_str_radix(&rest[..octal], 8).ok();
                code.and_then(char::from_u32).map(|letter| (letter.to_string(), octal + 1))
            }
            _ => None,
        };
        match made {
            Some((text, length)) => self.made(&text, length),
            None => self.letters(1 + letter.len_utf8()),
        }
    }

    fn field(&mut self) {
        let start = self.at;
        let end = field_end(self.text, start, "\"\"\"", DEEPEST).min(self.text.len());
        let closed = self.text[start..end].ends_with('}');
        let inside = start + 1..(end - usize::from(closed)).max(start + 1);
        self.fields.push(expression_in(self.text, inside));
        self.at = end;
    }
}

/// The expression of a field: up to `!`, `:` or `=` outside brackets and strings.
fn expression_in(text: &str, field: Range<usize>) -> Range<usize> {
    let mut open = 0_usize;
    let mut at = field.start;
    while at < field.end {
        let rest = &text[at..field.end];
        let Some(letter) = rest.chars().next() else { break };
        match letter {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            '"' | '\'' => {
                at = end(&text[..field.end], at, 0).max(at + 1);
                continue;
            }
            ':' if open == 0 => break,
            '!' if open == 0 && !rest.starts_with("!=") => break,
            '=' if open == 0 && is_debug(text, &field, at) => break,
            _ => {}
        }
        at += letter.len_utf8();
    }
    field.start..at
}

/// Whether the `=` at `at` is that of `{x=}`, and not of a comparison.
fn is_debug(text: &str, field: &Range<usize>, at: usize) -> bool {
    let behind = text[at + 1..field.end].trim_start();
    let before = &text[field.start..at];
    !behind.starts_with('=')
        && !before.ends_with(['=', '!', '<', '>'])
        && (behind.is_empty() || behind.starts_with(['!', ':']))
}
