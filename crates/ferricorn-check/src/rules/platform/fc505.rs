//! Without a health path, Render sends requests to a new instance as soon as its port is open, and an instance that hangs
//! is never replaced. With one, a deploy that answers with errors does not take over.
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     healthCheckPath: health
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
//!     healthCheckPath: /health
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml:3
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//!
//!
//! @app.get("/healthz")
//! def health():
//!     return {}
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     healthCheckPath: /healthz
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: worker
//!     name: jobs
//!     runtime: python
//!     startCommand: celery -A jobs worker
//! ```

use crate::{
    facts::Role,
    finding::Platform,
    readers::yaml::{Entry, Node},
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(505, "no health path", Severity::Error, explanation!("fc505.rs"), check);

/// Last parts of paths that say how the service is.
const HEALTH: [&str; 14] = [
    "health",
    "healthz",
    "healthcheck",
    "health-check",
    "health_check",
    "ready",
    "readyz",
    "readiness",
    "live",
    "livez",
    "liveness",
    "ping",
    "up",
    "status",
];

/// Whether a route is one that says how the service is.
pub(super) fn is_health(path: &str) -> bool {
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase();
    HEALTH.contains(&last.as_str())
}

fn check(facts: &Facts, findings: &mut Findings) {
    for (_, service) in super::services(facts) {
        let Some(node) = service.get("healthCheckPath") else { continue };
        let Some(path) = node.str().filter(|path| !path.starts_with('/')) else { continue };
        let finding = RULE
            .error(node.span, format!("the health path `{path}` does not start with /"))
            .label("wants a slash in front")
            .happens(super::REFUSED);
        let finding = if path.contains("://") || path.contains('$') {
            finding.help("write the path alone, as /health")
        } else {
            finding.safe_fix(format!("write /{path}"), vec![Edit::replace(node.span, format!("/{path}"))])
        };
        findings.add(super::sign(service, finding));
    }
    for (deployment, application) in facts.services() {
        if deployment.platform != Platform::Render || deployment.role != Role::Web {
            continue;
        }
        let Some(service) = super::service(facts, deployment) else { continue };
        if service.get("healthCheckPath").is_some() {
            continue;
        }
        let named = application.table.as_ref().and_then(|table| {
            let get = |verbs: &[String]| verbs.is_empty() || verbs.iter().any(|verb| verb == "GET");
            let likely = |path: &str| is_health(path) && !path.contains('{');
            table.routes.iter().find(|route| !route.websocket && get(&route.verbs) && likely(&route.path))
        });
        let finding = match named {
            None => RULE
                .advice(deployment.place, "this service has no health path")
                .label("no healthCheckPath")
                .help("add a route that answers 200 if the service is well, and healthCheckPath"),
            Some(route) => {
                let finding = RULE
                    .warning(deployment.place, format!("{} is there, and Render does not ask it", route.path))
                    .label("no healthCheckPath")
                    .also(route.span, "this route")
                    .happens(
                        "a deploy whose requests fail takes over, and an instance that hangs is not replaced",
                    );
                match insertion(facts, service, &route.path) {
                    Some(edit) => {
                        finding.safe_fix(format!("add healthCheckPath: {}", route.path), vec![edit])
                    }
                    None => finding.help(format!("healthCheckPath: {}", route.path)),
                }
            }
        };
        findings.add(deployment.sign(finding));
    }
}

/// A line of its own in front of the command.
fn insertion(facts: &Facts, service: &Node, path: &str) -> Option<Edit> {
    let entry: &Entry = service.own_entries().iter().find(|entry| {
        matches!(entry.key.str(), Some("startCommand" | "buildCommand" | "dockerCommand" | "plan" | "region"))
            && entry.key.str() == Some("startCommand")
    })?;
    let source = facts.sources.get(entry.key.span.file);
    let line = source.line(source.line_of(entry.key.span));
    let indent = source.text().get(line.range().start..entry.key.span.range().start)?;
    indent
        .chars()
        .all(|letter| letter == ' ')
        .then(|| Edit::replace(entry.key.span.before(), format!("healthCheckPath: {path}\n{indent}")))
}
