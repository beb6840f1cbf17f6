//! The application reads a variable without a default, and no file sets it. It may be set in a dashboard, which cannot be
//! seen; with `env = "complete"` in the table `[check]` of `ferricorn.toml` (`[tool.ferricorn.check]` in `pyproject.toml`)
//! the files set all there are, and this is a warning.
//!
//! ## Bad
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py:5
//! import os
//!
//! from fastapi import FastAPI
//!
//! TOKEN = os.environ["UPSTREAM_TOKEN"]
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
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: UPSTREAM_TOKEN
//!         sync: false
//! ```
//!
//! ```python main.py
//! import os
//!
//! from fastapi import FastAPI
//!
//! TOKEN = os.environ["UPSTREAM_TOKEN"]
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
//!
//! TOKEN = os.getenv("UPSTREAM_TOKEN", "")
//! PORT = os.environ["PORT"]
//! app = FastAPI()
//! ```

use crate::{
    finding::Platform,
    readers::python::{Read, Reader},
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(602, "variable that no file sets", Severity::Warning, explanation!("fc602.rs"), check);

/// Variables that the system or a platform sets, or their beginnings.
const SET: [&str; 16] = [
    "PORT",
    "HOME",
    "PATH",
    "USER",
    "HOSTNAME",
    "PWD",
    "TZ",
    "LANG",
    "WEB_CONCURRENCY",
    "DYNO",
    "K_SERVICE",
    "RENDER",
    "FLY_",
    "RAILWAY_",
    "HEROKU_",
    "KUBERNETES_",
];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let lists = match deployment.platform {
            Platform::Render | Platform::Kubernetes | Platform::CloudRun => true,
            Platform::Docker => !deployment.service.is_empty(),
            Platform::Heroku | Platform::Fly | Platform::Railway | Platform::Systemd => false,
        };
        let Some(command) = deployment.server().filter(|_| lists && deployment.production) else { continue };
        if deployment.env.open {
            continue;
        }
        let is_set = |read: &Read| {
            let same = |name: &str| name.eq_ignore_ascii_case(&read.name);
            let mut own = deployment.env.variables.iter().chain(&command.env.variables);
            own.any(|variable| same(&variable.name)) || SET.iter().any(|set| read.name.starts_with(set))
        };
        // Settings and configurations may come out of a file too.
        let in_file = |read: &Read| {
            read.reader != Reader::Os
                && facts.sources.paths().any(|path| path == ".env" || path.ends_with("/.env"))
        };
        for module in &application.modules {
            for read in module.environment() {
                if !read.required || is_set(read) || in_file(read) {
                    continue;
                }
                let message = format!("{} is read here, and no file sets it", read.name);
                let finding = if facts.config.env_is_complete {
                    RULE.warning(read.span, message)
                        .happens("the application ends at its start, or fails when it reads it")
                } else {
                    RULE.advice(read.span, message)
                };
                findings.add(deployment.sign(
                    finding.label("has no default").also(deployment.place, "has no such variable").help(
                        format!(
                            "name {} in the platform's file, even if its value is set elsewhere",
                            read.name
                        ),
                    ),
                ));
            }
        }
    }
}
