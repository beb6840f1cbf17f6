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

use crate::{facts::is_production, readers::dockerfile::Detail, rules::prelude::*, sources::join};

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
        let Some(env) = join(directory, ".env").filter(|path| facts.sources.exists(path)) else { continue };
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
