//! From the parser's events to trees.

use std::collections::BTreeMap;

use granit_parser::Event;

use super::{Content, Entry, MOST_NODES, Node, Scalar, Style, Yaml, scalar};
use crate::text::{Source, Span, Unreadable};

/// A collection that is being read.
struct Open {
    anchor: usize,
    start: Span,
    mapping: bool,
    /// Keys and values in turn, for a mapping.
    nodes: Vec<Node>,
    /// How many nodes it unfolds to.
    weight: usize,
}

struct Builder<'s> {
    source: &'s Source,
    open: Vec<Open>,
    /// What each anchor stands for, and how many nodes that is.
    anchors: BTreeMap<usize, (Node, usize)>,
    documents: Vec<Node>,
    /// How many nodes the document unfolds to so far.
    unfolded: usize,
}

pub(super) fn read(source: &Source) -> Yaml {
    let mut builder =
        Builder { source, open: Vec::new(), anchors: BTreeMap::new(), documents: Vec::new(), unfolded: 0 };
    let mut error = None;
    for event in super::parser(source.text()) {
        match event {
            Ok((event, span)) => builder.take(event, span),
            Err(problem) => {
                error = Some(Unreadable::Format {
                    line: u32::try_from(problem.marker().line()).unwrap_or(u32::MAX),
                    problem: problem.info(),
                });
                break;
            }
        }
    }
    Yaml { documents: builder.documents, error }
}

impl Builder<'_> {
    fn take(&mut self, event: Event<'_>, span: granit_parser::Span) {
        let place = self.place(span);
        match event {
            Event::DocumentStart(..) => {
                self.open.clear();
                self.anchors.clear();
                self.unfolded = 0;
            }
            Event::Scalar(value, style, anchor, tag) => {
                let style = Style::from(style);
                let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()));
                let content = if value.is_empty() && style == Style::Plain && tag.is_none() {
                    Content::Null
                } else {
                    let value = scalar::excerpt(self.source, place, &value, style);
                    let indicator = scalar::indicator(self.source, place, style);
                    Content::Scalar(Scalar { value, style, indicator, tag })
                };
                self.add(Node { span: place, content }, anchor, 1);
            }
            Event::SequenceStart(_, anchor, _) => self.start(anchor, place, false),
            Event::MappingStart(_, anchor, _) => self.start(anchor, place, true),
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let fits = known.filter(|(_, weight)| self.unfolded + weight <= MOST_NODES);
                let (node, weight) = fits.unwrap_or((Node { span: place, content: Content::Null }, 1));
                self.add(node, 0, weight);
            }
            Event::UnresolvedAlias(_) => self.add(Node { span: place, content: Content::Null }, 0, 1),
            _ => {}
        }
    }

    fn place(&self, span: granit_parser::Span) -> Span {
        let length = self.source.text().len();
        let byte = |marker: granit_parser::Marker| marker.byte_offset().unwrap_or(length).min(length);
        let (start, end) = (byte(span.start), byte(span.end));
        self.source.span(start..end.max(start))
    }

    fn start(&mut self, anchor: usize, start: Span, mapping: bool) {
        self.unfolded += 1;
        self.open.push(Open { anchor, start, mapping, nodes: Vec::new(), weight: 1 });
    }

    fn end(&mut self, end: Span) {
        let Some(open) = self.open.pop() else { return };
        let last = open.nodes.last().map(|node| node.span);
        // The end of a block collection is where the next thing begins; its last entry says more.
        let span = if end.is_empty() {
            last.map_or(open.start, |last| open.start.to(last))
        } else {
            open.start.to(end)
        };
        let content = if open.mapping {
            let mut nodes = open.nodes.into_iter();
            let mut entries = Vec::new();
            while let (Some(key), Some(value)) = (nodes.next(), nodes.next()) {
                entries.push(Entry { key, value });
            }
            Content::Mapping(entries.into())
        } else {
            Content::Sequence(open.nodes.into())
        };
        self.unfolded = self.unfolded.saturating_sub(open.weight);
        self.add(Node { span, content }, open.anchor, open.weight);
    }

    fn add(&mut self, node: Node, anchor: usize, weight: usize) {
        self.unfolded += weight;
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), weight));
        }
        match self.open.last_mut() {
            Some(open) => {
                open.weight += weight;
                open.nodes.push(node);
            }
            None => self.documents.push(node),
        }
    }
}
