//! Without a version the newest server of the day is installed at each build. gunicorn went from 20 to 27 in three years,
//! and uvicorn drops a Python version each year: one day the same commit starts differently, or not at all.
//!
//! ## Bad
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt:2
//! fastapi==0.115.6
//! uvicorn[standard]
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.115.6
//! uvicorn[standard]==0.34.0
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.115.6
//! uvicorn[standard]~=0.34.0
//! ```

use crate::{readers::versions::Specifiers, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(704, "server without a version", Severity::Advice, explanation!("fc704.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|it| it.program.is_server()) else { continue };
        let packages = &application.packages;
        let name = command.program.name();
        let Some(asked) = packages.get(name).filter(|it| it.url.is_none() && it.hashes == 0) else {
            continue;
        };
        let open = asked.specifiers.as_ref().is_none_or(Specifiers::is_open);
        if !open || packages.is_locked || packages.version(name).is_some() {
            continue;
        }
        findings.add(
            deployment.sign(
                RULE.advice(asked.span, format!("{name} is installed in the newest version of the day"))
                    .label("no version")
                    .help(format!("write a version, as {name}==…, or use a lock file")),
            ),
        );
    }
}
