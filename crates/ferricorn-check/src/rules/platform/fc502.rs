//! Render allows no key that it does not know: the Blueprint is refused. A key that is nearly one of Render's is a
//! misspelling for certain; another one may be newer than this list, so it is a warning.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startComand: uvicorn main:app --host 0.0.0.0 --port $PORT
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
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: site
//!     runtime: static
//!     staticPublishPath: ./build
//!   - type: keyvalue
//!     name: cache
//!     ipAllowList: []
//!     maxmemoryPolicy: noeviction
//! databases:
//!   - name: db
//!     postgresMajorVersion: "17"
//! x-notes: &notes
//!   a: 1
//! ```

use crate::{
    data::render::{KEY_VALUE, SERVICE, STATIC, TOP},
    facts::render::{Kind, kind},
    finding::Platform,
    readers::yaml::Node,
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(502, "key that Render does not know", Severity::Error, explanation!("fc502.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for blueprint in facts.blueprints.iter().filter(|blueprint| !blueprint.template) {
        let Ok(top) = &blueprint.document else { continue };
        unknown(top, &TOP, findings);
        for service in blueprint.services() {
            match kind(service) {
                Kind::Service | Kind::Cron => unknown(service, &SERVICE, findings),
                Kind::Static => unknown(service, &[&SERVICE[..], &STATIC].concat(), findings),
                Kind::KeyValue => unknown(service, &KEY_VALUE, findings),
                Kind::Unknown => {}
            }
        }
    }
}

/// What keys mean that other platforms or older documents have.
const OTHERS: [(&str, &str); 11] = [
    ("root", "rootDir"),
    ("rootDirectory", "rootDir"),
    ("command", "startCommand"),
    ("start", "startCommand"),
    ("build", "buildCommand"),
    ("environment", "envVars"),
    ("healthCheck", "healthCheckPath"),
    ("instances", "numInstances"),
    ("dockerfile", "dockerfilePath"),
    ("releaseCommand", "preDeployCommand"),
    ("publishDir", "staticPublishPath"),
];

fn meant(key: &str) -> Option<&'static str> {
    let letters = |text: &str| text.to_lowercase().replace(['_', '-'], "");
    OTHERS.iter().find(|(other, _)| letters(other) == letters(key)).map(|(_, own)| *own)
}

fn unknown(node: &Node, known: &[&str], findings: &mut Findings) {
    for entry in node.own_entries() {
        let Some(key) = entry.key.str().filter(|key| !known.contains(key) && *key != "<<") else { continue };
        // A place for anchors.
        if key.starts_with("x-") {
            continue;
        }
        let near = nearest(key, known.iter().copied()).or_else(|| meant(key).filter(|it| known.contains(it)));
        let finding = match near {
            Some(_) => RULE.error(entry.key.span, format!("Render knows no key {key}")),
            None => RULE.warning(entry.key.span, format!("Render's documents know no key {key} here")),
        };
        let finding = finding
            .label("unknown key")
            .happens("Render refuses a Blueprint with a key that it does not know");
        findings.add(Finding {
            platform: Some(Platform::Render),
            ..match near.filter(|near| node.get(near).is_none()) {
                Some(near) => {
                    finding.safe_fix(format!("write {near}"), vec![Edit::replace(entry.key.span, near)])
                }
                None => finding,
            }
        });
    }
}
