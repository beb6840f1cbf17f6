//! With an asynchronous worker `--timeout` is no limit for a request: it is how long the worker's event loop may stand
//! still. A long time does not help slow requests; it only keeps a worker that hangs.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --timeout 600
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --timeout 60
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --timeout 120
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(305, "very long timeout", Severity::Advice, explanation!("fc305.rs"), check);

/// From here on, in seconds, it is very long.
const LONG: u64 = 300;

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let Some(timeout) = application.number(deployment, command, "timeout") else { continue };
        let Some((seconds, span)) = timeout.known().filter(|(seconds, _)| **seconds > LONG) else { continue };
        findings.add(
            deployment.sign(
                RULE.advice(span, format!("a worker may hang for {seconds} s before it is replaced"))
                    .label("no limit for a request, with an asynchronous worker")
                    .help("write how long the event loop may stand still, as 60"),
            ),
        );
    }
}
