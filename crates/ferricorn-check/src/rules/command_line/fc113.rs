//! A server imports the module that it is given, from the directory in which it starts (`rootDir`, `cd`, `--app-dir`,
//! `--chdir`, `PYTHONPATH`). If there is no such file, or the file has no such name, it ends at once.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:application --host 0.0.0.0 --port $PORT
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
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python backend/main.py
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
//!     rootDir: backend
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python backend/main.py
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
//!     startCommand: cd backend && uvicorn main:create_app --factory --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python backend/main.py
//! from fastapi import FastAPI
//!
//! def create_app():
//!     return FastAPI()
//! ```

use crate::{
    facts::{Application, application::Target},
    readers::{python::Module, requirements::normalised},
    rules::prelude::*,
    sources::has_extension,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(113, "application that does not exist", Severity::Warning, explanation!("fc113.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let finding = match &application.target {
            Target::Missing { module, span } => missing(facts, application, module, *span),
            Target::Found { module, name, span: Some(span) } => unnamed(facts, module, name, *span),
            _ => None,
        };
        if let Some(finding) = finding {
            findings.add(deployment.sign(finding));
        }
    }
}

fn missing(facts: &Facts, application: &Application, module: &str, span: Span) -> Option<Finding> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
    let first = normalised(module.split('.').next()?);
    // A package may bring the application.
    if !module.chars().all(plain) || application.packages.asked.iter().any(|it| it.name == first) {
        return None;
    }
    if !facts.sources.paths().any(|path| has_extension(path, "py")) {
        return None;
    }
    let file = format!("{}.py", module.replace('.', "/"));
    let finding = RULE
        .warning(span, format!("there is no {file} here"))
        .label("no such module")
        .happens(format!("the server ends: No module named '{module}'"));
    let elsewhere =
        facts.sources.paths().find_map(|path| path.strip_suffix(&file)?.strip_suffix('/').map(str::to_owned));
    Some(match elsewhere {
        Some(directory) => finding.help(format!("{directory}/{file} is there: start in {directory}")),
        None => finding.help("name the module from the directory in which the command starts"),
    })
}

fn unnamed(facts: &Facts, module: &Module, name: &str, span: Span) -> Option<Finding> {
    let first = name.split(['.', '(']).next()?;
    if first.is_empty() || module.defines(first) != Some(false) {
        return None;
    }
    let apps: Vec<String> =
        module.apps().into_iter().filter(|app| app.top_level).map(|app| app.name).collect();
    let finding = RULE
        .warning(span, format!("{} has no {first}", module.path))
        .label("no such name")
        .happens(format!("the server ends: Attribute \"{first}\" not found in module"));
    let written = facts.sources.get(span.file).slice(span);
    let prefix = written.strip_suffix(name).filter(|prefix| prefix.ends_with(':'));
    Some(match (apps.as_slice(), prefix) {
        ([only], Some(prefix)) => finding
            .safe_fix(format!("write {prefix}{only}"), vec![Edit::replace(span, format!("{prefix}{only}"))]),
        ([], _) => finding,
        (all, _) => finding.help(format!("it has {}", all.join(", "))),
    })
}
