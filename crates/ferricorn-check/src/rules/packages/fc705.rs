//! Render takes `PYTHON_VERSION` only with all three numbers: `3.12.8`, not `3.12`. And a project that asks for a newer Python
//! (`requires-python`) than the one that runs is refused by pip and uv.
//!
//! ## Bad
//!
//! ```yaml render.yaml:8
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: PYTHON_VERSION
//!         value: "3.12"
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
//!       - key: PYTHON_VERSION
//!         value: 3.12.8
//! ```
//!
//! ## Bad
//!
//! ```dockerfile Dockerfile:1
//! FROM python:3.10-slim
//! WORKDIR /app
//! COPY . .
//! RUN pip install .
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```toml pyproject.toml
//! [project]
//! name = "api"
//! version = "1"
//! requires-python = ">=3.12"
//! dependencies = ["uvicorn"]
//! ```
//!
//! ## Fixed
//!
//! ```dockerfile Dockerfile
//! FROM python:3.12-slim
//! WORKDIR /app
//! COPY . .
//! RUN pip install .
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```toml pyproject.toml
//! [project]
//! name = "api"
//! version = "1"
//! requires-python = ">=3.12"
//! dependencies = ["uvicorn"]
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
//!     envVars:
//!       - key: PYTHON_VERSION
//!         value: 3.12.8
//! ```
//!
//! ```text runtime.txt
//! python-3.11
//! ```

use crate::{
    data::python::{EXACT, LEAST},
    facts::{Application, Deployment, application::Python},
    finding::Platform,
    readers::{python_pin, versions::Version},
    rules::prelude::*,
    sources::join,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(705, "Python that does not fit", Severity::Error, explanation!("fc705.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen: Vec<Span> = Vec::new();
    for (deployment, application) in facts.services() {
        let found = exact(deployment)
            .into_iter()
            .chain(least(facts, deployment, application))
            .chain(disagree(facts, deployment));
        for finding in found {
            if !seen.contains(&finding.primary.span) {
                seen.push(finding.primary.span);
                findings.add(deployment.sign(finding));
            }
        }
    }
}

/// Three numbers.
fn exact(deployment: &Deployment) -> Option<Finding> {
    if deployment.platform != Platform::Render || !deployment.native {
        return None;
    }
    let variable = deployment.env.get("PYTHON_VERSION")?;
    let (text, span) = variable.value.known()?;
    let version: Option<Version> = text.parse().ok();
    if version.is_some_and(|version| version.numbers().len() == 3) || text.contains('$') {
        return None;
    }
    let finding = RULE
        .error(span, format!("Render wants PYTHON_VERSION with three numbers, not {text}"))
        .label("as 3.12.8")
        .happens("the build fails: Render finds no such version");
    Some(match EXACT.iter().find(|it| it.0 == text) {
        Some((_, exact)) => finding.safe_fix(format!("write {exact}"), vec![Edit::replace(span, *exact)]),
        None => finding.help("write all three numbers, without anything in front"),
    })
}

/// `PYTHON_VERSION`, or `runtime.txt`, and `.python-version` beside it name two lines of Python.
fn disagree(facts: &Facts, deployment: &Deployment) -> Option<Finding> {
    let directory = deployment.directory.value().filter(|_| deployment.native)?;
    let pin = |name: &str| {
        let source = facts.sources.at(&join(directory, name)?)?;
        let pin = python_pin::file(source)?;
        Some((pin.version, pin.value.whole()))
    };
    let (version, span) = match deployment.platform {
        Platform::Render => {
            let (text, span) = deployment.env.get("PYTHON_VERSION")?.value.known()?;
            (text.parse::<Version>().ok()?, span)
        }
        Platform::Heroku => pin("runtime.txt")?,
        _ => return None,
    };
    let (other, place) = pin(".python-version")?;
    let line = |version: &Version| (version.number(0), version.number(1));
    (line(&version) != line(&other) && other.numbers().len() > 1).then(|| {
        RULE.warning(span, format!("Python {version} here, and {other} in .python-version"))
            .label("this one counts")
            .also(place, "another one")
            .happens("what was tried with one Python is deployed with the other")
            .help("name the same Python in both places")
    })
}

/// A Python that is too old for the project or its server.
fn least(facts: &Facts, deployment: &Deployment, application: &Application) -> Option<Finding> {
    let python = application.python.as_ref()?;
    if python.version.number(0) != 3 {
        return None;
    }
    let place = python.span.unwrap_or(deployment.place);
    let (what, least, span) = project(facts, application, python).or_else(|| server(application, python))?;
    Some(
        RULE.error(
            place,
            format!("Python 3.{} is too old: {what} wants 3.{least}", python.version.number(1)),
        )
        .label(format!("Python 3.{}", python.version.number(1)))
        .also(span, format!("wants 3.{least} or newer"))
        .happens("the build fails: \"requires a different Python\", or no version is found")
        .help(format!("take Python 3.{least} or newer")),
    )
}

/// `requires-python` of the project that the build installs.
fn project(facts: &Facts, application: &Application, python: &Python) -> Option<(String, u64, Span)> {
    let file =
        application.packages.projects.iter().find_map(|(file, python)| Some((file, python.as_ref()?)))?;
    let (_, (written, specifiers)) = file;
    let least = specifiers.lowest().filter(|least| least.number(0) == 3)?.number(1);
    let source = facts.sources.get(written.file());
    (python.version.number(1) < least).then(|| (source.path().to_owned(), least, written.whole()))
}

fn server(application: &Application, python: &Python) -> Option<(String, u64, Span)> {
    LEAST.iter().rev().find_map(|(name, from, least)| {
        let (version, span) = application.packages.version(name)?;
        let from: Version = from.parse().ok()?;
        let old = *version >= from && python.version.number(1) < *least;
        old.then(|| (format!("{name} {version}"), *least, span))
    })
}
