//! `python`, `python:latest`, `python:slim` are another Python after the next build: packages without a wheel for it break the
//! build, and nothing in the repository has changed. Python 3.9 and older get no security fixes any more.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:1
//! FROM python:latest
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! ARG PYTHON=3.12
//! FROM python:${PYTHON}-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use super::images::variant;
use crate::{data::python::LAST_OLD, rules::prelude::*};

pub(super) static RULE: Rule = Rule::new(
    808,
    "base image without a version, or an old one",
    Severity::Advice,
    explanation!("fc808.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for image in &facts.images {
        let Some(stage) = image.document.final_stage() else { continue };
        let Some(base) = image.document.image(stage).filter(|base| variant(base).is_some()) else { continue };
        // A digest pins it.
        if base.contains('@') {
            continue;
        }
        let tag = base.rsplit_once(':').map_or("latest", |(_, tag)| tag);
        let mut numbers = tag.split(['-', '.']).map(str::parse::<u32>);
        let finding = match (numbers.next(), numbers.next()) {
            (Some(Ok(3)), Some(Ok(minor))) if minor <= LAST_OLD => {
                RULE.advice(stage.image.whole(), format!("Python 3.{minor} gets no security fixes any more"))
            }
            (Some(Ok(3)), Some(Ok(_))) => continue,
            _ => RULE.advice(stage.image.whole(), format!("{base} names no version of Python")),
        };
        findings.add(finding.help("name a version, as python:3.12-slim"));
    }
}
