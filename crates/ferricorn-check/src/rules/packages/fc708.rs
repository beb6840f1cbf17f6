//! A package with compiled parts has wheels only for the versions of Python that were there when it was released. If there
//! is no wheel, pip compiles the package, which needs compilers and libraries (Rust, libpq, …) that a build mostly lacks.
//! Render takes a new Python for a service that sets no `PYTHON_VERSION`, so a pin from last year stops to install.
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
//! uvicorn==0.40.0
//! pydantic_core==2.33.1
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
//!     envVars:
//!       - key: PYTHON_VERSION
//!         value: 3.13.2
//! ```
//!
//! ```text requirements.txt
//! uvicorn==0.40.0
//! pydantic_core==2.33.1
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
//! uvicorn==0.40.0
//! pydantic_core==2.41.5
//! SQLAlchemy==2.0.40
//! ```

use crate::{
    data::wheels::{FIRST, LAST_WITHOUT},
    readers::versions::Version,
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule = Rule::new(
    708,
    "version without a wheel for this Python",
    Severity::Warning,
    explanation!("fc708.rs"),
    check,
);

/// A package that is compiled.
struct Compiled {
    name: String,
    version: Version,
    first: &'static str,
    span: Span,
}

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen: Vec<Span> = Vec::new();
    for (deployment, application) in facts.services() {
        let Some(python) = &application.python else { continue };
        let Some((_, table)) =
            FIRST.iter().find(|it| python.version.number(0) == 3 && it.0 == python.version.number(1))
        else {
            continue;
        };
        let mut found: Vec<Compiled> = table
            .iter()
            .filter_map(|(name, first)| {
                let (version, span) = application.packages.version(name)?;
                let requirement = application.packages.get(name);
                let skipped = requirement.is_some_and(|it| it.applies(&python.version) != Some(true));
                (!skipped && is_without(name, version, first)).then(|| Compiled {
                    name: (*name).to_owned(),
                    version: version.clone(),
                    first,
                    span,
                })
            })
            .collect();
        // pydantic pins its core, which is what has to be compiled.
        if found.iter().any(|it| it.name == "pydantic-core") {
            found.retain(|it| it.name != "pydantic");
        }
        let short = format!("{}.{}", python.version.number(0), python.version.number(1));
        for one in found {
            if seen.contains(&one.span) {
                continue;
            }
            seen.push(one.span);
            let finding = RULE
                .warning(one.span, format!("{} {} has no wheel for Python {short}", one.name, one.version))
                .label(format!("the first with one is {}", one.first))
                .happens("pip compiles it, which usually fails because a compiler or a library is missing");
            let finding = match python.span {
                Some(span) => finding
                    .also(span, format!("Python {short}"))
                    .help("raise the version, or take Python 3.13"),
                None => finding
                    .also(
                        deployment.place,
                        format!("sets no PYTHON_VERSION: Render takes {}", python.version),
                    )
                    .help("set PYTHON_VERSION to 3.13.2 or the like, or raise the version"),
            };
            findings.add(deployment.sign(finding));
        }
    }
}

/// Whether it is certain that a version has no wheel.
fn is_without(name: &str, version: &Version, first: &str) -> bool {
    let last = LAST_WITHOUT.iter().find(|it| it.0 == name).and_then(|it| it.1.parse::<Version>().ok());
    match last {
        Some(last) => *version <= last,
        // Versions 1 of pydantic have a wheel in pure Python.
        None if name == "pydantic" && version.number(0) < 2 => false,
        None => first.parse::<Version>().is_ok_and(|first| *version < first),
    }
}
