//! `COPY . .` copies a `.env` file too, with its secrets, into a layer of the image. Anyone who can pull the image can read it.
//! A line in `.dockerignore` keeps it out.
//!
//! ## Bad
//!
//! ```dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! COPY . .
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```sh .env
//! TOKEN=x
//! ```
//!
//! ## Fixed
//!
//! ```dockerfile Dockerfile
//! FROM python:3.12-slim
//! COPY . .
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```sh .env
//! TOKEN=x
//! ```
//!
//! ```text .dockerignore
//! .env
//! ```
//!
//! ## Good
//!
//! ```dockerfile Dockerfile
//! FROM python:3.12-slim
//! COPY app ./app
//! CMD ["uvicorn", "app.main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```sh .env
//! TOKEN=x
//! ```

use crate::{
    facts::{docker::Image, is_production},
    finding::Platform,
    readers::dockerfile::Detail,
    rules::prelude::*,
    sources::join,
};

pub(super) static RULE: Rule =
    Rule::new(606, ".env file in the image", Severity::Warning, explanation!("fc606.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for image in &facts.images {
        let source = facts.sources.get(image.file);
        if !is_production(source.path()) {
            continue;
        }
        // With a Dockerfile below the root it is not known which directory is the context.
        let directory = source.directory();
        let is_there = |path: &String| {
            facts.sources.exists(path) || facts.sources.is_ignored_env(path) && is_built_here(facts, image)
        };
        let Some(env) = join(directory, ".env").filter(is_there) else { continue };
        let ignores = [join(directory, ".dockerignore"), Some(format!("{}.dockerignore", source.path()))];
        let is_left_out = ignores
            .iter()
            .flatten()
            .filter_map(|path| facts.sources.at(path))
            .any(|it| ignores_env(it.text()));
        if is_left_out {
            continue;
        }
        let copy = image.document.instructions.iter().find(|instruction| match &instruction.detail {
            Detail::Copy { from: None, sources, .. } => {
                sources.iter().any(|it| matches!(it.text(), "." | "./" | ".env" | "./.env"))
            }
            _ => false,
        });
        let Some(copy) = copy else { continue };
        findings.add(
            RULE.warning(copy.span, format!("this copies {env} into the image"))
                .label("copies .env too")
                .happens("its secrets are in a layer that everybody who pulls the image can read")
                .help("write .env in .dockerignore"),
        );
    }
}

/// Whether no platform builds the image out of git, where an ignored file is not.
fn is_built_here(facts: &Facts, image: &Image) -> bool {
    let out_of_git =
        |platform: Platform| matches!(platform, Platform::Render | Platform::Railway | Platform::Heroku);
    !facts.services_of(image).any(|(deployment, _)| out_of_git(deployment.platform))
}

/// Whether a `.dockerignore` keeps `.env` out.
fn ignores_env(text: &str) -> bool {
    let mut ignored = false;
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (keeps, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let pattern = pattern.trim_start_matches("**/").trim_start_matches('/').trim_start_matches("./");
        let star = pattern.split_once('*').is_some_and(|(before, after)| {
            ".env".starts_with(before)
                && (after.is_empty() || ".env".ends_with(after.trim_start_matches('*')))
        });
        if pattern == ".env" || star {
            ignored = !keeps;
        }
    }
    ignored
}
