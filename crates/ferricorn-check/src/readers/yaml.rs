//! YAML: documents whose values know where they stand.
//!
//! Owns: the tree of a document, with duplicate keys, aliases, merge keys and the style of each scalar. Does not own: the
//! grammar (granit-parser), nor what a key means.
//!
//! Invariants:
//! * A document never unfolds to more than [`MOST_NODES`] nodes: an alias beyond it is [`Content::Null`], so that a YAML
//!   bomb costs nothing.
//! * A file with an error gives the documents before it and the error.

use std::{collections::HashSet, rc::Rc};

use granit_parser::{Event, Parser, ScalarStyle};

use crate::text::{Excerpt, Source, Span, Unreadable};

mod build;
mod scalar;

/// The most nodes that a document unfolds to.
pub const MOST_NODES: usize = 50_000;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Yaml {
    /// The documents, in order.
    pub documents: Vec<Node>,
    /// What stopped the reading, if the file is no YAML.
    pub error: Option<Unreadable>,
}

/// A value in a document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where it stands: a scalar with its quotes, a collection from its first to its last entry. For an alias, the place
    /// of the value that it stands for.
    pub span: Span,
    /// What it is.
    pub content: Content,
}

/// The kinds of values.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing: `key:` with nothing behind it, or an alias that leads nowhere.
    Null,
    /// A single value, also `null` and `~` that are written out.
    Scalar(Scalar),
    /// A list.
    Sequence(Rc<[Node]>),
    /// A mapping, with duplicate keys and `<<` as they were written.
    Mapping(Rc<[Entry]>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
}

/// A single value.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The value, after folding and escapes.
    pub value: Excerpt,
    /// How it is written.
    pub style: Style,
    /// The `|` or `>` of a block scalar.
    pub indicator: Option<Span>,
    /// The explicit tag, as `!!str`, resolved.
    pub tag: Option<String>,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes; its lines are folded.
    Plain,
    /// In `'…'`.
    Single,
    /// In `"…"`.
    Double,
    /// Behind `|`.
    Literal,
    /// Behind `>`; its lines are folded.
    Folded,
}

/// The type of a scalar in the core schema of YAML 1.2. (`yes`, `no`, `on` and `off` are text there; parsers of YAML 1.1
/// take them for booleans.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// `null`, `~` or empty.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// Another number.
    Float,
    /// Anything else, and everything in quotes.
    Text,
}

/// Reads all documents of a file.
pub fn read(source: &Source) -> Yaml {
    build::read(source)
}

