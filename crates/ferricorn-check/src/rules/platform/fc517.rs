//! A service without a disk has a file system that lives as long as its instance: a deploy, a restart or a move to another
//! machine starts with the files of the build. A SQLite database that lies there loses its data.
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
//!       - key: DATABASE_URL
//!         value: sqlite:///./app.db
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
//!     disk:
//!       name: data
//!       mountPath: /var/data
//!       sizeGB: 1
//!     envVars:
//!       - key: DATABASE_URL
//!         value: sqlite:////var/data/app.db
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
//!       - key: CACHE_URL
//!         value: "sqlite:///:memory:"
//! ```

use crate::{
    facts::{Application, Deployment},
    finding::Platform,
    readers::{python::Value, yaml::Node},
    rules::prelude::*,
    text::Span,
};

pub(super) static RULE: Rule = Rule::new(
    517,
    "data on a file system that does not last",
    Severity::Warning,
    explanation!("fc517.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let fly = facts.fly.iter().find(|app| app.file == deployment.place.file);
        let fleeting = match deployment.platform {
            Platform::Render | Platform::Heroku => true,
            // A volume may hold it.
            Platform::Fly => fly.is_some_and(|app| app.document.mounts.is_empty()),
            _ => false,
        };
        if !fleeting || !deployment.production {
            continue;
        }
        let disk = super::service(facts, deployment).and_then(|service| service.get("disk"));
        for (url, span) in urls(deployment, application) {
            let Some(path) = file(&url).filter(|path| !lasts(disk, path)) else { continue };
            let platform = deployment.platform.name();
            findings.add(
                deployment.sign(
                    RULE.warning(span, format!("the database {path} is lost at each deploy and restart"))
                        .label(if disk.is_some() { "not on the disk" } else { "no disk holds it" })
                        .happens(format!("{platform} starts each instance with the files of the build"))
                        .help("use a database service, or a disk with the file below its mountPath"),
                ),
            );
        }
    }
}

/// The URLs of databases that are written out.
fn urls(deployment: &Deployment, application: &Application) -> Vec<(String, Span)> {
    let variables = deployment.env.variables.iter();
    let mut urls: Vec<(String, Span)> = variables
        .filter_map(|variable| variable.value.known().map(|(text, span)| (text.clone(), span)))
        .collect();
    let engines: Vec<_> = application
        .modules
        .iter()
        .flat_map(|module| module.engines().iter().map(move |it| (module, it)))
        .collect();
    // With several engines one may be that of tests.
    if let [(module, engine)] = engines.as_slice()
        && let Some(url) = &engine.url
        && let Value::Text(text) = module.value(url)
    {
        urls.push((text.text().to_owned(), url.span));
    }
    urls
}

/// The file of a SQLite URL.
fn file(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let path = rest.strip_prefix('/')?.split('?').next()?;
    let is_file = !path.is_empty() && !path.contains(":memory:") && !path.starts_with("file:");
    let own = is_file && !path.starts_with("/tmp/") && !path.contains(['$', '{']);
    (scheme.split('+').next() == Some("sqlite") && own).then(|| path.to_owned())
}

fn lasts(disk: Option<&Node>, path: &str) -> bool {
    let Some(disk) = disk else { return false };
    match disk.get("mountPath").and_then(Node::str) {
        Some(mount) if path.starts_with('/') => path.starts_with(mount.trim_end_matches('/')),
        // Where a path starts that has no slash in front depends on the command.
        _ => true,
    }
}
