//! Workers that start together get about the same number of requests, so they reach `--max-requests` together, and for a
//! moment most of them are starting. `--max-requests-jitter` gives each of them another number.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 4 --max-requests 5000
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 4 --max-requests 5000 --max-requests-jitter 500
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 4 --max-requests 5000 --max-requests-jitter 250
//! other: gunicorn main:app -k uvicorn.workers.UvicornWorker --max-requests 5000
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(306, "workers that restart together", Severity::Advice, explanation!("fc306.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let Some(most) = application.number(deployment, command, "max-requests") else { continue };
        let Some((most, span)) = most.known().filter(|(most, _)| **most > 0) else { continue };
        let several = application.workers(deployment, command).value().is_some_and(|workers| *workers > 1);
        if !several || application.number(deployment, command, "max-requests-jitter").is_some() {
            continue;
        }
        let jitter = (most / 10).max(1);
        let finding = RULE
            .advice(span, format!("all workers restart after about {most} requests, together"))
            .label("the same for all of them");
        let option = command.option("max-requests").filter(|_| command.shell.is_some());
        findings.add(deployment.sign(match option.filter(|_| command.program == Program::Gunicorn) {
            Some(given) => finding.safe_fix(
                format!("add --max-requests-jitter {jitter}"),
                vec![Edit::replace(given.span.after(), format!(" --max-requests-jitter {jitter}"))],
            ),
            None => finding.help(format!("add a jitter of {jitter}")),
        }));
    }
}
