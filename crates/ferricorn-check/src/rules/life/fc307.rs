//! With `--limit-max-requests` a uvicorn without workers exits after so many requests, and nothing inside the container
//! starts it again: every time the platform sees an ended service, waits, and starts a new one. With `--workers` uvicorn
//! replaces only the worker.
//!
//! And a worker that is replaced after a few requests is nearly always starting.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --limit-max-requests 5000
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --workers 2 --limit-max-requests 5000
//! ```
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 2 --max-requests 50
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 2 --max-requests 5000
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! other: gunicorn main:app -k uvicorn.workers.UvicornWorker --max-requests 5000
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(307, "server that ends after its requests", Severity::Warning, explanation!("fc307.rs"), check);

/// Fewer requests than that are few for a process.
const FEW: u64 = 100;

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let Some(most) = application.number(deployment, command, "max-requests") else { continue };
        let Some((most, span)) = most.known().filter(|(most, _)| **most > 0) else { continue };
        let one = application.workers(deployment, command).value() == Some(&1);
        let finding = if command.program == Program::Uvicorn && one {
            RULE.warning(span, format!("uvicorn without workers exits after {most} requests"))
                .label("ends the only process")
                .happens("the service is away until the platform has started it again")
                .help("add --workers 2, or use ferricorn, which replaces the worker")
        } else if *most < FEW {
            RULE.warning(span, format!("a worker is replaced after {most} requests"))
                .label("so few that workers are nearly always starting")
                .help("write some thousands")
        } else {
            continue;
        };
        findings.add(deployment.sign(finding));
    }
}
