//! The platform leads requests to the port that it names in `PORT`: 10000 on Render unless the service sets it, 8080 on
//! Cloud Run unless the container's port says otherwise, another one at each start on Heroku. A server on another port is
//! never found, and the deploy is given up.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port 8000
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
//! ```
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:8000
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port 8000
//!     envVars:
//!       - key: PORT
//!         value: 8000
//!   - type: pserv
//!     name: internal
//!     runtime: python
//!     startCommand: uvicorn internal:app --host 0.0.0.0 --port 8000
//! ```

use crate::{
    facts::{Application, Deployment, Role},
    finding::Platform,
    readers::dockerfile::Detail,
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(202, "port that is not the platform's", Severity::Error, explanation!("fc202.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        if deployment.role != Role::Web || !deployment.production || super::has_proxy(facts, deployment) {
            continue;
        }
        let Some(command) = deployment.server().filter(|it| !it.optional) else { continue };
        let Some(expected) = expected(deployment) else { continue };
        let listens = application.port(deployment, command);
        let Some(port) = listens.value().copied() else { continue };
        if expected.port == Some(port) {
            continue;
        }
        findings.add(deployment.sign(finding(facts, deployment, application, command, &listens, &expected)));
    }
}

/// The port to which requests are led. Fly, Kubernetes and compose say it in their files, which FC207 looks at.
pub(super) struct Expected {
    /// `None`: another one at each start.
    pub(super) port: Option<u16>,
    span: Option<Span>,
}

pub(super) fn expected(deployment: &Deployment) -> Option<Expected> {
    match deployment.platform {
        Platform::Render | Platform::CloudRun => {
            Some(Expected { port: Some(*deployment.port.value()?), span: deployment.port.span() })
        }
        Platform::Heroku => Some(Expected { port: None, span: None }),
        _ => None,
    }
}

fn finding(
    facts: &Facts,
    deployment: &Deployment,
    application: &Application,
    command: &Command,
    listens: &Fact<u16>,
    expected: &Expected,
) -> Finding {
    let port = listens.value().copied().unwrap_or_default();
    let program = command.program.name();
    let platform = deployment.platform.name();
    let message = match expected.port {
        Some(expected) => format!("{program} listens on {port}, and PORT is {expected} on {platform}"),
        None => format!("{program} listens on {port}, and {platform} gives another PORT at each start"),
    };
    let place = listens.span().unwrap_or(command.program_span);
    // Render may find the port that the image exposes.
    let exposed = exposes(facts, application, port);
    let finding = if exposed { RULE.warning(place, message) } else { RULE.error(place, message) };
    let finding = finding.label("a fixed port").happens(match deployment.platform {
        Platform::Heroku => "no request arrives; after 60 s: Error R10 (Boot timeout)",
        _ => "no open port is found: the deploy is given up",
    });
    let finding = match expected.span {
        Some(span) => finding.also(span, "the port of the platform"),
        None => finding,
    };
    match edit(facts, command, listens, port) {
        Some(edit) => finding.safe_fix("write $PORT", vec![edit]),
        None => finding.help("listen on the port in PORT"),
    }
}

fn exposes(facts: &Facts, application: &Application, port: u16) -> bool {
    let Some(image) = facts.image_of(application) else { return false };
    let Some(stage) = image.document.final_stage() else { return false };
    image.document.history(stage).into_iter().any(|instruction| match &instruction.detail {
        Detail::Expose(ports) => {
            ports.iter().any(|it| it.text().split('/').next() == Some(&port.to_string()))
        }
        _ => false,
    })
}

/// Puts `$PORT` in the place of the number, if a shell reads the line.
fn edit(facts: &Facts, command: &Command, listens: &Fact<u16>, port: u16) -> Option<Edit> {
    command.shell?;
    match listens.span() {
        Some(span) if command.span.contains(span) => {
            let written = facts.sources.get(span.file).slice(span);
            let at = written.strip_suffix(&port.to_string())?.len();
            let place = Span { start: span.start + u32::try_from(at).ok()?, ..span };
            Some(Edit::replace(place, "$PORT"))
        }
        None if command.program == Program::Uvicorn => {
            Some(Edit::replace(command.target()?.span.after(), " --port $PORT"))
        }
        _ => None,
    }
}
