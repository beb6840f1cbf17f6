//! Where each part of a scalar's value stands in the file.
//!
//! The parser gives the value and the bytes that it came from. This walks over both side by side. Each step is compared
//! with the value; if it does not agree (which is a mistake here, since the parser is right), the rest of the value is one
//! piece for the rest of the bytes: still the right lines, only less exact.

use super::Style;
use crate::text::{Excerpt, Source, Span};

/// The value of a scalar at `span`.
pub(super) fn excerpt(source: &Source, span: Span, value: &str, style: Style) -> Excerpt {
    let range = span.range();
    let mut walk = Walk {
        source,
        value,
        done: 0,
        at: range.start,
        end: range.end,
        made: Excerpt::empty(source, range.start),
    };
    match style {
        Style::Literal | Style::Folded => walk.block(),
        Style::Plain => walk.flow(None),
        Style::Single => walk.quoted('\''),
        Style::Double => walk.quoted('"'),
    }
    walk.rest();
    walk.made
}

/// The `|` or `>` of a block scalar whose content begins at `span`.
pub(super) fn indicator(source: &Source, span: Span, style: Style) -> Option<Span> {
    let letter = match style {
        Style::Literal => '|',
        Style::Folded => '>',
        _ => return None,
    };
    let start = span.range().start;
    let text = source.text();
    // The span begins at the indicator or in the first line of the content.
    let mut end = start;
    if text.get(start..)?.starts_with(letter) {
        end += 1;
    } else {
        end = text[..start].rfind('\n')?;
        while text[..end].rsplit('\n').next()?.trim().is_empty() {
            end = text[..end].rfind('\n')?;
        }
    }
    let line = text[..end].rfind('\n').map_or(0, |at| at + 1);
    let is_header = |at: &usize| {
        let before = text[line..*at].chars().next_back();
        let behind =
            text[at + 1..end].trim_start_matches(|it: char| it.is_ascii_digit() || it == '+' || it == '-');
        before.is_none_or(char::is_whitespace)
            && (behind.trim().is_empty() || behind.trim_start().starts_with('#'))
    };
    let found = text[line..end].match_indices(letter).map(|(at, _)| line + at).find(is_header)?;
    Some(source.span(found..found + 1))
}

struct Walk<'a> {
    source: &'a Source,
    value: &'a str,
    /// How much of the value has its place.
    done: usize,
    /// The next byte of the file.
    at: usize,
    end: usize,
    made: Excerpt,
}

