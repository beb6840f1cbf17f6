//! Heroku leads requests to the process that is called `web`, and to no other. A line whose name is not letters, digits,
//! `-` and `_` directly in front of the colon is no process at all.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web : uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Bad
//!
//! ```text Procfile:1
//! api: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! worker: celery -A tasks worker
//! ```

use crate::{facts::Role, finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(809, "Procfile without a web process", Severity::Warning, explanation!("fc809.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for procfile in &facts.procfiles {
        for process in &procfile.document.processes {
            if let Some(blank) = process.blank_before_colon {
                findings.add(
                    RULE.warning(
                        blank,
                        format!("a blank stands between {} and its colon", process.name.text()),
                    )
                    .label("nothing may stand here")
                    .happens("Heroku does not find the process")
                    .safe_fix("take the blank out", vec![Edit::delete(blank)]),
                );
            }
        }
        let all: Vec<_> = facts
            .deployments
            .iter()
            .filter(|it| it.platform == Platform::Heroku && it.place.file == procfile.file)
            .collect();
        if all.iter().any(|it| it.role == Role::Web) {
            continue;
        }
        let servers: Vec<_> =
            all.iter().filter(|it| it.server().is_some_and(|command| command.program.is_server())).collect();
        // Of several one may be led to by something else.
        let [only] = servers.as_slice() else { continue };
        findings.add(
            only.sign(
                RULE.warning(
                    only.place,
                    format!("no process is called web, and {} is a server", only.service),
                )
                .label("Heroku leads no request here")
                .happens("every request answers 503: Error H14 (No web processes running)")
                .safe_fix("call it web", vec![Edit::replace(only.place, "web")]),
            ),
        );
    }
}
