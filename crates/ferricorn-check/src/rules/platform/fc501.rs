//! Render reads a `render.yaml` as a Blueprint: a mapping with `services`, `databases`, `envVarGroups` or `projects` in it.
//! A file that is no YAML, holds something else or nothing is refused, and nothing is deployed.
//!
//! ## Bad
//!
//! ```yaml render.yaml:1
//! fastapi
//! uvicorn
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml:1
//! services:
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! databases:
//!   - name: db
//! ```

use crate::{
    facts::render::Blueprint, finding::Platform, readers::yaml::Node, rules::prelude::*, text::Unreadable,
};

pub(super) static RULE: Rule =
    Rule::new(501, "render.yaml that is not a Blueprint", Severity::Error, explanation!("fc501.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for blueprint in facts.blueprints.iter().filter(|blueprint| !blueprint.template) {
        if let Some(finding) = finding(facts, blueprint) {
            findings.add(Finding { platform: Some(Platform::Render), ..finding });
        }
    }
}

fn finding(facts: &Facts, blueprint: &Blueprint) -> Option<Finding> {
    let source = facts.sources.get(blueprint.file);
    let refused = |finding: Finding| finding.happens("Render refuses the Blueprint, and nothing is deployed");
    let top = match &blueprint.document {
        Ok(top) => top,
        Err(Unreadable::Format { line, problem }) => {
            let finding = RULE.error(source.line(*line), format!("render.yaml is no YAML: {problem}"));
            return Some(refused(finding.label("the reading stops here")));
        }
        Err(_) => return None,
    };
    if !top.is_mapping() {
        let finding = RULE.error(source.line(source.line_of(top.span)), "render.yaml holds no Blueprint");
        return Some(refused(finding.label("a Blueprint is a mapping with services in it")));
    }
    let lists = ["services", "databases", "envVarGroups", "projects", "ungrouped"];
    let holds = |key: &&str| top.get(key).is_some_and(|node| !node.items().is_empty() || node.is_mapping());
    if lists.iter().any(holds) {
        return None;
    }
    let key = top.entry("services").or_else(|| top.own_entries().first());
    let place = key.map_or(source.line(1), |entry| entry.key.span);
    let finding = RULE.error(place, "render.yaml holds no service");
    Some(refused(finding.label(match key.map(|entry| &entry.value) {
        Some(value) if !value.is_null() && key.and_then(|entry| entry.key.str()) == Some("services") => {
            "a list is wanted here"
        }
        Some(_) if top.get("services").is_some_and(Node::is_null) => "nothing is in it",
        _ => "there is no `services`",
    })))
}
