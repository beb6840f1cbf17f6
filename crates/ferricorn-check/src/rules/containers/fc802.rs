//! Alpine has musl in place of glibc. What was built or installed in an image of Debian, as a virtual environment with
//! compiled packages, a Python, or a program, does not start there: the loader that it names is missing.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:6
//! FROM python:3.12-slim AS build
//! COPY requirements.txt .
//! RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt
//!
//! FROM python:3.12-alpine
//! COPY --from=build /opt/venv /opt/venv
//! CMD ["/opt/venv/bin/uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-alpine AS build
//! COPY requirements.txt .
//! RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt
//!
//! FROM python:3.12-alpine
//! COPY --from=build /opt/venv /opt/venv
//! CMD ["/opt/venv/bin/uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM node:22-slim AS assets
//! RUN npm ci && npm run build
//!
//! FROM python:3.12-alpine
//! COPY --from=assets /src/dist /app/static
//! COPY --from=ghcr.io/astral-sh/uv:0.8 /uv /bin/uv
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use super::images::holds_programs;
use crate::{readers::dockerfile::Detail, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(802, "program of another C library", Severity::Warning, explanation!("fc802.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for image in &facts.images {
        let file = &image.document;
        let Some(stage) = file.final_stage() else { continue };
        let Some(own) = file.image(stage).as_deref().and_then(library) else { continue };
        for instruction in file.history(stage) {
            let Detail::Copy { from: Some(from), sources, .. } = &instruction.detail else { continue };
            let Some(other) = file.stage(from.text()) else { continue };
            let Some(theirs) = file.image(other).as_deref().and_then(library) else { continue };
            let Some(source) = sources.iter().find(|it| holds_programs(it.text())) else { continue };
            if own != theirs {
                findings.add(
                    RULE.warning(source.whole(), format!("{} was made for {theirs}, and this image has {own}", source.text()))
                        .label(format!("from an image with {theirs}"))
                        .also(other.image.whole(), theirs)
                        .also(stage.image.whole(), own)
                        .happens("the container exits at once: no such file or directory, or a module that cannot be loaded")
                        .help("take images of the same kind for both stages"),
                );
            }
        }
    }
}

/// The C library of an official image; `None` for any other image.
fn library(image: &str) -> Option<&'static str> {
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    let image = image.strip_prefix("library/").unwrap_or(image);
    let (name, tag) = image.split('@').next()?.split_once(':').unwrap_or((image, ""));
    let alpine = tag.split('-').any(|part| part.starts_with("alpine"));
    match name {
        "alpine" => Some("musl"),
        "python" | "rust" | "golang" | "node" if alpine => Some("musl"),
        "python" | "debian" | "ubuntu" | "buildpack-deps" => Some("glibc"),
        _ => None,
    }
}
