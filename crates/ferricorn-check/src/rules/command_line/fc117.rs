//! A platform watches the process that it has started. With `--daemon`, or `&` at the end, that process ends at once: the
//! platform takes it for an exit and stops the container, or starts it again and again.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "--bind", "0.0.0.0:8000", "--daemon", "main:app"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "--bind", "0.0.0.0:8000", "main:app"]
//! ```
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT &
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD uvicorn main:app --host 0.0.0.0 & nginx -g "daemon off;"
//! ```

use crate::{finding::Platform, readers::shell::Join, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(117, "server in the background", Severity::Error, explanation!("fc117.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        // In a unit of the type `forking` it is right.
        if deployment.platform == Platform::Systemd {
            continue;
        }
        let Some(last) = deployment.line().and_then(|line| line.commands.last()) else { continue };
        if last.span != command.span || command.optional {
            continue;
        }
        let happens = format!("{} sees an exit and takes the service for ended", deployment.platform.name());
        let daemon = command.option("daemon").filter(|it| it.value.known().is_some_and(|it| it.0 == "true"));
        if let Some(given) = daemon {
            let finding = RULE
                .error(given.name, "--daemon ends the process that the platform watches")
                .label("goes to the background")
                .happens(happens);
            findings.add(deployment.sign(match command.remove(given.words) {
                Some(edit) => finding.safe_fix("leave it out", vec![edit]),
                None => finding,
            }));
        } else if command.after == Join::Background {
            let finding = RULE
                .error(command.span, "the server runs in the background, and nothing waits for it")
                .label("the & behind it ends the line at once")
                .happens(happens)
                .help("leave the & out");
            findings.add(deployment.sign(finding));
        }
    }
}
