//! Some keys of a Blueprint exclude each other. A free instance has neither a disk nor a command before the deploy; a disk
//! belongs to one instance, so a service with one cannot have several.
//!
//! ## Bad
//!
//! ```yaml render.yaml:7
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     plan: free
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     preDeployCommand: alembic upgrade head
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     plan: starter
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     preDeployCommand: alembic upgrade head
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     plan: standard
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     scaling:
//!       minInstances: 1
//!       maxInstances: 3
//! ```

use crate::{
    facts::render::{Kind, kind},
    readers::yaml::Node,
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(510, "keys that exclude each other", Severity::Error, explanation!("fc510.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (_, service) in
        super::services(facts).filter(|(_, it)| matches!(kind(it), Kind::Service | Kind::Cron))
    {
        for (span, message, other, label) in problems(service) {
            let finding = RULE.error(span, message).label("not possible here").also(other, label);
            findings.add(super::sign(service, finding.happens(super::REFUSED)));
        }
    }
}

fn problems(service: &Node) -> Vec<(Span, String, Span, &'static str)> {
    let mut found = Vec::new();
    let key =
        |name: &str| service.entry(name).filter(|entry| !entry.value.is_null()).map(|entry| entry.key.span);
    let free =
        service.get("plan").filter(|plan| plan.str().is_some_and(|it| it.eq_ignore_ascii_case("free")));
    if let Some(plan) = free {
        for name in ["disk", "preDeployCommand"] {
            let message = format!("a free instance has no {name}");
            found.extend(key(name).map(|span| (span, message, plan.span, "this plan")));
        }
    }
    if let Some(disk) = key("disk") {
        let several =
            service.get("numInstances").filter(|node| node.integer().is_some_and(|number| number > 1));
        if let Some(node) = several {
            found.push((node.span, "a service with a disk has one instance".to_owned(), disk, "this disk"));
        }
        if let Some(span) = key("scaling") {
            found.push((span, "a service with a disk cannot scale".to_owned(), disk, "this disk"));
        }
    }
    let bound =
        |name: &str| service.at(&["scaling", name]).and_then(|node| Some((node.integer()?, node.span)));
    if let (Some((least, span)), Some((most, other))) = (bound("minInstances"), bound("maxInstances"))
        && least > most
    {
        found.push((
            span,
            format!("minInstances {least} is more than maxInstances {most}"),
            other,
            "the most",
        ));
    }
    found
}
