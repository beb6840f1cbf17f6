//! A platform takes an answer of 404 on the health path for an unwell service: the deploy waits (on Render 15 minutes) and is
//! cancelled, or the container is started again and again. The path has to be a route of the application, with the prefixes
//! of its routers.
//!
//! The rule speaks only if every route of the application could be read.
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     healthCheckPath: /api/health
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//!
//!
//! @app.get("/health")
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
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     healthCheckPath: /health
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//!
//!
//! @app.get("/health")
//! def health():
//!     return {}
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     healthCheckPath: /docs
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//! ```

use crate::{
    facts::{Application, CommandLine, Probe},
    readers::python::{routes::Route, tree::keyword},
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule = Rule::new(
    506,
    "health path that the application does not serve",
    Severity::Warning,
    explanation!("fc506.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let rooted = deployment.server().is_none_or(|command| command.option("root-path").is_some());
        if rooted
            || application
                .any(|module| module.apps().iter().any(|app| keyword(&app.arguments, "root_path").is_some()))
        {
            continue;
        }
        for (path, span, whole) in deployment.probes.iter().filter_map(asked) {
            if let Some(finding) = finding(facts, application, &path, span, whole) {
                findings.add(deployment.sign(finding));
            }
        }
    }
}

/// The path that a probe asks for, and whether the place is that of the path alone.
fn asked(probe: &Probe) -> Option<(String, Span, bool)> {
    if let Some((path, span)) = &probe.path {
        return Some((path.clone(), *span, true));
    }
    in_command(probe.command.as_ref()?)
}

/// `curl -f http://localhost:8000/health`.
fn in_command(line: &CommandLine) -> Option<(String, Span, bool)> {
    let words = line.commands.iter().flat_map(|command| &command.words);
    words.filter(|word| word.known().is_some()).find_map(|word| {
        let (_, rest) = word.text.split_once("http://")?;
        let end = rest.find(['"', '\'', ' ', ')', ',']).unwrap_or(rest.len());
        let (host, path) = rest[..end].split_once('/')?;
        let host = host.split(':').next()?;
        matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0").then(|| (format!("/{path}"), word.span, false))
    })
}

fn finding(facts: &Facts, application: &Application, path: &str, span: Span, whole: bool) -> Option<Finding> {
    let table = application.table.as_ref()?;
    if !path.starts_with('/') || path.contains('$') || table.serves(path) != Some(false) {
        return None;
    }
    // A middleware may answer it.
    let plain = path.split(['?', '#']).next().unwrap_or(path);
    let quoted = [format!("\"{plain}\""), format!("'{plain}'")];
    let named = application.any(|module| {
        let text = facts.sources.get(module.file).text();
        quoted.iter().any(|it| text.contains(it))
    });
    if named {
        return None;
    }
    let get = |route: &&Route| {
        !route.websocket && (route.verbs.is_empty() || route.verbs.iter().any(|verb| verb == "GET"))
    };
    let routes: Vec<&Route> = table.routes.iter().filter(get).collect();
    let finding = RULE.warning(span, format!("nothing serves {plain}")).label("answers 404").happens(
        "the platform takes 404 for an unwell service: it cancels the deploy, or starts the container again",
    );
    let likely: Vec<&&Route> = routes
        .iter()
        .filter(|route| !route.built_in && !route.path.contains('{') && is_likely(&route.path, plain))
        .collect();
    let finding = match likely.first() {
        Some(route) => finding.also(route.span, "this route is there"),
        None => finding,
    };
    Some(match likely.as_slice() {
        [only] if whole => {
            finding.safe_fix(format!("write {}", only.path), vec![Edit::replace(span, only.path.clone())])
        }
        _ => {
            let mut all: Vec<&str> = routes.iter().map(|route| route.path.as_str()).take(6).collect();
            all.dedup();
            finding.help(format!("routes found: {}", all.join(", ")))
        }
    })
}

/// Whether a route is what was meant by this path.
fn is_likely(route: &str, path: &str) -> bool {
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_lowercase();
    last(route) == last(path) && !last(path).is_empty() || super::fc505::is_health(route)
}
