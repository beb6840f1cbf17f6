//! A service with `runtime: docker` starts what its image says, or `dockerCommand`; `buildCommand` and `startCommand` are
//! those of native runtimes, and the other way round. A key of the other kind has no effect, or Render refuses it. A
//! directory or a Dockerfile that is not in the repository ends the build.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: docker
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port 10000
//! ```
//!
//! ```dockerfile Dockerfile
//! FROM python:3.12-slim
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: docker
//!     dockerCommand: uvicorn main:app --host 0.0.0.0 --port 10000
//! ```
//!
//! ```dockerfile Dockerfile
//! FROM python:3.12-slim
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     rootDir: back-end
//! ```
//!
//! ```python backend/main.py
//! app = None
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
//!     rootDir: backend
//! ```
//!
//! ```python backend/main.py
//! app = None
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: docker
//!     dockerfilePath: ./docker/Dockerfile
//! ```
//!
//! ```dockerfile docker/Dockerfile
//! FROM python:3.12-slim
//! ```

use crate::{
    facts::render::{Kind, kind, runtime},
    readers::yaml::Node,
    rules::prelude::*,
    sources::join,
};

pub(super) static RULE: Rule = Rule::new(
    512,
    "key of another runtime, or path that is not there",
    Severity::Warning,
    explanation!("fc512.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for (_, service) in
        super::services(facts).filter(|(_, it)| matches!(kind(it), Kind::Service | Kind::Cron))
    {
        let Some(runtime) = runtime(service).and_then(|entry| entry.value.str()) else { continue };
        let mut found = Vec::new();
        keys(service, runtime, &mut found);
        // The files of another repository cannot be seen.
        if service.get("repo").is_none() && runtime != "image" {
            paths(facts, service, &mut found);
        }
        for finding in found {
            findings.add(super::sign(service, finding));
        }
    }
}

fn keys(service: &Node, runtime: &str, found: &mut Vec<Finding>) {
    let image = matches!(runtime, "docker" | "image");
    let wrong: &[&str] = if image {
        &["startCommand", "buildCommand"]
    } else {
        &["dockerCommand", "dockerfilePath", "dockerContext"]
    };
    for entry in wrong.iter().filter_map(|key| service.entry(key)) {
        let key = entry.key.str().unwrap_or_default();
        let finding = RULE
            .warning(entry.key.span, format!("{key} has no effect with runtime: {runtime}"))
            .label("for another runtime")
            .happens("Render does not run it, or refuses the Blueprint");
        let other = match key {
            "startCommand" => Some("dockerCommand"),
            "dockerCommand" => Some("startCommand"),
            _ => None,
        };
        found.push(match other.filter(|other| service.get(other).is_none()) {
            Some(other) => {
                finding.safe_fix(format!("write {other}"), vec![Edit::replace(entry.key.span, other)])
            }
            None => finding.help("leave it out"),
        });
    }
}

fn paths(facts: &Facts, service: &Node, found: &mut Vec<Finding>) {
    let root = service.get("rootDir").and_then(Node::str).unwrap_or("");
    for key in ["rootDir", "dockerContext", "dockerfilePath"] {
        let Some((node, path)) = service.get(key).and_then(|node| Some((node, node.str()?))) else {
            continue;
        };
        let is_there = |path: Option<String>| {
            path.is_some_and(|path| facts.sources.exists(&path) || facts.sources.is_directory(&path))
        };
        if is_there(join("", path)) || key != "rootDir" && is_there(join(root, path)) {
            continue;
        }
        let finding = RULE
            .warning(node.span, format!("{path} is not in the repository"))
            .label(format!("{key} leads nowhere"))
            .happens("the build ends before it begins: Render finds no such file or directory");
        let directories: Vec<&str> =
            facts.sources.paths().filter_map(|path| path.split_once('/')).map(|(first, _)| first).collect();
        let mut directories = directories;
        directories.dedup();
        found.push(match nearest(path, directories.iter().copied()).filter(|_| key == "rootDir") {
            Some(near) => finding.safe_fix(format!("write {near}"), vec![Edit::replace(node.span, near)]),
            None => finding,
        });
    }
}
