//! `--reload` watches the source files and restarts the server when one changes. It is for development: it costs a process
//! and CPU time, it ignores `--workers` in uvicorn, and a file that the program writes restarts it in the middle of requests.
//!
//! It is not reported in files for development, which have `dev`, `local` or `test` in their names.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--reload"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Bad
//!
//! ```text Procfile
//! web: python main.py
//! ```
//!
//! ```python main.py:7
//! import uvicorn
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//!
//! if __name__ == "__main__":
//!     uvicorn.run("main:app", host="0.0.0.0", reload=True)
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: python main.py
//! ```
//!
//! ```python main.py
//! import uvicorn
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//!
//! if __name__ == "__main__":
//!     uvicorn.run("main:app", host="0.0.0.0")
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile.dev
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--reload"]
//! ```

use crate::{readers::python::tree::Kind, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(116, "--reload in production", Severity::Warning, explanation!("fc116.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        if !deployment.production || command.optional {
            continue;
        }
        let Some(given) = command.option("reload") else { continue };
        if given.value.known().is_none_or(|(value, _)| value != "true") {
            continue;
        }
        let finding = RULE
            .warning(given.name, "--reload is for development")
            .label("watches the files and restarts")
            .happens("each change of a file below the directory restarts the server");
        findings.add(deployment.sign(match command.remove(given.words) {
            Some(edit) => finding.safe_fix("leave --reload out", vec![edit]),
            None => finding,
        }));
    }
    for (deployment, application) in facts.services().filter(|it| it.0.production) {
        let Some(command) = deployment.server().filter(|it| !it.optional) else { continue };
        let given = application.server.as_ref().and_then(|server| server.argument("reload"));
        let Some(given) = given.filter(|it| matches!(it.value.kind, Kind::Bool(true))) else { continue };
        let finding = RULE
            .warning(given.span, "reload=True is for development")
            .label("watches the files and restarts")
            .also(command.program_span, "started here")
            .happens("each change of a file below the directory restarts the server")
            .help("leave reload out, or read it from a variable");
        findings.add(deployment.sign(finding));
    }
}
