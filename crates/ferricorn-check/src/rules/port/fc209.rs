//! A Procfile has one line for each name. Of two `web:` lines only the last one is run.
//!
//! ## Bad
//!
//! ```text Procfile:2
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! web: uvicorn other:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! other: uvicorn other:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! worker: python worker.py
//! ```

use crate::{facts::Role, finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(209, "second web process", Severity::Warning, explanation!("fc209.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen: Vec<crate::Span> = Vec::new();
    for deployment in &facts.deployments {
        if deployment.platform != Platform::Heroku || deployment.role != Role::Web {
            continue;
        }
        if let Some(first) = seen.iter().find(|it| it.file == deployment.place.file) {
            let finding = RULE
                .warning(deployment.place, "a second web: line")
                .label("the same name again")
                .also(*first, "the first one")
                .happens("only one of them is run")
                .help("give the other one a name of its own");
            findings.add(deployment.sign(finding));
        }
        seen.push(deployment.place);
    }
}
