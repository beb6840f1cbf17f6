//! Python keeps what is printed to a pipe until some kilobytes are there. In a container, the last lines before a crash are then
//! missing from the log, and those of `print` come late. `PYTHONUNBUFFERED=1` writes each line at once.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:1
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! ENV PYTHONUNBUFFERED=1
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["python", "-u", "-m", "uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use super::images::variant;
use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(810, "output that comes late", Severity::Advice, explanation!("fc810.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let Some(image) = facts.images.iter().find(|image| image.file == deployment.place.file) else {
            continue;
        };
        let Some(stage) = image.document.final_stage() else { continue };
        let Some(base) = image.document.image(stage) else { continue };
        let option = command.words.iter().take(command.program_word).any(|word| word.text == "-u");
        let set = [&deployment.env, &command.env].iter().any(|env| env.get("PYTHONUNBUFFERED").is_some());
        if variant(&base).is_some() && !option && !set {
            let finding = RULE
                .advice(stage.image.whole(), "the image does not set PYTHONUNBUFFERED")
                .happens("what the application prints comes late, and not at all before a crash")
                .help("ENV PYTHONUNBUFFERED=1");
            findings.add(deployment.sign(finding));
        }
    }
}
