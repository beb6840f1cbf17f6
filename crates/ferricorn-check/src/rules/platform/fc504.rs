//! Render has renamed some keys and types. It still takes the old names; its documentation and its editor know the new ones
//! only.
//!
//! ## Bad
//!
//! ```yaml render.yaml:4
//! services:
//!   - type: web
//!     name: api
//!     env: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
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
//!   - type: keyvalue
//!     name: cache
//!     ipAllowList: []
//! ```

use crate::{readers::yaml::Node, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(504, "name that Render has replaced", Severity::Advice, explanation!("fc504.rs"), check);

/// Old and new names of keys. One with an explanation in place of a name needs more than another word.
const KEYS: [(&str, Result<&str, &str>); 4] = [
    ("env", Ok("runtime")),
    ("autoDeploy", Err("autoDeployTrigger: commit, checksPass or off")),
    ("pullRequestPreviewsEnabled", Err("previews with generation: automatic or manual")),
    ("previewPlan", Err("previews with plan")),
];

/// The same at the top.
const TOP: [(&str, &str); 2] = [
    ("previewsEnabled", "previews with generation: automatic"),
    ("previewsExpireAfterDays", "previews with expireAfterDays"),
];

fn check(facts: &Facts, findings: &mut Findings) {
    for (_, service) in super::services(facts) {
        for entry in service.own_entries() {
            let Some((old, new)) = KEYS.iter().find(|(old, _)| entry.key.str() == Some(old)) else {
                continue;
            };
            let finding = RULE.advice(entry.key.span, format!("{old} has a new name")).label("the old name");
            findings.add(super::sign(
                service,
                match new {
                    Ok(new) if service.get(new).is_none() => {
                        finding.safe_fix(format!("write {new}"), vec![Edit::replace(entry.key.span, *new)])
                    }
                    Ok(new) => finding.help(format!("{new} is there: leave {old} out")),
                    Err(instead) => finding.help(format!("write {instead}")),
                },
            ));
        }
        if let Some(kind) = service.get("type").filter(|kind| kind.str() == Some("redis")) {
            findings.add(super::sign(
                service,
                RULE.advice(kind.span, "the type redis has a new name")
                    .label("the old name")
                    .safe_fix("write keyvalue", vec![Edit::replace(kind.span, "keyvalue")]),
            ));
        }
    }
    for blueprint in facts.blueprints.iter().filter(|it| !it.template) {
        let entries = blueprint.document.as_ref().map_or(&[][..], Node::own_entries);
        for entry in entries {
            let Some((old, new)) = TOP.iter().find(|(old, _)| entry.key.str() == Some(old)) else { continue };
            findings.add(
                RULE.advice(entry.key.span, format!("{old} has a new name"))
                    .label("the old name")
                    .help(format!("write {new}")),
            );
        }
    }
}
