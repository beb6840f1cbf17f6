//! A single requirement: `name[extra] >=1,<2 ; marker`, `name @ url`, or a bare URL.

use super::Requirement;
use crate::{readers::versions::Specifiers, text::Excerpt};

/// The normal form of a package's name: small letters, each run of `-`, `_` and `.` one `-`.
pub fn normalised(name: &str) -> String {
    let mut normal = String::with_capacity(name.len());
    for letter in name.trim().chars() {
        match letter {
            '-' | '_' | '.' if normal.ends_with('-') => {}
            '-' | '_' | '.' => normal.push('-'),
            _ => normal.push(letter.to_ascii_lowercase()),
        }
    }
    normal
}

/// Reads one requirement; `None` if it is none.
pub fn requirement(value: &Excerpt) -> Option<Requirement> {
    let text = value.text();
    if let Some(found) = bare_url(value) {
        return Some(found);
    }
    let start = text.len() - text.trim_start().len();
    let letter = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let length = text[start..].find(|it: char| !letter(it)).unwrap_or(text.len() - start);
    let written = value.part(start..start + length);
    if length == 0 || !written.text().starts_with(|it: char| it.is_ascii_alphanumeric()) {
        return None;
    }
    let mut at = skip_blanks(text, start + length);
    let mut extras = Vec::new();
    if text[at..].starts_with('[') {
        let close = at + text[at..].find(']')?;
        let names = text[at + 1..close].split(',').map(normalised);
        extras.extend(names.filter(|name| !name.is_empty()));
        at = close + 1;
    }
    let behind = at;
    let semicolon = marker_start(text, at);
    let marker = semicolon.map(|semicolon| trimmed(value, semicolon + 1, text.len()));
    let end = semicolon.unwrap_or(text.len());
    let middle = trimmed(value, at, end);
    let (specifiers, url) = match middle.text().strip_prefix('@') {
        Some(rest) => {
            (Some(Specifiers::default()), Some(trimmed_all(&middle, middle.text().len() - rest.len())))
        }
        None => (specifiers(middle.text()).ok()?, None),
    };
    let specifiers_span = if middle.text().is_empty() { value.span(behind..behind) } else { middle.whole() };
    Some(Requirement {
        name: normalised(written.text()),
        written,
        extras,
        specifiers,
        specifiers_span,
        url,
        marker,
        hashes: 0,
        span: value.span(start..text.trim_end().len()),
    })
}

/// A text that is no specifier.
struct SomethingElse;

/// The specifiers of a text; `None` if a version in it is odd.
fn specifiers(text: &str) -> Result<Option<Specifiers>, SomethingElse> {
    let inside = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text).trim();
    if !inside.is_empty() && !inside.starts_with(['=', '<', '>', '!', '~']) {
        return Err(SomethingElse);
    }
    Ok(inside.parse().ok())
}

/// Where the `;` of a marker stands. In a URL it needs a blank in front.
fn marker_start(text: &str, from: usize) -> Option<usize> {
    let url = text[from..].trim_start().starts_with('@');
    let found = if url { text[from..].find(" ;").map(|at| at + 1) } else { text[from..].find(';') };
    found.map(|at| from + at)
}

/// `git+https://host/x#egg=name`, `https://host/name-1.0-py3-none-any.whl`, `./name`.
fn bare_url(value: &Excerpt) -> Option<Requirement> {
    let text = value.text().trim();
    let path =
        text.starts_with(['.', '/']) || text.contains("://") && !text.contains(" @ ") && !text.contains("@ ");
    let scheme = text.find("://").map_or("", |at| &text[..at]);
    if !path || (!scheme.is_empty() && !scheme.chars().all(|it| it.is_ascii_alphanumeric() || it == '+')) {
        return None;
    }
    let file = text.split(['#', '?']).next().unwrap_or(text).trim_end_matches('/');
    let wheel =
        file.rsplit('/').next().filter(|file| file.contains(".whl")).and_then(|file| file.split('-').next());
    let egg = text.split_once("egg=").map(|(_, name)| name.split(['&', '[', ' ']).next().unwrap_or(""));
    let name = egg.or(wheel).unwrap_or("");
    Some(Requirement {
        name: normalised(name),
        written: value.clone(),
        extras: Vec::new(),
        specifiers: Some(Specifiers::default()),
        specifiers_span: value.whole().after(),
        url: Some(value.clone()),
        marker: None,
        hashes: 0,
        span: value.whole(),
    })
}

fn skip_blanks(text: &str, at: usize) -> usize {
    text.len() - text[at..].trim_start().len()
}

fn trimmed(value: &Excerpt, from: usize, to: usize) -> Excerpt {
    let text = &value.text()[from..to];
    let start = from + (text.len() - text.trim_start().len());
    value.part(start..start + text.trim().len())
}

fn trimmed_all(value: &Excerpt, from: usize) -> Excerpt {
    trimmed(value, from, value.text().len())
}
