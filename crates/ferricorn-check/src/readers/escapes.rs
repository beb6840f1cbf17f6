//! Where each part of a string with escapes stands, for JSON and TOML.
//!
//! Their parsers give the value and the bytes that it came from; this walks over both side by side. If they do not agree
//! (which would be a mistake here, since the parsers are right), the rest of the value is one piece for the rest of the bytes.

use std::ops::Range;

use crate::text::{Excerpt, Source};

/// The value of a string whose inside (without quotes) stands at `range`. Without `escapes` a backslash is a letter.
pub(super) fn string(source: &Source, range: Range<usize>, value: &str, escapes: bool) -> Excerpt {
    let mut made = Excerpt::empty(source, range.start);
    let mut at = range.start;
    let mut wanted = value;
    while at < range.end && !wanted.is_empty() {
        let raw = source.text().get(at..range.end).unwrap_or("");
        let (bytes, letters) = next(raw, wanted, escapes);
        let same = raw.get(..bytes).is_some_and(|raw| wanted.get(..letters) == Some(raw));
        if bytes == 0 {
            break;
        }
        if same {
            made.push(source, at..at + bytes);
        } else {
            let Some(text) = wanted.get(..letters) else { break };
            made.push_made(text, at..at + bytes);
        }
        at += bytes;
        wanted = wanted.get(letters..).unwrap_or("");
    }
    if !wanted.is_empty() {
        made.push_made(wanted, at..range.end.max(at));
    }
    made
}

/// How many bytes of the file stand for how many bytes of the value.
fn next(raw: &str, wanted: &str, escapes: bool) -> (usize, usize) {
    let special = raw.find(['\\', '\r']).unwrap_or(raw.len());
    if special > 0 {
        return (special, special.min(wanted.len()));
    }
    let letter = wanted.chars().next().map_or(0, char::len_utf8);
    if raw.starts_with("\r\n") && wanted.starts_with('\n') {
        return (2, 1);
    }
    if raw.starts_with('\r') || !escapes {
        return (1, 1);
    }
    match raw.as_bytes().get(1) {
        Some(b'u') if letter == 4 => (12, 4),
        Some(b'u') => (6, letter),
        Some(b'U') => (10, letter),
        Some(b'x') => (4, letter),
        // A line that goes on: the blanks at the beginning of the next one are left out.
        Some(b' ' | b'\t' | b'\r' | b'\n') => (1 + raw[1..].len() - raw[1..].trim_start().len(), 0),
        _ => (2, letter),
    }
}
