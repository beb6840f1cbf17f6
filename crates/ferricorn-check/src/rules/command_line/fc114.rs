//! `create_app` is a function that makes the application. uvicorn finds that out by calling it, serves what it returns, and
//! warns at each start. `--factory` says it.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: uvicorn main:create_app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! def create_app():
//!     app = FastAPI()
//!     return app
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:create_app --host 0.0.0.0 --port $PORT --factory
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! def create_app():
//!     app = FastAPI()
//!     return app
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: uvicorn --factory main:create_app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! def create_app():
//!     app = FastAPI()
//!     return app
//! ```

use crate::{facts::application::Target, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(114, "factory without --factory", Severity::Advice, explanation!("fc114.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|it| it.program == Program::Uvicorn) else { continue };
        let Target::Found { module, name, span: Some(span) } = &application.target else { continue };
        let factory =
            module.factories().into_iter().find(|it| it.name == *name && it.required_parameters == 0);
        let Some(factory) = factory.filter(|_| command.option("factory").is_none() && !command.open) else {
            continue;
        };
        let finding = RULE
            .advice(*span, format!("{name} is a function that makes the application"))
            .also(factory.span, "this function")
            .happens("uvicorn calls it and warns at each start: ASGI app factory detected")
            .help("add --factory");
        findings.add(deployment.sign(finding));
    }
}
