//! The module of the application imports a framework that the requirements do not name and that nothing of them brings
//! along.
//!
//! ## Bad
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py:1
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//! ```
//!
//! ```text requirements.txt
//! uvicorn==0.34.0
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.115.6
//! uvicorn==0.34.0
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```python main.py
//! from starlette.applications import Starlette
//!
//! app = Starlette()
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.115.6
//! uvicorn==0.34.0
//! ```

use crate::{facts::application::Target, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(702, "framework that is not installed", Severity::Warning, explanation!("fc702.rs"), check);

/// Modules, and the packages that they are in.
const FRAMEWORKS: [(&str, &str); 11] = [
    ("fastapi", "fastapi"),
    ("starlette", "starlette"),
    ("django", "django"),
    ("litestar", "litestar"),
    ("flask", "flask"),
    ("quart", "quart"),
    ("sanic", "sanic"),
    ("socketio", "python-socketio"),
    ("falcon", "falcon"),
    ("blacksheep", "blacksheep"),
    ("aiohttp", "aiohttp"),
];

/// Whether a module of the repository has the name.
fn is_own(facts: &Facts, module: &str) -> bool {
    let (file, package) = (format!("{module}.py"), format!("{module}/__init__.py"));
    facts.sources.paths().any(|path| path == file || path.ends_with(&package))
}

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Target::Found { module, .. } = &application.target else { continue };
        let packages = &application.packages;
        for (import, span) in module.unconditional_imports() {
            let first = import.split('.').next().unwrap_or(&import);
            let Some((_, package)) = FRAMEWORKS.iter().find(|it| it.0 == first) else { continue };
            if packages.has(package) != Some(false) || is_own(facts, first) {
                continue;
            }
            let list = packages.list().map_or("the requirements", |file| facts.sources.get(file).path());
            findings.add(
                deployment.sign(
                    RULE.warning(span, format!("{package} is not in {list}"))
                        .label("not installed")
                        .happens(format!("the server ends: No module named '{first}'"))
                        .help(format!("add {package} to {list}")),
                ),
            );
        }
    }
}
