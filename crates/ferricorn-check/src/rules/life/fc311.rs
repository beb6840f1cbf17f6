//! `docker stop` and compose wait 10 s between the stop signal and SIGKILL, unless `stop_grace_period` says otherwise. A
//! longer graceful timeout of the server is never reached: what is still running then is cut.
//!
//! With SIGKILL as the stop signal there is no graceful stop at all.
//!
//! ## Bad
//!
//! ```yaml docker-compose.prod.yml:4
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--timeout-graceful-shutdown", "30"]
//! ```
//!
//! ## Fixed
//!
//! ```yaml docker-compose.prod.yml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--timeout-graceful-shutdown", "30"]
//!     stop_grace_period: 35s
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! STOPSIGNAL SIGKILL
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! STOPSIGNAL SIGTERM
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```yaml docker-compose.prod.yml
//! services:
//!   api:
//!     build: .
//!     stop_grace_period: 1m
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--timeout-graceful-shutdown", "30"]
//! ```

use crate::{
    finding::Platform,
    readers::{compose::Service, dockerfile::Detail},
    rules::prelude::*,
    text::Excerpt,
};

pub(super) static RULE: Rule = Rule::new(
    311,
    "graceful timeout longer than Docker waits",
    Severity::Warning,
    explanation!("fc311.rs"),
    check,
);

/// How long Docker waits, in seconds.
const WAIT: f64 = 10.0;

fn check(facts: &Facts, findings: &mut Findings) {
    for file in facts.compose.iter().filter(|it| it.production) {
        for service in &file.document.services {
            let server = facts.servers().find(|(deployment, _)| deployment.place == service.name_span);
            if let Some((deployment, command)) = server {
                let found = [too_long(service, command), service.stop_signal.as_ref().and_then(killed)];
                for finding in found.into_iter().flatten() {
                    findings.add(deployment.sign(finding));
                }
            }
        }
    }
    for image in &facts.images {
        let Some(stage) = image.document.final_stage() else { continue };
        let last = image.document.last(stage, |detail| matches!(detail, Detail::StopSignal(_)));
        let Some(Detail::StopSignal(signal)) = last.map(|it| &it.detail) else { continue };
        if let Some(finding) = killed(signal) {
            findings.add(Finding { platform: Some(Platform::Docker), ..finding });
        }
    }
}

fn too_long(service: &Service, command: &Command) -> Option<Finding> {
    // A time that cannot be read is not known.
    let written = service.node.get("stop_grace_period");
    let wait = match (&service.stop_grace_period, written) {
        (Some((_, seconds)), _) => *seconds,
        (None, Some(_)) => return None,
        (None, None) if service.extends => return None,
        (None, None) => WAIT,
    };
    let given = command.option("graceful-timeout")?;
    let seconds: u32 = given.value.known()?.0.parse().ok()?;
    (f64::from(seconds) > wait).then(|| {
        let finding = RULE
            .warning(
                given.span,
                format!("the server may take {seconds} s to stop, and Docker waits {wait} s"),
            )
            .label("longer than Docker waits")
            .happens("requests that are still running are cut by SIGKILL")
            .help(format!("set stop_grace_period to {}s", seconds.saturating_add(5)));
        match written {
            Some(node) => finding.also(node.span, "Docker's time"),
            None => finding,
        }
    })
}

fn killed(signal: &Excerpt) -> Option<Finding> {
    let text = signal.text();
    matches!(text, "SIGKILL" | "KILL" | "9").then(|| {
        RULE.warning(signal.whole(), format!("{text} as the stop signal leaves no time to stop"))
            .label("ends the server at once")
            .happens("each stop cuts the requests that are running")
            .safe_fix("write SIGTERM", vec![Edit::replace(signal.whole(), "SIGTERM")])
    })
}
