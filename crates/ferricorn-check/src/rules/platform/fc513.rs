//! Render starts gunicorn in Python services with `--preload`: it sets `GUNICORN_CMD_ARGS`, unless the service does. The
//! application is then imported once in the master, and what it has opened by then, as a pool of database connections, is
//! shared by all workers.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT
//! ```
//!
//! ```python main.py
//! import os
//!
//! from fastapi import FastAPI
//! from sqlalchemy import create_engine
//!
//! engine = create_engine(os.environ["DATABASE_URL"])
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
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT
//!     envVars:
//!       - key: GUNICORN_CMD_ARGS
//!         value: --access-logfile -
//! ```
//!
//! ```python main.py
//! import os
//!
//! from fastapi import FastAPI
//! from sqlalchemy import create_engine
//!
//! engine = create_engine(os.environ["DATABASE_URL"])
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
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py
//! import os
//!
//! from fastapi import FastAPI
//! from sqlalchemy import create_engine
//!
//! engine = create_engine(os.environ["DATABASE_URL"])
//! app = FastAPI()
//! ```

use crate::{finding::Platform, readers::python::Module, rules::prelude::*, text::Span};

pub(super) static RULE: Rule =
    Rule::new(513, "preload by the platform's default", Severity::Advice, explanation!("fc513.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        if deployment.platform != Platform::Render || !deployment.native {
            continue;
        }
        let Some(command) = deployment.server().filter(|it| it.program == Program::Gunicorn) else {
            continue;
        };
        let own = |env: &crate::facts::Environment| env.get("GUNICORN_CMD_ARGS").is_some();
        if own(&deployment.env) || own(&command.env) || command.option("preload").is_some() {
            continue;
        }
        let Some(engine) = application.modules.iter().find_map(|module| engine(module)) else { continue };
        findings.add(
            deployment.sign(
                RULE.advice(command.program_span, "Render starts gunicorn with --preload")
                    .label("gets GUNICORN_CMD_ARGS=\"--preload …\"")
                    .also(engine, "made once, and shared by all workers")
                    .help("set GUNICORN_CMD_ARGS in envVars to what it is to be"),
            ),
        );
    }
}

/// An engine that is made when the module is imported.
fn engine(module: &Module) -> Option<Span> {
    let engines = module.engines();
    let direct = |span: Span| {
        module.statements.iter().any(|statement| {
            matches!(statement.kind, crate::readers::python::tree::Line::Assign { .. })
                && statement.span.contains(span)
        })
    };
    engines.iter().map(|engine| engine.span).find(|span| direct(*span))
}
