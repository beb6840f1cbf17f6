//! `requirements.txt` and single requirements (PEP 508).
//!
//! Owns: names, extras, specifiers, URLs, markers; of a file also includes, options and hashes. Does not own: which file
//! a platform installs, nor what an extra brings along.
//!
//! # How to use
//!
//! ```text
//! let file = requirements::read(&source);
//! let uvicorn = file.get("uvicorn")?;          // names are compared as PEP 503 says: Uvicorn, my_pkg == my-pkg
//! uvicorn.extras                               // ["standard"]
//! uvicorn.pinned()                             // Some(0.30.6) of `==0.30.6`
//! uvicorn.specifiers                           // Known set, None for what cannot be understood
//! uvicorn.applies(&python)                     // its marker on Linux with this Python: Some(false), None if unknown
//! file.includes                                // -r and -c, with the path as it is written
//! requirements::requirement(&excerpt)          // one of pyproject.toml's
//! ```
//!
//! Invariants: reading never fails; a line that is no requirement and no option is in [`Requirements::unread`].

mod marker;
mod one;

#[cfg(test)]
mod tests;

pub use marker::Known;
pub use one::{normalised, requirement};

use super::versions::{Specifiers, Version};
use crate::text::{Excerpt, Source, Span};

/// A file of requirements.
#[derive(Debug, Clone, Default)]
pub struct Requirements {
    /// In order.
    pub requirements: Vec<Requirement>,
    /// `-r` and `-c`.
    pub includes: Vec<Include>,
    /// Other options: the name (`--index-url`) and its value.
    pub options: Vec<(String, Option<Excerpt>, Span)>,
    /// Lines that could not be understood.
    pub unread: Vec<Span>,
}

/// A package that is asked for.
#[derive(Debug, Clone)]
pub struct Requirement {
    /// The name in its normal form: small letters, `-` between words.
    pub name: String,
    /// The name as it is written.
    pub written: Excerpt,
    /// The extras in their normal form.
    pub extras: Vec<String>,
    /// What versions may be installed; `None` if that could not be understood. With a URL it is open.
    pub specifiers: Option<Specifiers>,
    /// Where the specifiers stand; an empty place behind name and extras if there are none.
    pub specifiers_span: Span,
    /// Behind `@`, or the whole of a bare URL.
    pub url: Option<Excerpt>,
    /// Behind `;`.
    pub marker: Option<Excerpt>,
    /// How many `--hash` options stand behind it.
    pub hashes: usize,
    /// Without comment and hashes.
    pub span: Span,
}

/// `-r file` or `-c file`.
#[derive(Debug, Clone)]
pub struct Include {
    /// Whether its versions only constrain (`-c`).
    pub constraint: bool,
    /// The path as it is written, relative to the file that names it.
    pub path: Excerpt,
}

impl Requirements {
    /// A requirement by the name of its package.
    pub fn get(&self, name: &str) -> Option<&Requirement> {
        let name = normalised(name);
        self.requirements.iter().find(|requirement| requirement.name == name)
    }
}

impl Requirement {
    /// The one version that it admits.
    pub fn pinned(&self) -> Option<&Version> {
        self.specifiers.as_ref().and_then(Specifiers::pinned)
    }

    /// Whether its marker holds on Linux with this Python; `None` if that is not known (an extra, an unknown variable).
    pub fn applies(&self, python: &Version) -> Option<bool> {
        let Some(marker) = &self.marker else { return Some(true) };
        marker::holds(marker.text(), &Known { python: Some(python.clone()) })
    }
}

/// Reads a file.
pub fn read(source: &Source) -> Requirements {
    let mut file = Requirements::default();
    let mut line = 1;
    while line <= source.line_count() {
        let (value, next) = logical(source, line);
        line = next;
        let text = value.text();
        let content = without_comment(text);
        let start = content.len() - content.trim_start().len();
        let trimmed = content.trim();
        if trimmed.is_empty() {
            continue;
        }
        let part = value.part(start..start + trimmed.len());
        if trimmed.starts_with('-') {
            file.option(&part);
        } else {
            file.requirement(&part);
        }
    }
    file
}

impl Requirements {
    fn option(&mut self, line: &Excerpt) {
        let text = line.text();
        let end = text.find(|letter: char| letter.is_whitespace() || letter == '=').unwrap_or(text.len());
        let behind = text[end..].trim_start_matches([' ', '\t', '=']);
        let value = (!behind.is_empty()).then(|| line.part(text.len() - behind.len()..text.len()));
        let short = |sign: &str| text.strip_prefix(sign).filter(|rest| !rest.starts_with('-'));
        let glued = |rest: &str| line.part(text.len() - rest.trim_start().len()..text.len());
        let (include, constraint) = match &text[..end] {
            "--requirement" => (value.clone(), false),
            "--constraint" => (value.clone(), true),
            "-e" | "--editable" => {
                let found = value.as_ref().is_some_and(|value| self.try_requirement(value));
                if !found {
                    self.options.push(("-e".to_owned(), value, line.whole()));
                }
                return;
            }
            _ => match (short("-r"), short("-c")) {
                (Some(rest), _) => (Some(glued(rest)), false),
                (_, Some(rest)) => (Some(glued(rest)), true),
                _ => (None, false),
            },
        };
        match include.filter(|path| !path.text().is_empty()) {
            Some(path) => self.includes.push(Include { constraint, path }),
            None => self.options.push((text[..end].to_owned(), value, line.whole())),
        }
    }

    fn requirement(&mut self, line: &Excerpt) {
        if !self.try_requirement(line) {
            self.unread.push(line.whole());
        }
    }

    /// Reads a requirement with the options behind it.
    fn try_requirement(&mut self, line: &Excerpt) -> bool {
        let text = line.text();
        let options = text.find(" --").or_else(|| text.find("\t--")).unwrap_or(text.len());
        let own = line.part(0..text[..options].trim_end().len());
        let Some(mut found) = requirement(&own) else { return false };
        found.hashes = text[options..].matches("--hash").count();
        self.requirements.push(found);
        true
    }
}

/// A line with those that a backslash continues, and the number of the line behind them.
fn logical(source: &Source, first: u32) -> (Excerpt, u32) {
    let mut value = Excerpt::empty(source, source.line(first).range().start);
    let mut line = first;
    loop {
        let range = source.line(line).range();
        line += 1;
        let text = &source.text()[range.clone()];
        let comment = text.trim_start().starts_with('#');
        if !text.ends_with('\\') || comment || line > source.line_count() {
            value.push(source, range);
            return (value, line);
        }
        value.push(source, range.start..range.end - 1);
    }
}

/// A comment begins with `#` at the beginning or behind a blank, so that the fragment of a URL is none.
fn without_comment(text: &str) -> &str {
    let starts = |at: &usize| *at == 0 || text[..*at].ends_with([' ', '\t']);
    let at = text.match_indices('#').map(|(at, _)| at).find(starts);
    &text[..at.unwrap_or(text.len())]
}
