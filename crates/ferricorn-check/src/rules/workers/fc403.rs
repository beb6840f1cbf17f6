//! gunicorn and uvicorn take the number of workers from `WEB_CONCURRENCY`, which platforms and people set to fit the
//! machine. A number on the command line wins: the variable has no effect any more.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT --workers 2
//!     envVars:
//!       - key: WEB_CONCURRENCY
//!         value: 1
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
//!     envVars:
//!       - key: WEB_CONCURRENCY
//!         value: 1
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT --workers 2
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(403, "WEB_CONCURRENCY without effect", Severity::Advice, explanation!("fc403.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let variable = command.env.get("WEB_CONCURRENCY").or_else(|| deployment.env.get("WEB_CONCURRENCY"));
        let Some((given, variable)) = command.option("workers").zip(variable) else { continue };
        if given.value.known().is_none() {
            continue;
        }
        let finding = RULE
            .advice(given.span, "--workers wins over WEB_CONCURRENCY")
            .label("the variable has no effect")
            .also(variable.place, "set here");
        findings.add(deployment.sign(match command.remove(given.words) {
            Some(edit) => finding.unsafe_fix("leave --workers out", vec![edit]),
            None => finding.help("leave --workers out"),
        }));
    }
}
