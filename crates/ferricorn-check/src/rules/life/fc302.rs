//! After the stop signal the platform waits for a fixed time, then it kills. If the program itself may take as long, both
//! come at the same time: requests are cut that a shorter graceful timeout would have ended cleanly, and nothing after the
//! requests (closing of connections, last log lines) happens at all.
//!
//! Two seconds are kept for the rest of the shutdown. The platform's time is `maxShutdownDelaySeconds` on Render (30),
//! `kill_timeout` on Fly (5), `terminationGracePeriodSeconds` in Kubernetes (30), `TimeoutStopSec` in a unit (90), and 30 s
//! on Heroku. compose waits 10 s, or `stop_grace_period`; there FC311 speaks about longer times.
//!
//! Without an option gunicorn takes 30 s, and uvicorn as long as the requests take. That is reported as advice.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --graceful-timeout 30
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --graceful-timeout 25
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --port $PORT --timeout-graceful-shutdown 50
//!     maxShutdownDelaySeconds: 60
//! ```

use std::cmp::Ordering;

use crate::{facts::Deployment, finding::Platform, rules::prelude::*, text::Span};

pub(super) static RULE: Rule = Rule::new(
    302,
    "graceful timeout as long as the platform waits",
    Severity::Warning,
    explanation!("fc302.rs"),
    check,
);

/// What the rest of a shutdown takes, in seconds.
const REST: u64 = 2;

/// What gunicorn takes if nothing says otherwise, in seconds.
const GUNICORN: u64 = 30;

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let Some(delay) = deployment.kill_delay.value().copied() else { continue };
        let finding = match application.number(deployment, command, "graceful-timeout") {
            Some(Fact::Known(seconds, span)) => {
                // 0 is no wait at all.
                let reached = seconds != 0 && seconds + REST > delay;
                // FC311 and FC312 speak about those that are longer.
                let other = match deployment.platform {
                    Platform::Docker => !deployment.production || seconds > delay,
                    Platform::Systemd => deployment.kill_delay.span().is_some() && seconds > delay,
                    _ => false,
                };
                (reached && !other).then(|| too_long(facts, deployment, command, seconds, span, delay))
            }
            Some(_) => None,
            None => by_default(deployment, command, delay),
        };
        if let Some(finding) = finding {
            let finding = match &deployment.kill_delay {
                Fact::Known(_, place) => finding.also(*place, "the platform's time"),
                Fact::Default(_, why) => finding.help(format!("{why}: the default is {delay} s")),
                Fact::Unknown(_) => finding,
            };
            findings.add(deployment.sign(finding));
        }
    }
}

fn too_long(
    facts: &Facts,
    deployment: &Deployment,
    command: &Command,
    seconds: u64,
    span: Span,
    delay: u64,
) -> Finding {
    let platform = deployment.platform.name();
    let given = command.option("graceful-timeout");
    let name = given.map_or("graceful_timeout".to_owned(), |it| format!("--{}", it.spelling.long));
    let message = match seconds.cmp(&delay) {
        Ordering::Less => format!("{name} {seconds} leaves less than {REST} s until {platform}'s SIGKILL"),
        Ordering::Equal => format!("{name} {seconds} and {platform}'s SIGKILL come at the same time"),
        Ordering::Greater => format!("{name} {seconds} is longer than {platform} waits"),
    };
    let finding = RULE
        .warning(given.map_or(span, |it| it.span), message)
        .label(format!("{platform} kills {delay} s after the stop signal"))
        .happens("requests that are still running are cut, and nothing is shut down in order");
    let written = facts.sources.get(span.file).slice(span);
    match shorter(delay).filter(|_| written == seconds.to_string()) {
        Some(shorter) => finding
            .safe_fix(format!("write {name} {shorter}"), vec![Edit::replace(span, shorter.to_string())]),
        None => finding,
    }
}

/// What the server does by itself.
fn by_default(deployment: &Deployment, command: &Command, delay: u64) -> Option<Finding> {
    let platform = deployment.platform.name();
    let message = match command.program {
        Program::Gunicorn if GUNICORN + REST > delay => {
            format!("gunicorn takes up to {GUNICORN} s to stop, and {platform} kills after {delay} s")
        }
        Program::Uvicorn if deployment.production => {
            format!("uvicorn waits for running requests without limit, and {platform} kills after {delay} s")
        }
        _ => return None,
    };
    Some(RULE.advice(command.program_span, message).label("no graceful timeout is given"))
}

/// Five seconds less, or what is left of a short time.
fn shorter(delay: u64) -> Option<u64> {
    match delay {
        10.. => Some(delay - 5),
        4..10 => Some(delay - REST),
        _ => None,
    }
}
