//! SQLAlchemy takes the driver out of the URL. Platforms write `postgresql://…`, without one. `create_async_engine` then takes
//! psycopg2 and refuses it: "The asyncio extension requires an async driver". Since SQLAlchemy 2.1 the driver without a name is
//! psycopg (3): with psycopg2 alone, `create_engine` fails with "No module named 'psycopg'".
//!
//! ## Bad
//!
//! ```yaml render.yaml
//! databases:
//!   - name: db
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: DATABASE_URL
//!         fromDatabase:
//!           name: db
//!           property: connectionString
//! ```
//!
//! ```text requirements.txt:2
//! uvicorn==0.40.0
//! sqlalchemy>=2.0
//! psycopg2-binary==2.9.11
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
//! ```text requirements.txt
//! uvicorn==0.40.0
//! sqlalchemy>=2.0,<2.1
//! psycopg2-binary==2.9.11
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml
//! databases:
//!   - name: db
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: DATABASE_URL
//!         fromDatabase:
//!           name: db
//!           property: connectionString
//! ```
//!
//! ```python main.py:6
//! import os
//!
//! from fastapi import FastAPI
//! from sqlalchemy.ext.asyncio import create_async_engine
//!
//! engine = create_async_engine(os.environ["DATABASE_URL"])
//! app = FastAPI()
//! ```
//!
//! ## Fixed
//!
//! ```python main.py
//! import os
//!
//! from fastapi import FastAPI
//! from sqlalchemy.ext.asyncio import create_async_engine
//!
//! url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1)
//! engine = create_async_engine(url)
//! app = FastAPI()
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! databases:
//!   - name: db
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: DATABASE_URL
//!         fromDatabase:
//!           name: db
//!           property: connectionString
//! ```
//!
//! ```text requirements.txt
//! uvicorn==0.40.0
//! sqlalchemy==2.0.44
//! psycopg2-binary==2.9.11
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

use std::rc::Rc;

use crate::{
    facts::{Application, Deployment, render::Blueprint},
    readers::{
        python::{Engine, Module, Reader, Value, tree::Expr},
        versions::Version,
        yaml::Node,
    },
    rules::prelude::*,
};

pub(super) static RULE: Rule = Rule::new(
    607,
    "URL of a database that its driver does not take",
    Severity::Error,
    explanation!("fc607.rs"),
    check,
);

/// What a source has that puts a driver into a URL.
const REWRITES: [&str; 9] = [
    "+asyncpg",
    "+psycopg",
    "+aiosqlite",
    "drivername",
    "make_url",
    ".build(",
    "URL.create",
    ".replace(",
    "re.sub(",
];

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (deployment, application) in facts.services() {
        let engines: Vec<_> = engines(application).collect();
        let rewrites = || {
            application.any(|module| {
                let text = facts.sources.get(module.file).text();
                REWRITES.iter().any(|word| text.contains(word))
            })
        };
        if engines.is_empty() || rewrites() {
            continue;
        }
        for (module, engine) in engines {
            let Some(name) = engine.url.as_ref().and_then(|url| variable(application, module, url)) else {
                continue;
            };
            let Some(scheme) = scheme(facts, deployment, &name) else { continue };
            let finding = if engine.asynchronous {
                Some(asynchronous(engine, &name, &scheme))
            } else if scheme == "postgres" {
                old(deployment, &name)
            } else {
                newer(application, &name)
            };
            if let Some(finding) = finding.filter(|finding| !seen.contains(&finding.primary.span)) {
                seen.push(finding.primary.span);
                findings.add(deployment.sign(finding));
            }
        }
    }
}

fn engines(application: &Application) -> impl Iterator<Item = (&Rc<Module>, &Engine)> {
    application.modules.iter().flat_map(|module| module.engines().iter().map(move |engine| (module, engine)))
}

/// The variable of the environment that a URL is.
fn variable(application: &Application, module: &Module, url: &Expr) -> Option<String> {
    if let Value::Environment(read) = module.value(url) {
        return Some(read.name);
    }
    // `settings.database_url`: a field of pydantic's settings, in this file or another.
    let dotted = url.dotted()?;
    let field = dotted.rsplit_once('.')?.1.to_ascii_uppercase();
    let reads = application.modules.iter().flat_map(|module| module.environment());
    let mut names = reads.filter(|read| read.reader == Reader::Settings).map(|read| &read.name);
    names.find(|name| **name == field).cloned()
}

/// The scheme of the URL that the platform puts there.
fn scheme(facts: &Facts, deployment: &Deployment, name: &str) -> Option<String> {
    let variable = deployment.env.get(name)?;
    if let Some((text, _)) = variable.value.known() {
        let scheme = text.split_once("://")?.0;
        return matches!(scheme, "postgres" | "postgresql").then(|| scheme.to_owned());
    }
    let of = |blueprint: &Blueprint| {
        let items = |service: &&Node| service.get("envVars").map_or(&[][..], Node::items).to_vec();
        let all: Vec<Node> = blueprint.services().iter().flat_map(items).collect();
        all.iter().any(|item| {
            item.get("key").is_some_and(|key| key.span == variable.place)
                && item.at(&["fromDatabase", "property"]).and_then(Node::str) == Some("connectionString")
        })
    };
    facts.blueprints.iter().any(of).then(|| "postgresql".to_owned())
}

fn asynchronous(engine: &Engine, name: &str, scheme: &str) -> Finding {
    RULE.error(engine.span, format!("{name} starts with {scheme}://, which is no asyncio driver"))
        .label("wants postgresql+asyncpg://")
        .happens("InvalidRequestError: The asyncio extension requires an async driver to be used")
        .help(format!("put the driver in: {name}.replace(\"{scheme}://\", \"postgresql+asyncpg://\", 1)"))
}

fn old(deployment: &Deployment, name: &str) -> Option<Finding> {
    let (_, span) = deployment.env.get(name)?.value.known()?;
    let mut finding = RULE
        .error(span, format!("{name} starts with postgres://"))
        .label("SQLAlchemy wants postgresql://")
        .happens("NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:postgres")
        .help("write postgresql://");
    finding.hidden = true;
    Some(finding)
}

/// `SQLAlchemy` 2.1 takes psycopg.
fn newer(application: &Application, name: &str) -> Option<Finding> {
    let packages = &application.packages;
    let psycopg2 = ["psycopg2", "psycopg2-binary"].iter().any(|name| packages.get(name).is_some());
    if !psycopg2 || packages.has("psycopg") != Some(false) {
        return None;
    }
    let requirement = packages.get("sqlalchemy")?;
    let from: Version = "2.1.0".parse().ok()?;
    let newer = match packages.version("sqlalchemy") {
        Some((version, _)) => *version >= from,
        None => requirement.specifiers.as_ref()?.admits(&"2.1.9".parse().ok()?),
    };
    newer.then(|| {
        RULE.warning(
            requirement.span,
            "SQLAlchemy 2.1 takes psycopg for postgresql://, and only psycopg2 is listed",
        )
        .label("admits 2.1")
        .happens(format!("create_engine({name}) fails: No module named 'psycopg'"))
        .help("pin SQLAlchemy below 2.1, or add psycopg[binary]")
    })
}
