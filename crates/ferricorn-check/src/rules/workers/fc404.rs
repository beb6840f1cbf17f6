//! `cpu_count()` and `nproc` count the processors of the machine. A container that may use half a processor on a machine
//! with 32 gets 65 workers out of `cpu_count() * 2 + 1`, and is killed for its memory.
//!
//! ## Bad
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     plan: starter
//!     startCommand: gunicorn main:app -c gunicorn.conf.py
//! ```
//!
//! ```python gunicorn.conf.py:3
//! import multiprocessing
//!
//! workers = multiprocessing.cpu_count() * 2 + 1
//! worker_class = "uvicorn_worker.UvicornWorker"
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
//!     startCommand: gunicorn main:app -c gunicorn.conf.py
//! ```
//!
//! ```python gunicorn.conf.py
//! workers = 2
//! worker_class = "uvicorn_worker.UvicornWorker"
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     plan: starter
//!     startCommand: gunicorn main:app -c gunicorn.conf.py
//! ```
//!
//! ```python gunicorn.conf.py
//! import multiprocessing
//! import os
//!
//! workers = int(os.getenv("WEB_CONCURRENCY", multiprocessing.cpu_count()))
//! worker_class = "uvicorn_worker.UvicornWorker"
//! ```

use crate::{facts::Deployment, rules::prelude::*, text::Span};

pub(super) static RULE: Rule = Rule::new(
    404,
    "as many workers as the machine has processors",
    Severity::Warning,
    explanation!("fc404.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen: Vec<Span> = Vec::new();
    // The one that says how large it is comes first.
    let mut all: Vec<_> = facts.services().collect();
    all.sort_by_key(|(deployment, _)| !limited(deployment));
    for (deployment, application) in all {
        findings.add_all(on_the_line(facts, deployment));
        let Some(command) = deployment.server().filter(|command| command.option("workers").is_none()) else {
            continue;
        };
        let Some(file) = &application.settings else { continue };
        let Some(setting) = file.settings.get("workers") else { continue };
        let Some(span) = setting.counts_processors.filter(|span| !seen.contains(span)) else { continue };
        let source = facts.sources.get(file.file);
        // A variable or a bound keeps it small.
        let guards = ["WEB_CONCURRENCY", "MAX_WORKERS", "WORKERS", "environ", "getenv", "min("];
        if guards.iter().any(|guard| source.text().contains(guard)) || command.open {
            continue;
        }
        seen.push(span);
        let message = "this counts the processors of the machine, not those of the container";
        let finding =
            if limited(deployment) { RULE.warning(span, message) } else { RULE.advice(span, message) };
        let finding = match deployment.resources.cpu.known().or_else(|| deployment.resources.memory.known()) {
            Some((_, place)) => finding.also(place, "it may use this much"),
            None => finding,
        };
        findings.add(
            deployment.sign(
                finding
                    .label("far too many")
                    .happens("a large machine starts dozens of workers, and the platform kills them for their memory")
                    .help("write a number, or read WEB_CONCURRENCY"),
            ),
        );
    }
}

/// `--workers $(nproc)`.
fn on_the_line(facts: &Facts, deployment: &Deployment) -> Option<Finding> {
    let given = deployment.server()?.option("workers").filter(|it| it.value.is_unknown())?;
    let written = facts.sources.get(given.span.file).slice(given.span);
    let counts = ["nproc", "cpu_count", "_NPROCESSORS_ONLN"].iter().any(|word| written.contains(word));
    if !counts || written.contains("WEB_CONCURRENCY") || written.contains("MAX_WORKERS") {
        return None;
    }
    let message = "this counts the processors of the machine, not those of the container";
    let finding = if limited(deployment) {
        RULE.warning(given.span, message)
    } else {
        RULE.advice(given.span, message)
    };
    Some(
        deployment.sign(
            finding
                .label("far too many")
                .happens(
                    "a large machine starts dozens of workers, and the platform kills them for their memory",
                )
                .help("write a number, or read WEB_CONCURRENCY"),
        ),
    )
}

/// Whether it is known how large the container is.
fn limited(deployment: &Deployment) -> bool {
    deployment.resources.cpu.value().is_some() || deployment.resources.memory.value().is_some()
}
