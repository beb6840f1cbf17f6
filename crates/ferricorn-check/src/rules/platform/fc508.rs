//! Render puts no variables into the values of a Blueprint: `${NAME}` arrives as it is written. A value that is made of
//! others is put together by the application, or by the start command.
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
//!         value: postgresql://app:${DB_PASSWORD}@db/app
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
//!       - key: DATABASE_URL
//!         sync: false
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
//!       - key: PRICE
//!         value: $5
//! ```

use crate::{readers::yaml::Node, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(508, "variable in a value", Severity::Error, explanation!("fc508.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for blueprint in facts.blueprints.iter().filter(|blueprint| !blueprint.template) {
        for place in blueprint.services().into_iter().chain(blueprint.groups()) {
            for item in place.get("envVars").map_or(&[][..], Node::items) {
                let Some((node, text)) = item.get("value").and_then(|node| Some((node, node.str()?))) else {
                    continue;
                };
                if !is_variable(text) {
                    continue;
                }
                let name = item.get("key").and_then(Node::str).unwrap_or("this variable");
                let mut finding = RULE
                    .error(node.span, format!("Render puts no variable into the value of {name}"))
                    .label("arrives as it is written")
                    .happens("the application gets the text with ${…} in it")
                    .help("put it together in the application, or write sync: false");
                finding.hidden = text.contains('@');
                findings.add(super::sign(place, finding));
            }
        }
    }
}

/// Whether a text has `${NAME}` in it.
fn is_variable(text: &str) -> bool {
    let name = |rest: &str| {
        rest.split_once('}').is_some_and(|(name, _)| {
            name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_')
                && name.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | ':' | '-'))
        })
    };
    text.split("${").skip(1).any(name)
}
