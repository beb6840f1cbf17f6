//! `sh -c` takes one word as the script. Words behind it are `$0`, `$1` and so on for that script: if it does not use them,
//! they are lost. `["sh", "-c", "uvicorn", "main:app"]` runs `uvicorn` alone, which exits with 2.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["sh", "-c", "uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["sh", "-c", "exec uvicorn main:app \"$@\"", "sh", "--host", "0.0.0.0"]
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(811, "sh -c with several words", Severity::Error, explanation!("fc811.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let Some(line) = deployment.line() else { continue };
        let Some(first) = line.lost.first() else { continue };
        let finding = RULE
            .error(*first, "sh -c takes one word as the script; the words behind it are lost")
            .label("from here on nothing is used")
            .happens(format!("{} starts without these words", command.program.name()))
            .help("make one string of them");
        findings.add(deployment.sign(finding));
    }
}
