//! gunicorn takes the beginning of an option's name, if only one option begins so. If several do, it exits with 2 before it
//! listens. A newer version with one more option may make a beginning ambiguous that was not.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --max-req 500
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --max-requests 500
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --max-requests-j 50 --max-requests 500
//! ```

use ferricorn_config::command_line::Wrong;

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(105, "ambiguous beginning of a name", Severity::Error, explanation!("fc105.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.commands() {
        for mistake in &command.mistakes {
            let Wrong::Ambiguous(names) = &mistake.wrong else { continue };
            let (program, typed) = (command.program.name(), &mistake.typed);
            let names: Vec<String> = names.iter().map(|name| format!("--{name}")).collect();
            let finding = RULE
                .error(mistake.name, format!("{typed} is the beginning of several options of {program}"))
                .label("ambiguous")
                .happens(format!(
                    "{program} exits 2: ambiguous option: {typed} could match {}",
                    names.join(", ")
                ))
                .help(format!("write one of {}", names.join(", ")));
            findings.add(deployment.sign(finding));
        }
    }
}