impl<'a> Walk<'a> {
    fn ahead(&self) -> &'a str {
        self.source.text().get(self.at..self.end).unwrap_or("")
    }

    fn wanted(&self) -> &'a str {
        self.value.get(self.done..).unwrap_or("")
    }

    /// The next `length` bytes are the value's next ones. Whether that is so.
    fn same(&mut self, length: usize) -> bool {
        let text = self.ahead().get(..length);
        if length == 0 || text.is_none_or(|text| !self.wanted().starts_with(text)) {
            return length == 0;
        }
        self.made.push(self.source, self.at..self.at + length);
        self.at += length;
        self.done += length;
        true
    }

    /// The next `length` bytes of the file stand for the next `made` bytes of the value.
    fn stands_for(&mut self, length: usize, made: usize) -> bool {
        let Some(text) = self.wanted().get(..made) else { return false };
        self.made.push_made(text, self.at..self.at + length);
        self.at += length;
        self.done += made;
        true
    }

    fn rest(&mut self) {
        let left = self.wanted().len();
        if left > 0 {
            // A last line without an end has one in the value.
            self.stands_for(self.end.saturating_sub(self.at), left);
        }
    }

    fn quoted(&mut self, quote: char) {
        if self.ahead().starts_with(quote) {
            self.at += 1;
            if self.source.text().get(..self.end).is_some_and(|text| text.ends_with(quote))
                && self.end > self.at
            {
                self.end -= 1;
            }
        }
        if self.value.is_empty() {
            self.made = Excerpt::empty(self.source, self.at);
        }
        self.flow(Some(quote));
    }

    /// A scalar whose lines are folded: plain, or without its quotes.
    fn flow(&mut self, quote: Option<char>) {
        while !self.wanted().is_empty() && !self.ahead().is_empty() {
            let ahead = self.ahead();
            let plain = ahead.find(['\n', '\r', ' ', '\t', '\\', '\'']).unwrap_or(ahead.len());
            if !self.same(plain) {
                return;
            }
            let ahead = self.ahead();
            let blanks = blanks(ahead);
            let went = match ahead[blanks..].chars().next() {
                None => self.same(blanks),
                Some('\n' | '\r') => self.fold(),
                Some(_) if blanks > 0 => self.same(blanks),
                Some('\\') if quote == Some('"') => self.escape(),
                Some('\'') if quote == Some('\'') => self.stands_for(2, 1),
                Some(other) => self.same(other.len_utf8()),
            };
            if !went {
                return;
            }
        }
    }

    /// A line's end with the blanks around it: a blank, or one newline less than there are.
    fn fold(&mut self) -> bool {
        let ahead = self.ahead();
        let length = ahead.find(|it| !matches!(it, ' ' | '\t' | '\n' | '\r')).unwrap_or(ahead.len());
        let newlines = ahead[..length].matches('\n').count();
        self.stands_for(length, newlines.saturating_sub(1).max(1))
    }

    fn escape(&mut self) -> bool {
        let ahead = self.ahead();
        let Some(letter) = ahead[1..].chars().next() else { return false };
        let length = match letter {
            'x' => 4,
            'u' => 6,
            'U' => 10,
            '\n' | '\r' => {
                // An escaped line end is nothing, with the indentation behind it.
                let skipped = ahead[1..].find(|it| !matches!(it, ' ' | '\t' | '\n' | '\r'));
                self.at += 1 + skipped.unwrap_or(ahead.len() - 1);
                return true;
            }
            letter => 1 + letter.len_utf8(),
        };
        if ahead.get(..length).is_none() {
            return false;
        }
        let Some(made) = self.wanted().chars().next() else { return false };
        self.stands_for(length, made.len_utf8())
    }

    /// A block scalar: lines without their indentation.
    fn block(&mut self) {
        // The span may begin with the indicator or inside the first line's indentation.
        if self.ahead().starts_with(['|', '>']) {
            self.at += self.ahead().find('\n').map_or(self.ahead().len(), |end| end + 1);
        }
        self.at = self.source.text()[..self.at].rfind('\n').map_or(0, |end| end + 1);
        let indent = self.indent();
        // What lies between the content of two lines: from the first one's end.
        let mut gap = self.at;
        while self.at < self.end {
            let ahead = self.ahead();
            let length = ahead.find('\n').unwrap_or(ahead.len());
            let line = ahead[..length].trim_end_matches('\r');
            let content = line.get(indent..).unwrap_or("");
            let next = (self.at + length + 1).min(self.end);
            if !content.is_empty() {
                let start = self.at + indent;
                let newlines = self.wanted().len() - self.wanted().trim_start_matches('\n').len();
                let between = if newlines > 0 {
                    newlines
                } else {
                    usize::from(self.done > 0 && self.wanted().starts_with(' '))
                };
                self.at = gap;
                if between > 0 && !self.stands_for(start - gap, between) {
                    return;
                }
                self.at = start;
                if !self.same(content.len()) {
                    self.at = gap;
                    return;
                }
                gap = self.at;
            }
            self.at = next;
        }
        self.at = gap;
    }

    /// The indentation of a block scalar: that at which the first line's content agrees with the value.
    fn indent(&self) -> usize {
        let first = self.ahead().lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        let wanted = self.wanted().trim_start_matches('\n');
        let wanted = wanted.lines().next().unwrap_or("");
        let most = blanks(first);
        (0..=most).find(|indent| wanted.starts_with(&first[*indent..])).unwrap_or(most)
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start_matches([' ', '\t']).len()
}
