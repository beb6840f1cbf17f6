//! `CMD ["program", "argument"]` has to be JSON: double quotes, no comma behind the last word. If it is not, Docker takes the
//! whole text for a line of the shell. The shell then looks for a program named `[uvicorn,` and the container exits with 127.
//!
//! Of several `CMD` in a stage the last one counts; the others do nothing.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ['uvicorn', 'main:app', '--host', '0.0.0.0']
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["alembic", "upgrade", "head"]
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["sh", "-c", "alembic upgrade head && exec uvicorn main:app --host 0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use crate::{
    readers::dockerfile::{Detail, Form, Instruction},
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(807, "CMD that does nothing or is not JSON", Severity::Error, explanation!("fc807.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for image in &facts.images {
        for stage in &image.document.stages {
            findings.add_all(lost(
                image.document.instructions.get(stage.instructions.clone()).unwrap_or_default(),
            ));
        }
        for instruction in &image.document.instructions {
            let (Detail::Cmd(form) | Detail::Entrypoint(form) | Detail::Healthcheck(Some(form))) =
                &instruction.detail
            else {
                continue;
            };
            let Form::Shell { value, broken_array: true, .. } = form else { continue };
            let span = value.whole();
            let finding = RULE
                .error(span, format!("the array behind {} is no JSON", instruction.keyword))
                .label("Docker takes this for a line of the shell")
                .happens("the shell finds no such program, and the container exits 127");
            let written = facts.sources.get(span.file).slice(span);
            let single = !written.contains(['"', '\\', '\n']) && written.ends_with("']");
            findings.add(if single {
                finding
                    .safe_fix("write double quotes", vec![Edit::replace(span, written.replace('\'', "\""))])
            } else {
                finding.help("write [\"program\", \"argument\"], without a comma behind the last word")
            });
        }
    }
}

/// The `CMD` of a stage that has another one behind it.
fn lost(instructions: &[Instruction]) -> Option<Finding> {
    let mut commands = instructions.iter().filter(|it| matches!(it.detail, Detail::Cmd(_)));
    let (first, last) = (commands.next()?, commands.next_back()?);
    Some(
        RULE.warning(first.span, "this CMD does nothing: another one stands behind it")
            .label("lost")
            .also(last.span, "this one counts")
            .happens("what this CMD says is never run")
            .help("keep one CMD, or run the first one in a script"),
    )
}
