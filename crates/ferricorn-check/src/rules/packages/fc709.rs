//! SQLAlchemy runs asyncio on top of greenlet. Since 2.1 it no longer brings greenlet along by itself: without it, or the
//! extra `asyncio`, the first query fails.
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
//! sqlalchemy==2.1.9
//! asyncpg==0.31.0
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//! from sqlalchemy.ext.asyncio import create_async_engine
//!
//! engine = create_async_engine("postgresql+asyncpg://db/app")
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
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt
//! uvicorn==0.40.0
//! sqlalchemy[asyncio]==2.1.9
//! asyncpg==0.31.0
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//! from sqlalchemy.ext.asyncio import create_async_engine
//!
//! engine = create_async_engine("postgresql+asyncpg://db/app")
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
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt
//! uvicorn==0.40.0
//! sqlalchemy==2.0.44
//! asyncpg==0.31.0
//! ```
//!
//! ```python main.py
//! from fastapi import FastAPI
//! from sqlalchemy.ext.asyncio import create_async_engine
//!
//! engine = create_async_engine("postgresql+asyncpg://db/app")
//! app = FastAPI()
//! ```

use crate::{readers::versions::Version, rules::prelude::*, sources::has_extension};

pub(super) static RULE: Rule = Rule::new(
    709,
    "SQLAlchemy's asyncio without greenlet",
    Severity::Warning,
    explanation!("fc709.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (deployment, application) in facts.services() {
        let packages = &application.packages;
        let Some(requirement) = packages.get("sqlalchemy") else { continue };
        let mut engines = application.modules.iter().flat_map(|module| module.engines());
        let Some(engine) = engines.find(|engine| engine.asynchronous) else { continue };
        if packages.has("greenlet") != Some(false) || seen.contains(&requirement.span) {
            continue;
        }
        let newer = match packages.version("sqlalchemy") {
            Some((version, _)) => "2.1.0".parse::<Version>().is_ok_and(|from| *version >= from),
            None => requirement
                .specifiers
                .as_ref()
                .is_some_and(|all| "2.1.9".parse().is_ok_and(|it| all.admits(&it))),
        };
        if !newer {
            continue;
        }
        seen.push(requirement.span);
        let finding = RULE
            .warning(requirement.span, "SQLAlchemy 2.1 does not bring greenlet, which asyncio needs")
            .label("without greenlet")
            .also(engine.span, "this engine")
            .happens("ImportError: greenlet is required");
        let list = has_extension(facts.sources.get(requirement.span.file).name(), "txt");
        let plain = requirement.extras.is_empty() && requirement.hashes == 0 && list;
        findings.add(deployment.sign(if plain {
            let behind = requirement.written.whole().after();
            finding.safe_fix("write sqlalchemy[asyncio]", vec![Edit::replace(behind, "[asyncio]")])
        } else {
            finding.help("write sqlalchemy[asyncio]")
        }));
    }
}
