//! gunicorn's own workers speak WSGI. They call the application with two arguments, and an ASGI application takes three: every
//! request answers 500, and no line of the log says why the class is wrong.
//!
//! The class may stand on the command line, in the file of settings, or in `GUNICORN_CMD_ARGS`.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app --bind 0.0.0.0:$PORT
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn_worker.UvicornWorker --bind 0.0.0.0:$PORT
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app --bind 0.0.0.0:$PORT
//! ```
//!
//! ```python main.py
//! from flask import Flask
//!
//! app = Flask(__name__)
//! ```

use crate::{
    facts::{Application, Deployment, application::Target},
    readers::python::{Interface, Module, Value},
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(109, "WSGI worker for an ASGI application", Severity::Error, explanation!("fc109.rs"), check);

/// gunicorn's classes that speak WSGI.
const WSGI: [&str; 6] = ["sync", "gthread", "gevent", "eventlet", "tornado", "gevent_wsgi"];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|it| it.program == Program::Gunicorn && !it.open)
        else {
            continue;
        };
        let Target::Found { module, name, span } = &application.target else { continue };
        if !is_asgi(module, name) {
            continue;
        }
        let Some((class, place)) = class(facts, deployment, application, command) else { continue };
        if !WSGI.contains(&class.as_str()) {
            continue;
        }
        let finding = RULE
            .error(place, format!("gunicorn's {class} workers cannot serve an ASGI application"))
            .label(if place == command.program_span {
                "without a worker class it takes sync"
            } else {
                "speaks WSGI"
            })
            .happens("every request answers 500: missing 1 required positional argument: 'send'")
            .help("add -k uvicorn_worker.UvicornWorker (package uvicorn-worker), or start ferricorn");
        findings.add(deployment.sign(match span {
            Some(span) => finding.also(*span, format!("an ASGI application, in {}", module.path)),
            None => finding,
        }));
    }
}

fn is_asgi(module: &Module, name: &str) -> bool {
    let app = module
        .apps()
        .into_iter()
        .rev()
        .find(|app| app.top_level && app.name == name)
        .map(|app| app.framework);
    let made = || module.factories().into_iter().find(|factory| factory.name == name).map(|it| it.framework);
    app.or_else(made).is_some_and(|framework| framework.interface() == Interface::Asgi)
}

/// The worker class, if it is certain, and where it is decided.
fn class(
    facts: &Facts,
    deployment: &Deployment,
    application: &Application,
    command: &Command,
) -> Option<(String, Span)> {
    if let Some(given) = command.value("worker-class") {
        return given.known().map(|(class, span)| (class.clone(), span));
    }
    let arguments = "GUNICORN_CMD_ARGS";
    if command.env.get(arguments).is_some() || deployment.env.get(arguments).is_some() {
        return None;
    }
    let own = ("sync".to_owned(), command.program_span);
    match application.in_file() {
        Some(settings) => match settings.get("worker_class") {
            Some(setting) => match &setting.value {
                Value::Text(text) if !setting.conditional => {
                    Some((text.text().to_owned(), setting.expression.span))
                }
                _ => None,
            },
            None => (!settings.has_more).then_some(own),
        },
        // A file that nothing loads has a finding of its own.
        None => (command.option("config").is_none() && facts.settings.is_empty()).then_some(own),
    }
}
