//! If you set a build command, Render runs nothing else to install the requirements. Without an installation in
//! it the server is not there.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: echo nothing to build
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt
//! uvicorn==0.34.0
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
//! uvicorn==0.34.0
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: make install
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt
//! uvicorn==0.34.0
//! ```

use crate::{
    facts::{Application, Deployment},
    finding::Platform,
    rules::prelude::*,
    sources::{has_extension, join},
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(706, "build that does not install", Severity::Warning, explanation!("fc706.rs"), check);

/// Files that name requirements, the likeliest first.
const LISTS: [&str; 7] = [
    "requirements.txt",
    "requirements/prod.txt",
    "requirements/production.txt",
    "requirements/base.txt",
    "pyproject.toml",
    "Pipfile",
    "setup.py",
];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|it| it.program.is_server()) else { continue };
        let Some((span, directory)) = empty_build(facts, deployment, application) else { continue };
        // A program by its path, or one that a runner brings, was installed in another way.
        let runner = |name: &str| name.ends_with(" run") || matches!(name, "uvx" | "pipx");
        let elsewhere = command.words.get(command.program_word).is_some_and(|word| word.text.contains('/'))
            || command.wrappers.iter().any(|wrapper| runner(&wrapper.name));
        let Some(list) = LISTS
            .iter()
            .filter_map(|name| join(&directory, name))
            .find(|path| facts.sources.exists(path) && !elsewhere)
        else {
            continue;
        };
        let program = command.program.name();
        findings.add(
            deployment.sign(
                RULE.warning(span, format!("the build does not install {list}"))
                    .label("installs no package of Python")
                    .also(command.program_span, "is not there")
                    .happens(format!("{program}: command not found (127)"))
                    .help(if has_extension(&list, "txt") {
                        format!("add pip install -r {list}")
                    } else {
                        format!("install what {list} names")
                    }),
            ),
        );
    }
}

/// The build command that installs nothing, and the directory in which it runs.
fn empty_build(facts: &Facts, deployment: &Deployment, application: &Application) -> Option<(Span, String)> {
    let packages = &application.packages;
    let nothing = packages.open.is_none() && packages.files.is_empty() && packages.asked.is_empty();
    if deployment.platform != Platform::Render || !deployment.native || !nothing {
        return None;
    }
    let service = crate::rules::platform::service(facts, deployment)?;
    let build = service.get("buildCommand")?;
    build.str().filter(|text| !text.trim().is_empty())?;
    Some((build.span, deployment.directory.value()?.clone()))
}