impl Node {
    /// The value of a key; of a key that is there twice the last one, and a key of its own before a merged one (`<<`).
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key with its value, found as by [`Self::get`].
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.own_entries()
            .iter()
            .rev()
            .find(|entry| entry.key.str() == Some(key))
            .or_else(|| self.merged(key, 0))
    }

    fn merged(&self, key: &str, depth: usize) -> Option<&Entry> {
        let merge = self.own_entries().iter().find(|entry| entry.key.str() == Some("<<"))?;
        let sources = match &merge.value.content {
            Content::Sequence(items) => &items[..],
            _ => std::slice::from_ref(&merge.value),
        };
        sources.iter().find_map(|source| {
            let own = source.own_entries().iter().rev().find(|entry| entry.key.str() == Some(key));
            own.or_else(|| if depth < 8 { source.merged(key, depth + 1) } else { None })
        })
    }

    /// Follows keys.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a mapping as they are written; empty for anything else.
    pub fn own_entries(&self) -> &[Entry] {
        match &self.content {
            Content::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The entries of a mapping with those of its merge keys, each key once.
    pub fn entries(&self) -> Vec<&Entry> {
        let mut found: Vec<&Entry> = Vec::new();
        let merged = self.own_entries().iter().filter(|entry| entry.key.str() == Some("<<"));
        let others = merged.flat_map(|entry| match &entry.value.content {
            Content::Sequence(items) => items.iter().collect(),
            _ => vec![&entry.value],
        });
        let own = self.own_entries().iter().rev().filter(|entry| entry.key.str() != Some("<<"));
        let mut names = HashSet::new();
        for entry in own.chain(others.flat_map(Self::own_entries)) {
            if entry.key.str().is_none_or(|name| names.insert(name)) {
                found.push(entry);
            }
        }
        found.sort_by_key(|entry| entry.key.span);
        found
    }

    /// The items of a list; empty for anything else.
    pub fn items(&self) -> &[Self] {
        match &self.content {
            Content::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The scalar, if it is one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The value of a scalar that is not null.
    pub fn value(&self) -> Option<&Excerpt> {
        self.scalar().filter(|scalar| scalar.kind() != Type::Null).map(|scalar| &scalar.value)
    }

    /// The text of a scalar that is not null.
    pub fn str(&self) -> Option<&str> {
        self.value().map(Excerpt::text)
    }

    /// A whole number, written with or without quotes.
    pub fn integer(&self) -> Option<i64> {
        self.str()?.parse().ok()
    }

    /// Whether it is a mapping.
    pub fn is_mapping(&self) -> bool {
        matches!(self.content, Content::Mapping(_))
    }

    /// Whether it is a list.
    pub fn is_sequence(&self) -> bool {
        matches!(self.content, Content::Sequence(_))
    }

    /// Whether it is nothing, `null` or `~`.
    pub fn is_null(&self) -> bool {
        match &self.content {
            Content::Null => true,
            Content::Scalar(scalar) => scalar.kind() == Type::Null,
            _ => false,
        }
    }
}

impl Node {
    /// A value without quotes of a format whose values stand as they are: a number, `true`, a date.
    pub(super) fn plain(source: &Source, range: std::ops::Range<usize>) -> Self {
        Self::leaf(source.span(range.clone()), Excerpt::verbatim(source, range), Style::Plain)
    }

    /// A single value of such a format.
    pub(super) fn leaf(span: Span, value: Excerpt, style: Style) -> Self {
        Self { span, content: Content::Scalar(Scalar { value, style, indicator: None, tag: None }) }
    }
}

impl Scalar {
    /// Its type.
    pub fn kind(&self) -> Type {
        match self.tag.as_deref() {
            Some("tag:yaml.org,2002:str") => return Type::Text,
            Some("tag:yaml.org,2002:null") => return Type::Null,
            _ => {}
        }
        if self.style != Style::Plain {
            return Type::Text;
        }
        match self.value.text() {
            "" | "~" | "null" | "Null" | "NULL" => Type::Null,
            "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Type::Bool,
            ".inf" | ".Inf" | ".INF" | "-.inf" | "-.Inf" | "-.INF" | "+.inf" | ".nan" | ".NaN" | ".NAN" => {
                Type::Float
            }
            text if is_integer(text) => Type::Int,
            text if is_float(text) => Type::Float,
            _ => Type::Text,
        }
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |digits: &str, radix: u32| !digits.is_empty() && digits.chars().all(|it| it.is_digit(radix));
    all(digits, 10)
        || text.strip_prefix("0o").is_some_and(|it| all(it, 8))
        || text.strip_prefix("0x").is_some_and(|it| all(it, 16))
}

fn is_float(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|it: char| it.is_ascii_digit() || it == '.')
        && digits.contains(|it: char| it.is_ascii_digit())
        && digits.chars().all(|it| it.is_ascii_digit() || matches!(it, '.' | 'e' | 'E' | '-' | '+'))
        && digits.parse::<f64>().is_ok()
}

impl From<ScalarStyle> for Style {
    fn from(style: ScalarStyle) -> Self {
        match style {
            ScalarStyle::Plain => Self::Plain,
            ScalarStyle::SingleQuoted => Self::Single,
            ScalarStyle::DoubleQuoted => Self::Double,
            ScalarStyle::Literal => Self::Literal,
            ScalarStyle::Folded => Self::Folded,
        }
    }
}

/// The parser, without comments, that goes on after an alias of an unknown anchor.
fn parser(
    text: &str,
) -> impl Iterator<Item = Result<(Event<'_>, granit_parser::Span), granit_parser::ScanError>> {
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    Parser::new_from_str_with_options(text, options)
}

#[cfg(test)]
mod tests;
