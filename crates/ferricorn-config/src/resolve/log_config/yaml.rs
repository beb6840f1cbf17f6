//! A YAML document as a value of JSON's kinds.
//!
//! Owns: aliases and merge keys. Does not own: the grammar (granit-parser), nor YAML's types: every scalar is a string here.
//! Invariant: a value never unfolds to more than [`MOST_NODES`], so a file with aliases of aliases costs nothing.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser};
use serde_json::{Map, Value};

/// The most nodes that a document unfolds to.
const MOST_NODES: usize = 10_000;

/// The first document of a file, if the whole file is YAML.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        builder.take(event)?;
    }
    builder.document
}

/// A collection that is being read: its anchor, its kind, and its keys and values in turn.
struct Open {
    anchor: usize,
    is_mapping: bool,
    values: Vec<Value>,
    nodes_before: usize,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    /// What each anchor stands for, and how many nodes that is.
    anchors: BTreeMap<usize, (Value, usize)>,
    nodes: usize,
    document: Option<Value>,
}

impl Builder {
    /// Takes one event; `None` if the document is too large.
    fn take(&mut self, event: Event<'_>) -> Option<()> {
        match event {
            Event::Scalar(value, _, anchor, _) => self.add(Value::String(value.into_owned()), anchor, 1)?,
            Event::SequenceStart(_, anchor, _) => self.start(anchor, false),
            Event::MappingStart(_, anchor, _) => self.start(anchor, true),
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop()?;
                let value = if open.is_mapping { mapping(open.values) } else { Value::Array(open.values) };
                let weight = self.nodes - open.nodes_before;
                self.add(value, open.anchor, 1)?;
                if let Some((_, known)) = self.anchors.get_mut(&open.anchor) {
                    *known = weight + 1;
                }
            }
            Event::Alias(anchor) => {
                let (value, weight) = self.anchors.get(&anchor).cloned().unwrap_or((Value::Null, 1));
                self.add(value, 0, weight)?;
            }
            Event::UnresolvedAlias(_) => self.add(Value::Null, 0, 1)?,
            _ => {}
        }
        Some(())
    }

    fn start(&mut self, anchor: usize, is_mapping: bool) {
        self.open.push(Open { anchor, is_mapping, values: Vec::new(), nodes_before: self.nodes });
    }

    fn add(&mut self, value: Value, anchor: usize, weight: usize) -> Option<()> {
        self.nodes = self.nodes.checked_add(weight).filter(|nodes| *nodes <= MOST_NODES)?;
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), weight));
        }
        match self.open.last_mut() {
            Some(open) => open.values.push(value),
            None => {
                self.document.get_or_insert(value);
            }
        }
        Some(())
    }
}

/// A mapping of keys and values in turn. The last of equal keys counts, and `<<` gives what the mapping does not say itself.
fn mapping(values: Vec<Value>) -> Value {
    let mut own = Map::new();
    let mut merged = Vec::new();
    let mut values = values.into_iter();
    while let (Some(key), Some(value)) = (values.next(), values.next()) {
        match (key, value) {
            (Value::String(key), Value::Object(table)) if key == "<<" => merged.push(table),
            (Value::String(key), Value::Array(tables)) if key == "<<" => {
                merged.extend(tables.into_iter().filter_map(|table| match table {
                    Value::Object(table) => Some(table),
                    _ => None,
                }));
            }
            (Value::String(key), value) => {
                own.insert(key, value);
            }
            _ => {}
        }
    }
    for (key, value) in merged.into_iter().flatten() {
        own.entry(key).or_insert(value);
    }
    Value::Object(own)
}
