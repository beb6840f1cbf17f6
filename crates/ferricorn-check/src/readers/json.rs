//! JSON, as the tree that YAML has too.
//!
//! How to use: `json::read(&source)?` gives the root; from there as with [`super::yaml`]: `root.at(&["deploy",
//! "startCommand"])`, `node.value()`, `node.span`. Numbers, `true` and `null` have their type in [`super::yaml::Scalar::kind`].
//!
//! Comments and commas at the end are read over, because railway.json and the like are often written with them.

use jsonc_parser::{ParseOptions, ast, common::Range, common::Ranged, parse_to_ast};

use super::{
    escapes,
    yaml::{Content, Entry, Node, Style},
};
use crate::text::{Excerpt, Source, Unreadable};

/// The root of a file.
pub fn read(source: &Source) -> Result<Node, Unreadable> {
    let parsed =
        parse_to_ast(source.text(), &jsonc_parser::CollectOptions::default(), &ParseOptions::default());
    let value = parsed.map_err(|error| Unreadable::Format {
        line: crate::text::offset(error.line_display()),
        problem: format!("it is no JSON: {}", error.kind()),
    })?;
    let empty = || Unreadable::Format { line: 1, problem: "it is no JSON: it is empty".to_owned() };
    Ok(node(source, &value.value.ok_or_else(empty)?))
}

fn node(source: &Source, value: &ast::Value<'_>) -> Node {
    let range = bytes(value.range());
    let content = match value {
        ast::Value::StringLit(string) => return text(source, string),
        ast::Value::Object(object) => Content::Mapping(
            object
                .properties
                .iter()
                .map(|property| Entry {
                    key: key(source, &property.name),
                    value: node(source, &property.value),
                })
                .collect(),
        ),
        ast::Value::Array(array) => {
            Content::Sequence(array.elements.iter().map(|element| node(source, element)).collect())
        }
        ast::Value::NumberLit(_) | ast::Value::BooleanLit(_) | ast::Value::NullKeyword(_) => {
            return Node::plain(source, range);
        }
    };
    Node { span: source.span(range), content }
}

fn key(source: &Source, name: &ast::ObjectPropName<'_>) -> Node {
    match name {
        ast::ObjectPropName::String(string) => text(source, string),
        ast::ObjectPropName::Word(word) => {
            let range = bytes(word.range);
            Node::leaf(source.span(range.clone()), Excerpt::verbatim(source, range), Style::Double)
        }
    }
}

fn text(source: &Source, string: &ast::StringLit<'_>) -> Node {
    let inside = string.range.start + 1..string.range.end.saturating_sub(1).max(string.range.start + 1);
    let value = escapes::string(source, inside, &string.value, true);
    Node::leaf(source.span(bytes(string.range)), value, Style::Double)
}

fn bytes(range: Range) -> std::ops::Range<usize> {
    range.start..range.end
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
            "railway.json",
            "{ // why\n  \"a\": {\"b\": \"x \\\"y\\\" \\u0041\\ud83d\\ude00 z\"},\n  \"n\": 1.5, \"t\": true, \"u\": null, \"l\": [1, \"two\",],\n}",
        );
        let root = read(&source).unwrap();
        let value = root.at(&["a", "b"]).unwrap().value().unwrap();
        assert_eq!(value.text(), "x \"y\" A\u{1f600} z");
        let at = value.text().find('y').unwrap();
        assert_eq!(source.slice(value.span(at..at + 2)), "y\\\"");
        assert_eq!(source.slice(value.span(value.text().len() - 1..value.text().len())), "z");
        assert_eq!(root.get("n").unwrap().scalar().unwrap().kind(), Type::Float);
        assert_eq!(root.get("t").unwrap().scalar().unwrap().kind(), Type::Bool);
        assert!(root.get("u").unwrap().is_null());
        assert_eq!(root.get("l").unwrap().items().len(), 2);
        assert_eq!(source.slice(root.entry("l").unwrap().key.span), "\"l\"");
    }

    #[test]
    fn what_is_no_json_is_told_with_its_line() {
        let error = read(&Source::of_text("app.json", "{\n\"a\": }")).err();
        assert!(matches!(error, Some(Unreadable::Format { line: 2, .. })), "{error:?}");
        assert!(read(&Source::of_text("app.json", "")).is_err());
        assert!(read(&Source::of_text("app.json", &"[".repeat(500_000))).is_err());
        assert!(read(&Source::of_text("app.json", &"{\"a\":".repeat(200_000))).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_text_is_read(pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"", "a", ":", ",", "\\", "\\u", "d83d", "1", "-", "null", "//", "/*", "\n", "\r", "'", "\u{e9}", "\0", "\t",
        ]), 0..30)) {
            let text = pieces.concat();
            let source = Source::of_text("x.json", &text);
            if let Ok(root) = read(&source) {
                prop_assert!(text.get(root.span.range()).is_some());
            }
        }

        #[test]
        fn any_string_comes_back(value in "[a\"\\\\\n\t/\u{e9}\u{1f600}]{0,20}") {
            let written = Source::of_text("x.json", &format!("[{}]", serde_string(&value)));
            let root = read(&written).unwrap();
            prop_assert_eq!(root.items()[0].scalar().unwrap().value.text(), &value);
        }
    }

    /// JSON with every character that may be escaped.
    fn serde_string(value: &str) -> String {
        let unit = |unit: u16| format!("\\u{unit:04x}");
        let escaped = value.chars().map(|letter| match letter {
            'a' => "a".to_owned(),
            '"' | '\\' | '/' => format!("\\{letter}"),
            '\n' => "\\n".to_owned(),
            _ => letter.to_string().encode_utf16().map(unit).collect::<Vec<_>>().concat(),
        });
        format!("\"{}\"", escaped.collect::<String>())
    }
}
