//! `.env` files: which variables they set.
//!
//! How to use: `dotenv::read(&source)` gives the names with their places, and whether a value stands behind them.
//! `entry.span` covers the name only, so that no finding can show a value.
//!
//! Invariant: a value never leaves this module. It is looked at to find its end, and to tell whether there is one.

use crate::text::{Source, Span};

/// A variable that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// Whether a value stands behind it.
    pub has_value: bool,
}

/// The variables of a file, in order.
pub fn read(source: &Source) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut line = 1;
    while line <= source.line_count() {
        let start = source.line(line).range().start;
        let mut next = line + 1;
        if let Some((entry, value)) = entry(source, source.line(line)) {
            entries.push(entry);
            // A quoted value may go over several lines.
            let end = value + value_length(&source.text()[value..]);
            next = next.max(source.position(crate::text::offset(end.max(start))).line + 1);
        }
        line = next;
    }
    entries
}

/// The entry of a line, and where its value begins.
fn entry(source: &Source, line: Span) -> Option<(Entry, usize)> {
    let text = source.slice(line);
    let equals = text.find('=')?;
    let before = text[..equals].trim_end();
    let name = before.trim_start();
    let name = name.strip_prefix("export ").unwrap_or(name).trim_start();
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-');
    if name.is_empty() || !name.chars().all(letter) {
        return None;
    }
    let end = line.range().start + before.len();
    let value = text[equals + 1..].trim();
    let has_value = !matches!(value, "" | "\"\"" | "''") && !value.starts_with('#');
    let span = source.span(end - name.len()..end);
    Some((Entry { name: name.to_owned(), span, has_value }, line.range().start + equals + 1))
}

/// How long a value is that begins here: up to its closing quote, or to the end of its line. A quote that nothing closes
/// is a letter.
fn value_length(text: &str) -> usize {
    let line = text.find('\n').unwrap_or(text.len());
    let value = text[..line].trim_start();
    let Some(quote) = value.chars().next().filter(|letter| matches!(letter, '"' | '\'')) else { return line };
    let open = line - value.len() + 1;
    let mut escaped = false;
    for (at, letter) in text[open..].char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if letter == quote => return open + at,
            _ => {}
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_values_are_not() {
        let source = Source::of_text(
            ".env",
            "# A=1\nB=2\r\nexport C = 'x'\nD=\nE=\"\"\nF=\"a\nG=not a name\\\"\n\" # x\nH='open\nI=1 # J=2\nnot a line\nK L=1\n",
        );
        let entries = read(&source);
        let shown: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.has_value)).collect();
        let expected =
            [("B", true), ("C", true), ("D", false), ("E", false), ("F", true), ("H", true), ("I", true)];
        assert_eq!(shown, expected);
        for entry in &entries {
            assert_eq!(source.slice(entry.span), entry.name);
        }
    }

    #[test]
    fn a_large_file_of_open_quotes_is_read() {
        let text = "A=\"\n".repeat(20_000);
        let source = Source::of_text(".env", &text);
        assert!(!read(&source).is_empty());
    }
}
