//! A server has to be installed before it can be started. If neither the requirements nor the lock file name it, and nothing
//! that they name brings it along, the start ends with `command not found` (127), or with `No module named …`.
//!
//! What extras bring counts: `fastapi[standard]` has uvicorn. A worker class is a package too:
//! `uvicorn_worker.UvicornWorker` is in uvicorn-worker.
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.128.0
//! uvicorn[standard]==0.40.0
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
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.128.0
//! uvicorn[standard]==0.40.0
//! gunicorn
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: ferricorn main:app --bind 0.0.0.0:$PORT
//! ```
//!
//! ```text requirements.txt
//! gunicorn
//! uvicorn[standard]
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
//!     startCommand: ferricorn main:app --bind 0.0.0.0:$PORT
//! ```
//!
//! ```text requirements.txt
//! gunicorn
//! uvicorn[standard]
//! ferricorn
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt && pip install gunicorn
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ```text requirements.txt
//! fastapi[standard]==0.128.0
//! ```

use crate::{facts::Packages, rules::prelude::*, sources::has_extension, text::Span};

pub(super) static RULE: Rule =
    Rule::new(701, "program that is not installed", Severity::Error, explanation!("fc701.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|command| command.program.is_server()) else {
            continue;
        };
        // `uv run --with gunicorn gunicorn`, `uvx gunicorn`.
        let before = &command.words[..command.program_word.min(command.words.len())];
        let elsewhere = ["uvx", "pipx", "conda", "micromamba", "pixi", "hatch"];
        if before
            .iter()
            .any(|word| elsewhere.contains(&word.text.as_str()) || word.text.starts_with("--with"))
        {
            continue;
        }
        let path = command.words.get(command.program_word).is_some_and(|word| word.text.contains('/'));
        let mut needed: Vec<(&str, Span)> = Vec::new();
        if !path || deployment.native {
            needed.extend(package(&command.program).map(|name| (name, command.program_span)));
        }
        if command.program == Program::Ferricorn && deployment.native {
            // An image may copy the program from elsewhere. Its workers need uvicorn wherever it comes from.
            needed.extend([("ferricorn", command.program_span), ("uvicorn", command.program_span)]);
        }
        if let Some((class, span)) = command.value("worker-class").and_then(Fact::known) {
            needed.extend(class_package(class).map(|name| (name, span)));
        }
        for (name, span) in needed {
            if application.packages.has(name) == Some(false) {
                findings.add(deployment.sign(finding(facts, &application.packages, command, name, span)));
                break;
            }
        }
    }
}

fn finding(facts: &Facts, packages: &Packages, command: &Command, name: &str, span: Span) -> Finding {
    let list = packages.list().map(|file| facts.sources.get(file));
    let place = list.map_or("the requirements", |source| source.path());
    let happens = if facts.sources.get(command.program_span.file).slice(command.program_span).contains("-m ")
    {
        format!("python exits 1: No module named {}", name.replace('-', "_"))
    } else if name == "uvicorn" && command.program == Program::Ferricorn {
        "ferricorn exits 1: No module named uvicorn".to_owned()
    } else if span == command.program_span {
        format!("{name}: command not found (127)")
    } else {
        format!("gunicorn exits 1: No module named {}", name.replace('-', "_"))
    };
    let finding =
        RULE.error(span, format!("{name} is not in {place}")).label("not installed").happens(happens);
    let Some(source) =
        list.filter(|source| has_extension(source.name(), "txt") && !source.text().contains("--hash"))
    else {
        return finding.help(format!("add {name} to {place}"));
    };
    let end = source.whole().after();
    let newline = if source.text().is_empty() || source.text().ends_with('\n') { "" } else { "\n" };
    finding.safe_fix(format!("add {name} to {place}"), vec![Edit::replace(end, format!("{newline}{name}\n"))])
}

/// The package that a program is in.
fn package(program: &Program) -> Option<&'static str> {
    Some(match program {
        Program::Gunicorn => "gunicorn",
        Program::Uvicorn => "uvicorn",
        Program::FastApi => "fastapi-cli",
        Program::Hypercorn => "hypercorn",
        Program::Daphne => "daphne",
        Program::Granian => "granian",
        _ => return None,
    })
}

/// The package that a worker class is in.
fn class_package(class: &str) -> Option<&'static str> {
    match class.split('.').next()? {
        "uvicorn" => Some("uvicorn"),
        "uvicorn_worker" => Some("uvicorn-worker"),
        _ => None,
    }
}
