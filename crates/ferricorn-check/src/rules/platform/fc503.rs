//! Every service of a Blueprint has a `type` and a `name`, and every one that runs a `runtime` (or `env`, as it was called).
//! `type` and `runtime` are words of short lists. Plans and regions are lists that grow, so an unknown one is a warning.
//!
//! ## Bad
//!
//! ```yaml render.yaml:2
//! services:
//!   - type: database
//!     name: db
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! databases:
//!   - name: db
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml:4
//! services:
//!   - type: web
//!     name: api
//!     runtime: pyhton
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
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
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     env: python
//!     plan: pro plus
//!     region: frankfurt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!   - type: redis
//!     name: cache
//!     plan: free
//!     ipAllowList: []
//! databases:
//!   - name: db
//!     plan: basic-256mb
//! ```

use crate::{
    data::render::{PLANS, REGIONS, RUNTIMES, TYPES},
    facts::render::{Kind, kind, runtime},
    finding::Platform,
    readers::yaml::Node,
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(503, "service of a kind that does not exist", Severity::Error, explanation!("fc503.rs"), check);

const REFUSED: &str = "Render refuses the Blueprint, and nothing is deployed";

fn check(facts: &Facts, findings: &mut Findings) {
    for blueprint in facts.blueprints.iter().filter(|blueprint| !blueprint.template) {
        for service in blueprint.services() {
            let mut found = Vec::new();
            missing(service, &mut found);
            words(service, &mut found);
            let name = service.get("name").and_then(Node::str).map(str::to_owned);
            for finding in found {
                findings.add(Finding { platform: Some(Platform::Render), service: name.clone(), ..finding });
            }
        }
    }
}

fn missing(service: &Node, found: &mut Vec<Finding>) {
    let first = service.own_entries().first().map_or(service.span, |entry| entry.key.span);
    let runs = matches!(kind(service), Kind::Service | Kind::Cron);
    let wanted = [("type", true), ("name", true), ("runtime", runs && runtime(service).is_none())];
    for (key, _) in wanted.into_iter().filter(|(key, wanted)| *wanted && service.get(key).is_none()) {
        found.push(
            RULE.error(first, format!("this service has no {key}")).label("in this service").happens(REFUSED),
        );
    }
}

fn words(service: &Node, found: &mut Vec<Finding>) {
    let text = |node: &Node| Some((node.str()?.to_owned(), node.span));
    if let Some((word, span)) = service.get("type").and_then(text) {
        found.extend(unknown(&word, span, "type", &TYPES).map(|finding| match word.as_str() {
            "database" | "postgres" | "pgsql" => {
                finding.help("write it below `databases`, which is a list beside `services`")
            }
            _ => finding,
        }));
    }
    if let Some((word, span)) = runtime(service).and_then(|entry| text(&entry.value)) {
        found.extend(unknown(&word, span, "runtime", &RUNTIMES));
    }
    let plans: Vec<&str> = PLANS.iter().map(|plan| plan.0).collect();
    for (key, known) in [("plan", &plans[..]), ("region", &REGIONS)] {
        let Some((word, span)) = service.get(key).and_then(text) else { continue };
        let word = word.to_lowercase().replace('_', " ");
        found.extend(
            unknown(&word, span, key, known)
                .map(|finding| Finding { severity: Severity::Warning, ..finding }),
        );
    }
}

fn unknown(word: &str, span: Span, key: &str, known: &[&'static str]) -> Option<Finding> {
    if known.contains(&word) {
        return None;
    }
    let finding = RULE
        .error(span, format!("Render knows no {key} `{word}`"))
        .label(format!("unknown {key}"))
        .happens(REFUSED);
    Some(match nearest(word, known.iter().copied()) {
        Some(near) => finding.safe_fix(format!("write {near}"), vec![Edit::replace(span, near)]),
        None => finding.help(format!("one of {}", known.join(", "))),
    })
}
