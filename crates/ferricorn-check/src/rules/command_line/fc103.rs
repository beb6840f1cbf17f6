//! The program knows no option with this name, and neither does the other one. It exits with 2 before it listens.
//!
//! gunicorn takes unique beginnings of names (`--max-requests-j`); uvicorn takes whole names only.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --prot $PORT
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
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --max-requests-j 50 $EXTRA_OPTIONS
//! ```

use ferricorn_config::{
    command_line::{self, Wrong},
    options::{self, Entry},
};

use super::options::joined_option;
use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(103, "option that no program has", Severity::Error, explanation!("fc103.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.commands() {
        let Some(rules) = command.program.rules() else { continue };
        for mistake in command.mistakes.iter().filter(|mistake| matches!(mistake.wrong, Wrong::Unknown)) {
            let (program, typed) = (rules.name(), &mistake.typed);
            // One argument that holds option and value is FC122.
            if joined_option(rules, typed).is_some() {
                continue;
            }
            let refusal = match rules {
                command_line::Program::Uvicorn => format!("No such option '{typed}'"),
                _ => format!("unrecognized arguments: {typed}"),
            };
            let finding = RULE
                .error(mistake.name, format!("{program} has no option {typed}"))
                .label("no such option")
                .also(command.program_span, "this program")
                .happens(format!("{program} exits 2: {refusal}"));
            findings.add(deployment.sign(match near(rules, typed) {
                Some(name) => finding.safe_fix(
                    format!("write --{name}"),
                    vec![Edit::replace(mistake.name, format!("--{name}"))],
                ),
                None => finding,
            }));
        }
    }
}

/// The one option of this program that was meant.
fn near(program: command_line::Program, typed: &str) -> Option<&'static str> {
    let names = options::all().filter(|entry| !entry.file_only).flat_map(Entry::spellings);
    nearest(typed.strip_prefix("--")?, names.filter(|it| program.knows(it)).map(|it| it.long))
}
