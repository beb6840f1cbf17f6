//! Render: the Blueprint (`render.yaml`) and its services.

mod service;

use crate::facts::Gather;
use crate::{
    readers::yaml::{self, Entry, Node},
    text::{FileId, Span, Unreadable},
};

/// A `render.yaml`.
#[derive(Debug)]
pub struct Blueprint {
    /// The file.
    pub file: FileId,
    /// All of its text.
    pub whole: Span,
    /// The document, or why it is none.
    pub document: Result<Node, Unreadable>,
    /// Whether it is a template, of which nothing is judged.
    pub template: bool,
}

/// What an entry of `services` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It runs: web, private, worker.
    Service,
    /// It runs at times.
    Cron,
    /// A static site.
    Static,
    /// A key value store.
    KeyValue,
    /// Its type is not known, or missing.
    Unknown,
}

impl Blueprint {
    /// The services, those of projects too.
    pub fn services(&self) -> Vec<&Node> {
        self.lists("services")
    }

    /// The databases, those of projects too.
    pub fn databases(&self) -> Vec<&Node> {
        self.lists("databases")
    }

    /// The groups of environment variables, those of projects too.
    pub fn groups(&self) -> Vec<&Node> {
        self.lists("envVarGroups")
    }

    /// The entries of all lists with this key: at the top, in `ungrouped`, and in the environments of projects.
    fn lists(&self, key: &str) -> Vec<&Node> {
        let Ok(top) = &self.document else { return Vec::new() };
        let environments = top
            .get("projects")
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|project| project.get("environments"));
        let places =
            std::iter::once(top).chain(top.get("ungrouped")).chain(environments.flat_map(Node::items));
        places
            .filter_map(|place| place.get(key))
            .flat_map(Node::items)
            .filter(|item| item.is_mapping())
            .collect()
    }
}

/// What this entry of `services` is.
pub fn kind(service: &Node) -> Kind {
    match service.get("type").and_then(Node::str) {
        Some("web") if runtime(service).and_then(|it| it.value.str()) == Some("static") => Kind::Static,
        Some("web" | "pserv" | "worker") => Kind::Service,
        Some("cron") => Kind::Cron,
        Some("static") => Kind::Static,
        Some("keyvalue" | "redis") => Kind::KeyValue,
        _ => Kind::Unknown,
    }
}

/// `runtime`, or `env` as it was called.
pub fn runtime(service: &Node) -> Option<&Entry> {
    service.entry("runtime").or_else(|| service.entry("env"))
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    for path in gather.paths(|name| name.ends_with("render.yaml") || name.ends_with("render.yml")) {
        let Some(source) = gather.load(&path) else { continue };
        let yaml = yaml::read(&source);
        let template = gather.open(&path).is_none();
        let document = match (yaml.error, yaml.documents.into_iter().next()) {
            (Some(error), _) => Err(error),
            (None, Some(document)) => Ok(document),
            (None, None) => Err(Unreadable::Format { line: 1, problem: "it is empty".to_owned() }),
        };
        let blueprint = Blueprint { file: source.id(), whole: source.whole(), document, template };
        if !template {
            let services = blueprint.services();
            let found: Vec<_> =
                services.iter().filter_map(|node| service::deployment(node, &blueprint, &path)).collect();
            gather.facts.deployments.extend(found);
        }
        gather.facts.blueprints.push(blueprint);
    }
}
