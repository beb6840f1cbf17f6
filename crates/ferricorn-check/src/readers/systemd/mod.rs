//! Units of systemd.
//!
//! Owns: sections, keys that repeat, continuations with comments between them, systemd's own quoting, the prefixes of
//! `ExecStart=`, `%` specifiers and variables. Does not own: what a key means, nor drop-in files.
//!
//! # How to use
//!
//! ```text
//! let unit = systemd::read(&source);
//! unit.last("Service", "User")                 // the entry that counts; `None` if it is not set
//! unit.all("Service", "Environment")           // a list; an empty assignment clears what is before it
//! let entry = unit.last("Service", "ExecStart")?;
//! let commands = systemd::commands(&entry.value);  // words[0].literal(), words[1].span, words[1].variables
//! systemd::assignments(&entry.value)           // the words of Environment=: name, value, place
//! entry.inline_comment()                       // ` # …` behind a value, which systemd takes for a part of it (FC315)
//! duration::systemd(entry.value.text())        // TimeoutStopSec=
//! ```
//!
//! Invariants: reading never fails. A value is in one piece, its continuations replaced by a blank each.

mod words;

#[cfg(test)]
mod tests;

pub use words::{Assignment, Command, Word, assignments, commands};

use crate::text::{Excerpt, Source, Span};

/// A unit file.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    /// In order; a section may be there twice.
    pub sections: Vec<Section>,
    /// Lines that are neither a section, nor `key=value`, nor a comment.
    pub unread: Vec<Span>,
}

/// `[Service]` and what follows.
#[derive(Debug, Clone)]
pub struct Section {
    /// Without brackets.
    pub name: String,
    /// With brackets.
    pub span: Span,
    /// In order.
    pub entries: Vec<Entry>,
}

/// `key=value`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Excerpt,
    /// Key and value.
    pub span: Span,
}

impl Unit {
    /// All entries of a section with this key, as they are written.
    pub fn entries<'u>(&'u self, section: &'u str, key: &'u str) -> impl Iterator<Item = &'u Entry> {
        let sections = self.sections.iter().filter(move |one| one.name == section);
        sections.flat_map(|section| &section.entries).filter(move |entry| entry.key == key)
    }

    /// The entry that counts for a key with one value.
    pub fn last<'u>(&'u self, section: &'u str, key: &'u str) -> Option<&'u Entry> {
        self.all(section, key).pop()
    }

    /// The entries that count for a key that is a list: those behind the last empty one.
    pub fn all<'u>(&'u self, section: &'u str, key: &'u str) -> Vec<&'u Entry> {
        let mut entries: Vec<&Entry> = self.entries(section, key).collect();
        let cleared = entries.iter().rposition(|entry| entry.value.text().is_empty());
        entries.drain(..cleared.map_or(0, |at| at + 1));
        entries
    }
}

impl Entry {
    /// A blank with `#` or `;` behind it, to the end of the value. It is no comment: systemd has none behind a value.
    pub fn inline_comment(&self) -> Option<Span> {
        let text = self.value.text();
        let at = text.match_indices(['#', ';']).map(|(at, _)| at);
        let mut at = at.filter(|at| text[..*at].ends_with([' ', '\t']));
        at.next().map(|at| self.value.span(text[..at].trim_end().len()..text.len()))
    }
}

/// Reads a unit file.
pub fn read(source: &Source) -> Unit {
    let mut unit = Unit::default();
    let mut line = 1;
    while line <= source.line_count() {
        let (value, next) = logical(source, line);
        line = next;
        let text = value.text();
        let start = text.len() - text.trim_start().len();
        let trimmed = text.trim();
        let whole = value.span(start..start + trimmed.len());
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            unit.sections.push(Section { name: name.to_owned(), span: whole, entries: Vec::new() });
            continue;
        }
        match (entry(&value, start..start + trimmed.len()), unit.sections.last_mut()) {
            (Some(entry), Some(section)) => section.entries.push(entry),
            _ => unit.unread.push(whole),
        }
    }
    unit
}

fn entry(line: &Excerpt, range: std::ops::Range<usize>) -> Option<Entry> {
    let text = &line.text()[range.clone()];
    let equals = text.find('=')?;
    let key = text[..equals].trim_end();
    let value = &text[equals + 1..];
    let from = range.end - value.trim_start().len();
    Some(Entry {
        key: key.to_owned(),
        key_span: line.span(range.start..range.start + key.len()),
        value: line.part(from..range.end),
        span: line.span(range),
    })
}

/// A line with those that it goes on in, and the line behind them. Comments between them are left out.
fn logical(source: &Source, first: u32) -> (Excerpt, u32) {
    let mut value = Excerpt::empty(source, source.line(first).range().start);
    let mut line = first;
    loop {
        let range = source.line(line).range();
        let text = &source.text()[range.clone()];
        line += 1;
        let comment = text.trim_start().starts_with(['#', ';']);
        if comment && line - 1 > first {
            if line > source.line_count() {
                return (value, line);
            }
            continue;
        }
        let backslashes = text.len() - text.trim_end_matches('\\').len();
        if comment || backslashes.is_multiple_of(2) || line > source.line_count() {
            value.push(source, range);
            return (value, line);
        }
        let next = source.line(line).range().start;
        value.push(source, range.start..range.end - 1);
        value.push_made(" ", range.end - 1..next);
    }
}
