//! Railway stops an old deployment after `drainingSeconds`, which is 0 unless it is set: SIGKILL follows SIGTERM at once,
//! and requests that are running are cut by each deploy.
//!
//! ## Bad
//!
//! ```toml railway.toml:2
//! [deploy]
//! startCommand = "uvicorn main:app --host 0.0.0.0 --port $PORT"
//! ```
//!
//! ## Fixed
//!
//! ```toml railway.toml
//! [deploy]
//! startCommand = "uvicorn main:app --host 0.0.0.0 --port $PORT"
//! drainingSeconds = 30
//! ```
//!
//! ## Good
//!
//! ```toml railway.toml
//! [deploy]
//! startCommand = "python worker.py"
//! ```

use crate::{finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(309, "no time to stop on Railway", Severity::Advice, explanation!("fc309.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers().filter(|it| it.0.platform == Platform::Railway) {
        let file = facts.railway.iter().find(|it| it.file == deployment.place.file);
        let missing = file.is_some_and(|it| it.document.root.at(&["deploy", "drainingSeconds"]).is_none());
        if missing {
            findings.add(
                deployment.sign(
                    RULE.advice(command.program_span, "Railway gives the old deployment no time to stop")
                        .label("drainingSeconds is not set")
                        .help("add drainingSeconds = 30"),
                ),
            );
        }
    }
}
