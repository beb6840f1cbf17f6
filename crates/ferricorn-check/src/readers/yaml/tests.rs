use super::*;

fn one(text: &str) -> (Source, Node) {
    let source = Source::of_text("x.yaml", text);
    let yaml = read(&source);
    assert_eq!(yaml.error, None, "{text:?}");
    let node = yaml.documents.into_iter().next();
    (source, node.unwrap_or_else(|| panic!("no document in {text:?}")))
}

/// Every word of the value leads to the same word in the file.
fn words_lead_back(text: &str, value: &str) {
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        let (source, node) = one(&text);
        let excerpt = node.get("k").and_then(Node::value).unwrap_or_else(|| panic!("no value in {text:?}"));
        assert_eq!(excerpt.text(), value, "{text:?}");
        let mut at = 0;
        for word in value.split_whitespace() {
            at += value[at..].find(word).unwrap_or_default();
            let span = excerpt.span(at..at + word.len());
            assert_eq!(source.slice(span), word, "{word} of {text:?}");
            at += word.len();
        }
    }
}

#[test]
fn words_of_every_style_lead_back_to_the_file() {
    words_lead_back("a: 1\nk: one two  three # no\nb: 2\n", "one two  three");
    words_lead_back("k: one\n  two\n\n  three\nb: 2\n", "one two\nthree");
    words_lead_back("k: |\n  one \\\n    two\n\n  three\nb: 2\n", "one \\\n  two\n\nthree\n");
    words_lead_back("a:\n  - k: x\nk: |-\n   one\n   two", "one\ntwo");
    words_lead_back("k: >\n  one \\\n  two\n\n  three\nb: 1\n", "one \\ two\nthree\n");
    words_lead_back("k: >-\n  one\n    two\n  three\n", "one\n  two\nthree");
    words_lead_back("k: |+\n\n  one\n\nb: 1\n", "\none\n\n");
    words_lead_back("k: |2\n    one\n   two\n", "  one\n two\n");
    words_lead_back("k: 'one \n   two' # c\n", "one two");
    words_lead_back("k: \"one \\\n   two three\\  \n  four\"\n", "one two three  four");
}

#[test]
fn escapes_are_covered_whole() {
    let (source, node) = one("k: \"a\\u00e9\\n b\\\"c\"\nj: 'it''s'\n");
    let Some(value) = node.get("k").and_then(Node::value) else { panic!("no value") };
    assert_eq!(value.text(), "aé\n b\"c");
    assert_eq!(source.slice(value.span(1..3)), "\\u00e9");
    assert_eq!(source.slice(value.span(5..8)), "b\\\"c");
    let Some(value) = node.get("j").and_then(Node::value) else { panic!("no value") };
    assert_eq!(source.slice(value.span(2..4)), "''s");
}

#[test]
fn merge_keys_and_aliases_are_followed() {
    let (source, node) = one("x: &x\n  a: 1\n  b: 2\ny:\n  <<: *x\n  b: 3\nz: *x\n");
    let Some(y) = node.get("y") else { panic!("no y") };
    assert_eq!(y.get("a").and_then(Node::integer), Some(1));
    assert_eq!(y.get("b").and_then(Node::integer), Some(3));
    assert_eq!(y.entries().len(), 2);
    assert_eq!(node.at(&["z", "b"]).map(|node| source.line_of(node.span)), Some(3));
}

#[test]
fn several_documents_and_an_error() {
    let source = Source::of_text("x.yaml", "a: 1\n---\nb: 2\n---\nc: [1\nd: 3\n");
    let yaml = read(&source);
    assert_eq!(yaml.documents.len(), 2);
    assert!(matches!(yaml.error, Some(Unreadable::Format { line: 5..=7, .. })), "{:?}", yaml.error);
}

fn count(node: &Node) -> usize {
    1 + node.items().iter().map(count).sum::<usize>()
        + node.own_entries().iter().map(|entry| count(&entry.value)).sum::<usize>()
}

#[test]
fn a_bomb_is_cut() {
    let mut text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..20 {
        let list = vec![format!("*a{}", level - 1); 9].join(",");
        text = format!("{text}a{level}: &a{level} [{list}]\n");
    }
    let (_, node) = one(&text);
    assert!(count(&node) <= MOST_NODES + 1000, "{}", count(&node));
}

#[test]
fn types_are_those_of_the_core_schema() {
    let (_, node) = one("[1, -2, 0x1f, 3.10, 1e3, true, yes, ~, 'x', '1', 3.12.0, 10.0.0.1, 1:2]");
    let kinds: Vec<Type> = node.items().iter().filter_map(Node::scalar).map(Scalar::kind).collect();
    let (i, f, t) = (Type::Int, Type::Float, Type::Text);
    assert_eq!(kinds, [i, i, i, f, f, Type::Bool, t, Type::Null, t, t, t, t, t]);
}

#[test]
fn the_indicator_of_a_block_is_found() {
    for text in ["k: |\n  a\n", "k: >-  # a > b\n\n  a\n", "- >2\n    a\n", "k: !!str |\n  x > y\n"] {
        let (source, node) = one(text);
        let scalar = node.get("k").or_else(|| node.items().first()).and_then(Node::scalar);
        let indicator = scalar.and_then(|scalar| scalar.indicator).map(|span| source.slice(span).to_owned());
        assert!(matches!(indicator.as_deref(), Some("|" | ">")), "{text:?}");
        let at = scalar.and_then(|scalar| scalar.indicator).map(|span| span.start as usize);
        assert_eq!(at, text.find(['|', '>']), "{text:?}");
    }
}
