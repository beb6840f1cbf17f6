//! TOML, as the tree that YAML has too.
//!
//! How to use: `toml::read(&source)?` gives the root; from there as with [`super::yaml`]: `root.at(&["http_service",
//! "internal_port"])`, `node.value()`, `node.items()` of `[[table]]` or an array, `node.span`. Numbers, booleans and dates
//! have no quotes ([`Style::Plain`]); a date has the type text.
//!
//! Invariant: dotted keys and `[a.b]` give the same tree.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

use super::{
    escapes,
    yaml::{Content, Entry, Node, Style},
};
use crate::text::{Excerpt, Source, Span, Unreadable};

/// The root of a file.
pub fn read(source: &Source) -> Result<Node, Unreadable> {
    let document = Document::parse(source.text()).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = source.position(crate::text::offset(at)).line;
        Unreadable::Format {
            line,
            problem: format!("it is no TOML: {}", error.message().replace('\n', ", ")),
        }
    })?;
    let content = table(source, document.as_table());
    Ok(Node { span: source.whole(), content })
}

fn table(source: &Source, table: &dyn TableLike) -> Content {
    let entries = table.iter().filter_map(|(name, item)| {
        let key = table.key(name).and_then(toml_edit::Key::span);
        let value = node(source, item, key.clone())?;
        let range = key.unwrap_or_else(|| value.span.range());
        let text = key_text(source, range.clone(), name);
        Some(Entry { key: Node::leaf(source.span(range), text, Style::Double), value })
    });
    Content::Mapping(entries.collect())
}

/// The name of a key. Quotes that it is written in are left out.
fn key_text(source: &Source, range: Range<usize>, name: &str) -> Excerpt {
    let raw = source.text().get(range.clone()).unwrap_or("");
    let quotes = usize::from(raw.starts_with(['"', '\'']) && raw.len() > 1);
    let inside = range.start + quotes..range.end - quotes;
    escapes::string(source, inside, name, raw.starts_with('"'))
}

/// A value. `key` is where its name stands, for a table that has no place of its own.
fn node(source: &Source, item: &Item, key: Option<Range<usize>>) -> Option<Node> {
    match item {
        Item::None => None,
        Item::Value(value) => Some(scalar_or_list(source, value, key)),
        Item::Table(own) => {
            let content = table(source, own);
            Some(Node { span: whole(source, own.span().or(key), &content), content })
        }
        Item::ArrayOfTables(tables) => {
            let items = tables.iter().map(|own| {
                let content = table(source, own);
                Node { span: whole(source, own.span(), &content), content }
            });
            let content = Content::Sequence(items.collect());
            Some(Node { span: whole(source, None, &content), content })
        }
    }
}

fn scalar_or_list(source: &Source, value: &Value, key: Option<Range<usize>>) -> Node {
    let range = value.span().or(key).unwrap_or(0..0);
    let content = match value {
        Value::String(string) => return text(source, range, string.value()),
        Value::Array(array) => {
            Content::Sequence(array.iter().map(|item| scalar_or_list(source, item, None)).collect())
        }
        Value::InlineTable(own) => table(source, own),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {
            return Node::plain(source, range);
        }
    };
    Node { span: source.span(range), content }
}

fn text(source: &Source, range: Range<usize>, value: &str) -> Node {
    let raw = source.text().get(range.clone()).unwrap_or("");
    let quotes = if raw.len() >= 6 && (raw.starts_with("\"\"\"") || raw.starts_with("'''")) { 3 } else { 1 };
    let mut start = (range.start + quotes).min(range.end);
    if quotes == 3 {
        // The line end behind the opening quotes is none of the value.
        let behind = source.text().get(start..range.end).unwrap_or("");
        let line_end = [("\r\n", 2), ("\n", 1)].into_iter().find(|(end, _)| behind.starts_with(end));
        start += line_end.map_or(0, |(_, length)| length);
    }
    let inside = start..range.end.saturating_sub(quotes).max(start);
    let double = raw.starts_with('"');
    let value = escapes::string(source, inside, value, double);
    Node::leaf(source.span(range), value, if double { Style::Double } else { Style::Single })
}

/// The place of a table or a list of tables: its header and all that is in it.
fn whole(source: &Source, own: Option<Range<usize>>, content: &Content) -> Span {
    let spans: Vec<Span> = match content {
        Content::Mapping(entries) => {
            entries.iter().map(|entry| entry.key.span.to(entry.value.span)).collect()
        }
        Content::Sequence(items) => items.iter().map(|item| item.span).collect(),
        _ => Vec::new(),
    };
    let own = own.map(|range| source.span(range));
    own.into_iter().chain(spans).reduce(Span::to).unwrap_or_else(|| source.span(0..0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::readers::yaml::Type;

    #[test]
    fn values_have_their_place() {
        let source = Source::of_text(
            "fly.toml",
            "app = 'x\\y'\n[http_service]\ninternal_port = 8080\n[[http_service.checks]]\npath = \"/h\\u00e9 \\\"z\"\n\
             [env]\n\"A.B\" = \"\"\"\na\\\n   b\"\"\"\nd.e = true\n[processes]\napp = \"run --x\"\n",
        );
        let root = read(&source).unwrap();
        assert_eq!(root.get("app").unwrap().str(), Some("x\\y"));
        let port = root.at(&["http_service", "internal_port"]).unwrap();
        assert_eq!((port.integer(), source.slice(port.span)), (Some(8080), "8080"));
        let path = root.at(&["http_service", "checks"]).unwrap().items()[0].get("path").unwrap();
        let value = path.value().unwrap();
        assert_eq!(value.text(), "/h\u{e9} \"z");
        assert_eq!(source.slice(value.span(2..value.text().len())), "\\u00e9 \\\"z");
        assert_eq!(root.at(&["env", "A.B"]).unwrap().str(), Some("ab"));
        assert_eq!(root.at(&["env", "d", "e"]).unwrap().scalar().unwrap().kind(), Type::Bool);
        assert_eq!(source.slice(root.get("processes").unwrap().span), "[processes]\napp = \"run --x\"");
        assert_eq!(source.slice(root.entry("env").unwrap().key.span), "env");
    }

    #[test]
    fn what_is_no_toml_is_told_with_its_line() {
        let error = read(&Source::of_text("fly.toml", "a = 1\n[b\n")).err();
        assert!(matches!(error, Some(Unreadable::Format { line: 2, .. })), "{error:?}");
        assert!(read(&Source::of_text("x.toml", &format!("a = {}", "[".repeat(300_000)))).is_err());
        assert!(read(&Source::of_text("x.toml", &format!("a = {}", "{b=".repeat(100_000)))).is_err());
        let _ = read(&Source::of_text("x.toml", &format!("{}x=1", "a.".repeat(100_000))));
        let _ = read(&Source::of_text("x.toml", &format!("[{}x]", "a.".repeat(100_000))));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "=", "\n", "\r\n", "[", "]", "[[", "]]", "{", "}", ".", ",", "\"", "'", "\"\"\"", "'''", "\\", "\\u00e9", "1", "true", "#", " ", "\u{e9}", "\0", "\u{feff}",
        ]), 0..30)) {
            let text = pieces.concat();
            let source = Source::of_text("x.toml", &text);
            if let Ok(root) = read(&source) {
                for entry in root.own_entries() {
                    prop_assert!(text.get(entry.key.span.range()).is_some());
                    prop_assert!(text.get(entry.value.span.range()).is_some());
                }
            }
        }
    }
}
