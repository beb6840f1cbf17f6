//! Environment variables are text. YAML makes a boolean of `true`, nothing of an empty value, and of `3.10` the number 3.1.
//! Render refuses what is no text or whole number, and a number that loses a digit arrives as another one.
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
//!       - key: DEBUG
//!         value: false
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
//!       - key: DEBUG
//!         value: "false"
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
//!       - key: WEB_CONCURRENCY
//!         value: 4
//!       - key: DEBUG
//!         value: "false"
//! ```

use crate::{
    readers::yaml::{Node, Type},
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(507, "variable's value that is not text", Severity::Error, explanation!("fc507.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for blueprint in facts.blueprints.iter().filter(|blueprint| !blueprint.template) {
        for place in blueprint.services().into_iter().chain(blueprint.groups()) {
            for item in place.get("envVars").map_or(&[][..], Node::items) {
                if let Some(finding) = item.entry("value").and_then(|entry| finding(item, entry)) {
                    findings.add(super::sign(place, finding));
                }
            }
        }
    }
}

fn finding(item: &Node, entry: &crate::readers::yaml::Entry) -> Option<Finding> {
    let name = item.get("key").and_then(Node::str).unwrap_or("this variable");
    let value = &entry.value;
    let Some(scalar) = value.scalar().filter(|_| !value.is_null()) else {
        let what = if value.is_null() { "nothing" } else { "no single value" };
        let place = if value.is_null() { entry.key.span } else { value.span };
        return Some(
            RULE.error(place, format!("the value of {name} is {what}"))
                .label("a text is wanted")
                .happens(super::REFUSED)
                .help("write a text in quotes, or sync: false and set it in the dashboard"),
        );
    };
    let text = scalar.value.text();
    let (message, happens) = match scalar.kind() {
        Type::Bool => (format!("the value of {name} is a boolean"), super::REFUSED.to_owned()),
        Type::Float => {
            let short = text.parse::<f64>().ok()?.to_string();
            if short == text {
                return None;
            }
            (format!("the value of {name} is a number"), format!("YAML reads {text} as {short}"))
        }
        _ => return None,
    };
    let fix = vec![Edit::replace(value.span, format!("\"{text}\""))];
    Some(
        RULE.error(value.span, message)
            .label("a text is wanted")
            .happens(happens)
            .safe_fix("put it in quotes", fix),
    )
}
