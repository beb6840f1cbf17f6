//! gunicorn's master ends a worker that has not answered it for `--timeout` seconds. With 0 it never does: a worker that
//! hangs stays, with the share of the requests that the kernel gives it, until the service is restarted.
//!
//! With one worker a platform's health check finds out. Google documents 0 for Cloud Run, which ends requests itself.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 4 --timeout 0
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 4 --timeout 60
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD exec gunicorn --bind :$PORT --workers 1 --threads 8 --timeout 0 main:app
//! ```

use crate::{finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(304, "hung workers that are never ended", Severity::Warning, explanation!("fc304.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let gunicorn = matches!(command.program, Program::Gunicorn | Program::Ferricorn);
        if !gunicorn || deployment.platform == Platform::CloudRun {
            continue;
        }
        let timeout = application.number(deployment, command, "timeout");
        let Some((0, span)) = timeout.as_ref().and_then(Fact::known).map(|(value, span)| (*value, span))
        else {
            continue;
        };
        let workers = application.workers(deployment, command);
        let Some((workers, place)) = workers.known().filter(|(workers, _)| **workers > 1) else { continue };
        findings.add(
            deployment.sign(
                RULE.warning(span, "a timeout of 0 leaves a hanging worker where it is")
                    .label("no limit")
                    .also(place, format!("{workers} workers"))
                    .happens("its share of the requests is never answered")
                    .help("write a time that no right request takes, as 60"),
            ),
        );
    }
}
