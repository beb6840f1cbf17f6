//! A worker has no port that is reachable from outside, and a cron job has to end. A server in one of them runs and cannot be
//! reached. Neither has a health path.
//!
//! ## Bad
//!
//! ```yaml render.yaml:2
//! services:
//!   - type: worker
//!     name: api
//!     runtime: python
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
//!   - type: worker
//!     name: jobs
//!     runtime: python
//!     startCommand: celery -A jobs worker
//!   - type: pserv
//!     name: internal
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port 9000
//! ```

use crate::{
    facts::render::{Kind, kind},
    finding::Platform,
    readers::yaml::Node,
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(515, "server that cannot be reached", Severity::Error, explanation!("fc515.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    let is_hidden = |service: &Node| {
        kind(service) == Kind::Cron
            || kind(service) == Kind::Service && service.get("type").and_then(Node::str) == Some("worker")
    };
    for (deployment, command) in facts.servers().filter(|(it, _)| it.platform == Platform::Render) {
        let Some(service) = super::service(facts, deployment).filter(|service| is_hidden(service)) else {
            continue;
        };
        let Some(node) = service.get("type") else { continue };
        let word = node.str().unwrap_or_default();
        findings.add(
            deployment.sign(
                RULE.error(
                    node.span,
                    format!("{} serves in a {word}, which has no port", command.program.name()),
                )
                .label("cannot be reached")
                .also(command.program_span, "this server")
                .happens("Render gives it neither an address nor PORT")
                .safe_fix("write web", vec![Edit::replace(node.span, "web")]),
            ),
        );
    }
    for (_, service) in super::services(facts).filter(|(_, service)| is_hidden(service)) {
        let server = facts.servers().any(|(deployment, _)| service.span.contains(deployment.place));
        let Some(entry) = service.entry("healthCheckPath").filter(|_| !server) else { continue };
        let finding = RULE
            .error(entry.key.span, "only a web service has a health path")
            .label("not in a service without a port")
            .happens(super::REFUSED)
            .help("leave it out");
        findings.add(super::sign(service, finding));
    }
}
