//! A variable gets its value from one place: `value`, `generateValue`, `sync: false`, `fromDatabase`, `fromService`. Render
//! refuses a Blueprint in which a variable has two of them, or names a database, a service or a group that is not there. In
//! a group, neither `sync` nor a reference is allowed.
//!
//! ## Bad
//!
//! ```yaml render.yaml:12
//! databases:
//!   - name: maindb
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: DATABASE_URL
//!         fromDatabase:
//!           # the name above is another one
//!           name: main-db
//!           property: connectionString
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! databases:
//!   - name: maindb
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: DATABASE_URL
//!         fromDatabase:
//!           # the name above is another one
//!           name: maindb
//!           property: connectionString
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! databases:
//!   - name: maindb
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - fromGroup: shared
//!       - key: DATABASE_URL
//!         fromDatabase:
//!           name: maindb
//!           property: connectionString
//! envVarGroups:
//!   - name: shared
//!     envVars:
//!       - key: LOG_LEVEL
//!         value: info
//! ```

use crate::{facts::render::Blueprint, readers::yaml::Node, rules::prelude::*};

pub(super) static RULE: Rule = Rule::new(
    509,
    "variable without a source, or with two",
    Severity::Error,
    explanation!("fc509.rs"),
    check,
);

const SOURCES: [&str; 5] = ["value", "generateValue", "sync", "fromDatabase", "fromService"];

fn check(facts: &Facts, findings: &mut Findings) {
    for blueprint in facts.blueprints.iter().filter(|blueprint| !blueprint.template) {
        for service in blueprint.services() {
            for item in service.get("envVars").map_or(&[][..], Node::items) {
                let found = references(blueprint, item).into_iter().chain(two(item));
                found.for_each(|finding| findings.add(super::sign(service, finding)));
            }
        }
        for group in blueprint.groups() {
            for item in group.get("envVars").map_or(&[][..], Node::items) {
                let refused = ["sync", "fromDatabase", "fromService", "fromGroup"];
                for entry in refused.iter().filter_map(|key| item.entry(key)) {
                    let key = entry.key.str().unwrap_or_default();
                    let finding = RULE
                        .error(entry.key.span, format!("a variable of a group cannot have {key}"))
                        .label("only in a service")
                        .happens(super::REFUSED)
                        .help("write it in the envVars of each service");
                    findings.add(super::sign(group, finding));
                }
                if let Some(finding) = two(item) {
                    findings.add(super::sign(group, finding));
                }
            }
        }
    }
}

fn references(blueprint: &Blueprint, item: &Node) -> Vec<Finding> {
    let names = |nodes: Vec<&Node>| -> Vec<String> {
        nodes.into_iter().filter_map(|node| node.get("name")?.str().map(str::to_owned)).collect()
    };
    let looked = [
        ("database", item.at(&["fromDatabase", "name"]), names(blueprint.databases())),
        ("service", item.at(&["fromService", "name"]), names(blueprint.services())),
        ("group", item.get("fromGroup"), names(blueprint.groups())),
    ];
    let mut found = Vec::new();
    for (what, node, names) in looked {
        let Some((node, name)) = node.and_then(|node| Some((node, node.str()?))) else { continue };
        if names.iter().any(|known| known == name) {
            continue;
        }
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let finding = RULE
            .error(node.span, format!("this Blueprint has no {what} `{name}`"))
            .label(format!("no such {what}"))
            .happens(super::REFUSED);
        found.push(match nearest(name, known.iter().copied()) {
            Some(near) => finding.safe_fix(format!("write {near}"), vec![Edit::replace(node.span, near)]),
            None if known.is_empty() => finding.help(format!("declare the {what}")),
            None => finding.help(format!("one of {}", known.join(", "))),
        });
    }
    found
}

fn two(item: &Node) -> Option<Finding> {
    let given: Vec<_> = SOURCES.iter().filter_map(|key| item.entry(key)).collect();
    let [first, second, ..] = given.as_slice() else { return None };
    let name = item.get("key").and_then(Node::str).unwrap_or("this variable");
    let key = |entry: &crate::readers::yaml::Entry| entry.key.str().unwrap_or_default().to_owned();
    Some(
        RULE.error(second.key.span, format!("{name} has two sources: {} and {}", key(first), key(second)))
            .label("the second source")
            .also(first.key.span, "the first one")
            .happens(super::REFUSED)
            .help("keep one of them"),
    )
}
