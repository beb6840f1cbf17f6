//! A worker of a small FastAPI application holds 64 MB and more after its start, and one with SQLAlchemy, pandas or a large
//! model far more. If the workers do not fit into the memory, the platform kills the instance, in the middle of requests.
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     plan: starter
//!     startCommand: gunicorn main:app -k uvicorn_worker.UvicornWorker --workers 9 --bind 0.0.0.0:$PORT
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
//!     startCommand: gunicorn main:app -k uvicorn_worker.UvicornWorker --workers 2 --bind 0.0.0.0:$PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     plan: standard
//!     startCommand: gunicorn main:app -k uvicorn_worker.UvicornWorker --workers 4 --bind 0.0.0.0:$PORT
//! ```

use crate::{
    facts::{Application, Deployment},
    readers::python::Value,
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(401, "more workers than the memory holds", Severity::Error, explanation!("fc401.rs"), check);

/// MB that the smallest worker holds.
const LEAST: u64 = 64;
/// MB that a usual worker holds.
const USUAL: u64 = 200;

fn check(facts: &Facts, findings: &mut Findings) {
    let usual = facts.config.worker_megabytes.unwrap_or(USUAL);
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|command| command.program.is_server()) else {
            continue;
        };
        let Some((workers, span, plain)) = workers(deployment, application, command) else { continue };
        let Some(memory) = deployment.resources.memory.value().copied() else { continue };
        let certain = workers.saturating_mul(LEAST) > memory;
        if !certain && (workers <= 2 || workers.saturating_mul(usual) <= memory) {
            continue;
        }
        let message = format!("{workers} workers do not fit into {memory} MB");
        let finding = if certain {
            RULE.error(span, message).happens("the platform kills the instance: out of memory at its start")
        } else {
            RULE.warning(span, message).happens("the platform kills the instance under load: out of memory")
        };
        let fit = (memory / usual).max(1);
        let finding = finding.label(format!("{} MB for each", memory / workers.max(1)));
        let finding = match &deployment.resources.memory {
            Fact::Known(_, place) => finding.also(*place, format!("{memory} MB")),
            _ => finding,
        };
        findings.add(deployment.sign(if plain {
            finding.safe_fix(format!("write {fit}"), vec![Edit::replace(span, fit.to_string())])
        } else {
            finding.help(format!("take {fit} workers, or more memory"))
        }));
    }
}

/// How many workers there are, where that is written, and whether the place is that of the number alone.
fn workers(
    deployment: &Deployment,
    application: &Application,
    command: &Command,
) -> Option<(u64, Span, bool)> {
    let number = |fact: &Fact<String>| {
        let (text, span) = fact.known()?;
        Some((text.parse().ok()?, span, true))
    };
    if let Some(given) = command.option("workers") {
        return number(&given.value);
    }
    if let Some(settings) = application.in_file()
        && let Some(setting) = settings.get("workers")
    {
        let Value::Integer(workers) = setting.value else { return None };
        let sure = !setting.conditional;
        return Some((u64::try_from(workers).ok().filter(|_| sure)?, setting.expression.span, false));
    }
    if command.open || !matches!(command.program, Program::Gunicorn | Program::Uvicorn | Program::Ferricorn) {
        return None;
    }
    let variable = command.env.get("WEB_CONCURRENCY").or_else(|| deployment.env.get("WEB_CONCURRENCY"))?;
    let (workers, span, _) = number(&variable.value)?;
    Some((workers, span, false))
}
