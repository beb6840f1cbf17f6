//! Without a shell, each element of the array is one argument, blanks included. `"--host 0.0.0.0"` is then one word, and no
//! option has that name: uvicorn exits with 2, gunicorn takes it for the name of an application.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host 0.0.0.0", "--port", "8000"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["gunicorn", "main:app", "-k uvicorn.workers.UvicornWorker", "--bind=0.0.0.0:8000"]
//! ```

use super::options::{between, joined_option};
use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(122, "option and value in one argument", Severity::Error, explanation!("fc122.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.commands() {
        let Some(rules) = command.program.rules() else { continue };
        let value_of =
            |at: usize| command.options.iter().any(|given| given.words.0 < at && at <= given.words.1);
        for (at, word) in command.words.iter().enumerate().skip(command.program_word + 1) {
            let Some((name, value)) = joined_option(rules, &word.text).filter(|_| !value_of(at)) else {
                continue;
            };
            let finding = RULE
                .error(word.span, format!("\"{}\" is one argument", word.text))
                .label("option and value have to be two")
                .happens(format!("{} has no option of this name, blank included", rules.name()));
            findings.add(deployment.sign(match between(facts, command, word.inner()) {
                Some(between) if command.shell.is_none() => finding.safe_fix(
                    "make two of it",
                    vec![Edit::replace(word.inner(), format!("{name}{between}{value}"))],
                ),
                _ => finding.help(format!("write {name} and {value} apart")),
            }));
        }
    }
}
