//! A virtual environment names its own path in each of its scripts, and holds its packages under the version of its Python.
//! Copied to another path, or beside another Python, its programs do not start.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:5
//! FROM python:3.11-slim AS build
//! RUN python -m venv /opt/venv && /opt/venv/bin/pip install uvicorn
//!
//! FROM python:3.12-slim
//! COPY --from=build /opt/venv /opt/venv
//! CMD ["/opt/venv/bin/uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim AS build
//! RUN python -m venv /opt/venv && /opt/venv/bin/pip install uvicorn
//!
//! FROM python:3.12-slim
//! COPY --from=build /opt/venv /opt/venv
//! CMD ["/opt/venv/bin/uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:6
//! FROM python:3.12-slim AS build
//! WORKDIR /build
//! RUN python -m venv .venv && .venv/bin/pip install uvicorn
//!
//! FROM python:3.12-slim
//! COPY --from=build /build/.venv /app/.venv
//! ENV PATH=/app/.venv/bin:$PATH
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim AS build
//! WORKDIR /app
//! RUN python -m venv .venv && .venv/bin/pip install uvicorn
//!
//! FROM python:3.12-slim
//! COPY --from=build /app/.venv /app/.venv
//! ENV PATH=/app/.venv/bin:$PATH
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim AS build
//! RUN python -m venv /opt/venv && /opt/venv/bin/pip install uvicorn
//!
//! FROM python:3.12-slim
//! COPY --from=build /opt/venv /venv
//! ENV PYTHONPATH=/venv/lib/python3.12/site-packages
//! CMD ["python", "-m", "uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use super::images::variant;
use crate::{
    facts::{Deployment, docker::Image},
    readers::{
        dockerfile::{Detail, Dockerfile, Stage},
        versions::Version,
    },
    rules::prelude::*,
    text::Excerpt,
};

pub(super) static RULE: Rule =
    Rule::new(803, "virtual environment that was moved", Severity::Warning, explanation!("fc803.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for image in &facts.images {
        let file = &image.document;
        let Some(stage) = file.final_stage() else { continue };
        for instruction in file.history(stage) {
            let Detail::Copy { from: Some(from), sources, target: Some(target) } = &instruction.detail else {
                continue;
            };
            let Some(other) = file.stage(from.text()) else { continue };
            for source in sources {
                let found = other_python(file, stage, other, source)
                    .or_else(|| other_path(facts, image, file, other, source, target));
                findings.add_all(found);
            }
        }
    }
}

/// The Python of an official image: its first two numbers.
fn python(file: &Dockerfile, stage: &Stage) -> Option<Version> {
    let image = file.image(stage)?;
    variant(&image)?;
    let tag = image.rsplit_once(':')?.1;
    let version: Version = tag.split(['-', '@']).next()?.parse().ok()?;
    (version.numbers().len() > 1).then(|| Version::release(&version.numbers()[..2]))
}

fn other_python(file: &Dockerfile, stage: &Stage, other: &Stage, source: &Excerpt) -> Option<Finding> {
    let path = source.text();
    if !path.contains("venv") && !path.contains("site-packages") && !path.ends_with("/virtualenv") {
        return None;
    }
    let (own, theirs) = (python(file, stage)?, python(file, other)?);
    (own != theirs).then(|| {
        RULE.warning(
            source.whole(),
            format!("{path} was made with Python {theirs}, and this image has {own}"),
        )
        .label(format!("from an image with Python {theirs}"))
        .also(other.image.whole(), format!("Python {theirs}"))
        .also(stage.image.whole(), format!("Python {own}"))
        .happens("the packages are not found: they lie under the other version")
        .help("take the same Python for both stages")
    })
}

/// A whole environment that lies elsewhere now, whose scripts are used.
fn other_path(
    facts: &Facts,
    image: &Image,
    file: &Dockerfile,
    other: &Stage,
    source: &Excerpt,
    target: &Excerpt,
) -> Option<Finding> {
    let clean = |text: &str| text.trim_end_matches('/').to_owned();
    let (from, to) = (clean(source.text()), clean(target.text()));
    let name = from.rsplit('/').next()?;
    let made = matches!(name, ".venv" | "venv") && from.starts_with('/') && to.starts_with('/');
    let text =
        |instruction: &&crate::readers::dockerfile::Instruction| instruction.arguments.text().to_owned();
    let history: Vec<String> = file.history(other).iter().map(text).collect();
    // Scripts that name no path of their own.
    let relocatable = history.iter().any(|text| text.contains("relocatable") || text.contains("conda-pack"));
    if !made || relocatable || from == to || to.contains('$') || from.contains('$') {
        return None;
    }
    let used = facts.servers().any(|(deployment, command)| {
        deployment.place.file == image.file && is_script(deployment, command, &to)
    });
    used.then(|| {
        RULE.warning(source.whole(), format!("the programs of {from} name that path, and it is {to} here"))
            .label("a virtual environment")
            .also(target.whole(), "another path")
            .happens("the container exits at once: no such file or directory (bad interpreter)")
            .help(format!("make the environment in {to}, or start python -m"))
    })
}

/// Whether the server is started by a script of the environment, and not as a module of its Python.
fn is_script(deployment: &Deployment, command: &Command, environment: &str) -> bool {
    let word = command.words.get(command.program_word).map_or("", |word| word.text.as_str());
    let first = command.words.first().map_or("", |word| word.text.as_str());
    let on_path = deployment
        .env
        .variables
        .iter()
        .any(|it| it.name == "PATH" && it.value.value().is_none_or(|value| value.contains(environment)));
    let module = first.rsplit('/').next().is_some_and(|name| name.starts_with("python"));
    !module && (word.starts_with(environment) || on_path && !word.contains('/'))
}
