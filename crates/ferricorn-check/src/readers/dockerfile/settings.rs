//! Words as Docker itself reads them in `ENV`, `ARG`, `COPY` and the like: quotes and escapes, but no operators.

use std::ops::Range;

use super::Setting;
use crate::{readers::shell::Lookup, text::Excerpt};

/// The words of a text, by blanks outside quotes.
pub(super) fn split(text: &str, escape: char) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if quote.is_none() && letter.is_whitespace() {
            words.extend(start.take().map(|start| start..at));
            continue;
        }
        start.get_or_insert(at);
        match quote {
            Some(own) if own == letter => quote = None,
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            _ if letter == escape && quote != Some('\'') => {
                letters.next();
            }
            _ => {}
        }
    }
    words.extend(start.map(|start| start..text.len()));
    words
}

/// A word without its quotes and escapes. An escaped `$` keeps its escape, so that [`expand`] knows it.
pub(super) fn unquote(word: &Excerpt, escape: char) -> Excerpt {
    let text = word.text();
    let mut plain = word.part(0..0);
    let mut quote = None;
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match quote {
            Some(own) if own == letter => quote = None,
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            _ if letter == escape && quote != Some('\'') => {
                let next = letters.next().map(|(_, next)| next);
                // Between double quotes the escape stays before letters that need none.
                let stays = quote.is_some() && !matches!(next, Some(next) if next == escape || next == '"');
                if stays || matches!(next, None | Some('$')) {
                    continue;
                }
            }
            _ => continue,
        }
        plain.append(&word.part(start..at));
        start = at + letter.len_utf8();
    }
    plain.append(&word.part(start..text.len()));
    plain
}

/// The settings of `ENV` and `ARG`. `ENV NAME any text` is the old form of one setting.
pub(super) fn settings(arguments: &Excerpt, escape: char, old_form: bool) -> Vec<Setting> {
    let text = arguments.text();
    let words = split(text, escape);
    let first = words.first().cloned().unwrap_or(0..0);
    if old_form && !text[first.clone()].contains('=') && words.len() > 1 {
        let rest = words[1].start..text.trim_end().len();
        let value = Some(arguments.part(rest.clone()));
        let span = arguments.span(first.start..rest.end);
        return vec![Setting { name: arguments.part(first), value, span }];
    }
    let one = |word: Range<usize>| {
        let equals = text[word.clone()].find('=').map(|at| word.start + at);
        let name = arguments.part(word.start..equals.unwrap_or(word.end));
        let value = equals.map(|at| unquote(&arguments.part(at + 1..word.end), escape));
        Setting { name, value, span: arguments.span(word) }
    };
    words.into_iter().map(one).collect()
}

/// A value of Docker's with its variables put in: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME:+other}`. `None` if it
/// depends on what is not known.
pub fn expand(text: &str, lookup: &dyn Fn(&str) -> Lookup) -> Option<String> {
    expand_within(text, lookup, 16)
}

fn expand_within(text: &str, lookup: &dyn Fn(&str) -> Lookup, depth: u32) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let mut expanded = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        if let Some(before) = rest[..at].strip_suffix('\\') {
            expanded.extend([before, "$"]);
            rest = &rest[at + 1..];
            continue;
        }
        expanded.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(braced) = rest.strip_prefix('{') {
            let end = closing(braced)?;
            expanded.push_str(&braces(&braced[..end], lookup, depth)?);
            rest = &braced[end + 1..];
            continue;
        }
        let name = name_of(rest);
        rest = &rest[name.len()..];
        match lookup(name) {
            _ if name.is_empty() => expanded.push('$'),
            Lookup::Set(value) => expanded.push_str(&value),
            Lookup::Unset => {}
            Lookup::Unknown => return None,
        }
    }
    expanded.push_str(rest);
    Some(expanded)
}

fn name_of(text: &str) -> &str {
    let end =
        text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(text.len());
    &text[..end]
}

/// Where the `}` stands that closes what is open.
fn closing(text: &str) -> Option<usize> {
    let mut open = 0_u32;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn braces(content: &str, lookup: &dyn Fn(&str) -> Lookup, depth: u32) -> Option<String> {
    let name = name_of(content);
    let rest = &content[name.len()..];
    let known = lookup(name);
    let own = match known {
        Lookup::Set(value) => Some(value),
        Lookup::Unset => None,
        Lookup::Unknown => return None,
    };
    if rest.is_empty() {
        return Some(own.unwrap_or_default());
    }
    let (empty_too, operator) = rest.strip_prefix(':').map_or((false, rest), |operator| (true, operator));
    let own = own.filter(|value| !(empty_too && value.is_empty()));
    if let Some(default) = operator.strip_prefix('-') {
        return own.map_or_else(|| expand_within(default, lookup, depth), Some);
    }
    if let Some(other) = operator.strip_prefix('+') {
        return own.map_or_else(|| Some(String::new()), |_| expand_within(other, lookup, depth));
    }
    operator.strip_prefix('?').and(own)
}
