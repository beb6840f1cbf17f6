//! uvicorn speaks WebSocket only with the help of websockets or wsproto. Without one of them it answers every WebSocket with
//! an error (404 in most versions) and logs "No supported WebSocket library detected". `--loop uvloop` and `--http httptools`
//! want their packages too: uvicorn exits at start without them. `uvicorn[standard]` brings all of them.
//!
//! ## Bad
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt:2
//! fastapi==0.128.0
//! uvicorn==0.40.0
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI, WebSocket
//!
//! app = FastAPI()
//!
//!
//! @app.websocket("/ws")
//! async def ws(socket: WebSocket):
//!     await socket.accept()
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.128.0
//! uvicorn[standard]==0.40.0
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI, WebSocket
//!
//! app = FastAPI()
//!
//!
//! @app.websocket("/ws")
//! async def ws(socket: WebSocket):
//!     await socket.accept()
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.128.0
//! uvicorn==0.40.0
//! websockets==15.0.1
//! uvloop==0.22.1
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI, WebSocket
//!
//! app = FastAPI()
//!
//!
//! @app.websocket("/ws")
//! async def ws(socket: WebSocket):
//!     await socket.accept()
//! ```

use crate::{
    facts::{Application, Deployment, Packages},
    rules::prelude::*,
    sources::has_extension,
    text::Span,
};

pub(super) static RULE: Rule = Rule::new(
    703,
    "uvicorn without a package that it needs",
    Severity::Error,
    explanation!("fc703.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|command| runs_uvicorn(command, application)) else {
            continue;
        };
        if application.packages.has("uvicorn") != Some(true) {
            continue;
        }
        let packages = &application.packages;
        if let Some(finding) = websocket(facts, application, command) {
            findings.add(deployment.sign(finding));
        }
        for (option, package) in [("loop", "uvloop"), ("http", "httptools")] {
            let wanted =
                command.option(option).filter(|given| given.value.value().is_some_and(|it| it == package));
            if let Some(given) = wanted.filter(|_| packages.has(package) == Some(false)) {
                findings.add(deployment.sign(missing(packages, given.span, package)));
            }
        }
        advice(deployment, packages, findings);
    }
}

fn runs_uvicorn(command: &Command, application: &Application) -> bool {
    match &command.program {
        Program::Uvicorn => true,
        Program::Gunicorn => {
            command.value("worker-class").and_then(Fact::value).is_some_and(|class| class.contains("uvicorn"))
        }
        Program::File(_) => {
            application.server.as_ref().is_some_and(|server| server.function.starts_with("uvicorn"))
        }
        _ => false,
    }
}

fn websocket(facts: &Facts, application: &Application, command: &Command) -> Option<Finding> {
    let packages = &application.packages;
    let route = application.table.as_ref()?.routes.iter().find(|route| route.websocket)?;
    if ["websockets", "wsproto"].iter().any(|name| packages.has(name) != Some(false)) {
        return None;
    }
    let place = packages.get("uvicorn").map_or(command.program_span, |it| it.span);
    let finding = RULE
        .error(place, format!("nothing here speaks WebSocket, and {} is one", route.path))
        .label("plain uvicorn has no WebSocket library")
        .also(route.span, "this route")
        .happens(
            "uvicorn logs \"No supported WebSocket library detected\" and every WebSocket fails with 404",
        );
    Some(standard(facts, packages, finding))
}

fn missing(packages: &Packages, span: Span, package: &str) -> Finding {
    let finding = RULE
        .error(span, format!("{package} is not installed"))
        .label(format!("needs the package {package}"))
        .happens(format!("uvicorn exits 1: No module named '{package}'"));
    let finding = match packages.get("uvicorn") {
        Some(requirement) => finding.also(requirement.span, "plain uvicorn"),
        None => finding,
    };
    finding.help("write uvicorn[standard] in the requirements")
}

/// With the edit that asks for the extra.
fn standard(facts: &Facts, packages: &Packages, finding: Finding) -> Finding {
    let requirement = packages.get("uvicorn").filter(|it| it.extras.is_empty() && it.url.is_none());
    let list = |it: &&crate::readers::requirements::Requirement| {
        has_extension(facts.sources.get(it.span.file).name(), "txt") && it.hashes == 0
    };
    match requirement.filter(list) {
        Some(requirement) => {
            let behind = requirement.written.whole().after();
            finding.safe_fix("write uvicorn[standard]", vec![Edit::replace(behind, "[standard]")])
        }
        None => finding.help("write uvicorn[standard] in the requirements"),
    }
}

fn advice(deployment: &Deployment, packages: &Packages, findings: &mut Findings) {
    let Some(requirement) = packages.get("uvicorn").filter(|it| it.extras.is_empty()) else { return };
    if packages.has("uvloop") == Some(false) && packages.has("httptools") == Some(false) {
        findings.add(
            deployment.sign(
                RULE.advice(requirement.span, "plain uvicorn runs without uvloop and httptools")
                    .label("without its faster parts")
                    .help("write uvicorn[standard]"),
            ),
        );
    }
}
