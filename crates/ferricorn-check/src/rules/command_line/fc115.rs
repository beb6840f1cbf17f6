//! `cd` (or `rootDir`) changes from where modules are imported. If the application's files import from the root of the
//! repository, as `from apps.backend import …` does, they are not found after `cd apps/backend`.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: cd apps/backend && uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python apps/backend/main.py
//! from fastapi import FastAPI
//!
//! from apps.backend.settings import NAME
//!
//! app = FastAPI(title=NAME)
//! ```
//!
//! ```python apps/backend/settings.py
//! NAME = "api"
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn apps.backend.main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python apps/backend/main.py
//! from fastapi import FastAPI
//!
//! from apps.backend.settings import NAME
//!
//! app = FastAPI(title=NAME)
//! ```
//!
//! ```python apps/backend/settings.py
//! NAME = "api"
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: cd backend && uvicorn app.main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python backend/app/main.py
//! from fastapi import FastAPI
//!
//! from app.settings import NAME
//!
//! app = FastAPI(title=NAME)
//! ```
//!
//! ```python backend/app/settings.py
//! NAME = "api"
//! ```

use crate::{
    facts::{Application, Deployment, application::Target},
    readers::{python::candidates, requirements::normalised},
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(115, "imports from another directory", Severity::Warning, explanation!("fc115.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        if let Some(finding) = lost(facts, deployment, application, command) {
            findings.add(deployment.sign(finding));
        }
    }
}

fn lost(
    facts: &Facts,
    deployment: &Deployment,
    application: &Application,
    command: &Command,
) -> Option<Finding> {
    let (directory, place) = command.directory.known().filter(|(directory, _)| !directory.is_empty())?;
    let Target::Found { module, span: Some(_), .. } = &application.target else { return None };
    let elsewhere = ["app-dir", "chdir", "pythonpath"].iter().any(|name| command.option(name).is_some())
        || command.env.get("PYTHONPATH").or_else(|| deployment.env.get("PYTHONPATH")).is_some();
    if elsewhere
        || !module.path.starts_with(&format!("{directory}/"))
        || !application.packages.projects.is_empty()
    {
        return None;
    }
    let exists = |module: &str, root: &str| {
        candidates("", module, &[root]).iter().any(|path| facts.sources.exists(path))
    };
    let (name, import) = module.unconditional_imports().into_iter().find(|(name, _)| {
        let first = name.split('.').next().unwrap_or(name);
        // Its first part is a directory above the one in which the command starts.
        directory.split('/').next() == Some(first)
            && exists(name, "")
            && !exists(name, directory)
            && !facts.sources.is_directory(&format!("{directory}/{first}"))
            && !application.packages.asked.iter().any(|it| it.name == normalised(first))
    })?;
    Some(finding(&name, import, directory, place, &module.path))
}

fn finding(name: &str, import: Span, directory: &str, place: Span, path: &str) -> Finding {
    let dotted = path.strip_suffix(".py").unwrap_or(path).replace('/', ".");
    RULE.warning(place, format!("{path} imports {name} from the root, and the command starts in {directory}"))
        .label("modules are looked up here")
        .also(import, "imported from the root")
        .happens(format!("the server ends: No module named '{}'", name.split('.').next().unwrap_or(name)))
        .help(format!("start in the root, with {dotted}:… as the application"))
}
