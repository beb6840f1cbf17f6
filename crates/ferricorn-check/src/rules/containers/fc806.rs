//! `CMD` (or `command` in compose) is put behind `ENTRYPOINT`, it does not replace it. If both name the server, the second
//! one becomes arguments of the first: it is started with another application than was meant, or ends at once.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:3
//! FROM python:3.12-slim
//! ENTRYPOINT ["uvicorn", "main:app"]
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! ENTRYPOINT ["uvicorn", "main:app"]
//! CMD ["--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! ENTRYPOINT ["tini", "--"]
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```yaml docker-compose.prod.yml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "9000"]
//! ```

use crate::{
    facts::docker::Image,
    readers::{
        dockerfile::{Detail, Form, Instruction},
        launch::Launch,
    },
    rules::prelude::*,
    sources::join,
    text::{Excerpt, Span},
};

pub(super) static RULE: Rule =
    Rule::new(806, "server in ENTRYPOINT and in CMD", Severity::Warning, explanation!("fc806.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for image in &facts.images {
        let Some((server, entry)) = entrypoint(image) else { continue };
        let Some(stage) = image.document.final_stage() else { continue };
        let cmd = image.document.last(stage, |detail| matches!(detail, Detail::Cmd(_)));
        let form = cmd.and_then(|it| match &it.detail {
            Detail::Cmd(form) => Some(form),
            _ => None,
        });
        if let Some(span) = form.and_then(first).filter(|(name, _)| is_server(name)).map(|(_, span)| span) {
            findings.add(finding(server, entry, span, "CMD"));
        }
    }
    for file in &facts.compose {
        let source = facts.sources.get(file.file);
        for service in file.document.services.iter().filter(|it| it.entrypoint.is_none()) {
            let Some(build) = &service.build else { continue };
            let context = build.context.as_ref().map_or(".", Excerpt::text);
            let name = build.dockerfile.as_ref().map_or("Dockerfile", Excerpt::text);
            let path = join(source.directory(), context).and_then(|context| join(&context, name));
            let of = |image: &&Image| Some(facts.sources.get(image.file).path()) == path.as_deref();
            let Some((server, entry)) = facts.images.iter().find(of).and_then(entrypoint) else { continue };
            let first = match &service.command {
                Some(Launch::Words(words)) => {
                    words.first().map(|word| (word.text().to_owned(), word.whole()))
                }
                Some(Launch::Line(line, _)) => {
                    let word = line.text().split_whitespace().next();
                    word.map(|word| (word.to_owned(), line.span(0..word.len())))
                }
                None => None,
            };
            if let Some((_, span)) = first.filter(|(name, _)| is_server(name)) {
                findings.add(finding(server, entry, span, "command"));
            }
        }
    }
}

/// The server that an `ENTRYPOINT` of words starts with its application, and where it stands.
fn entrypoint(image: &Image) -> Option<(&str, Span)> {
    let stage = image.document.final_stage()?;
    let entry: &Instruction = image.document.last(stage, |detail| matches!(detail, Detail::Entrypoint(_)))?;
    let Detail::Entrypoint(Form::Exec(words)) = &entry.detail else { return None };
    let at = words.iter().position(|word| is_server(word.text()))?;
    Some((words[at].text(), entry.arguments.whole()))
}

fn first(form: &Form) -> Option<(String, Span)> {
    match form {
        Form::Exec(words) => words.first().map(|word| (word.text().to_owned(), word.whole())),
        Form::Shell { .. } => None,
    }
}

fn is_server(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    matches!(name, "uvicorn" | "gunicorn" | "hypercorn" | "daphne" | "granian" | "fastapi" | "ferricorn")
}

fn finding(server: &str, entry: Span, span: Span, what: &str) -> Finding {
    RULE.warning(span, format!("{what} names the server again, and ENTRYPOINT starts it already"))
        .label("becomes an argument")
        .also(entry, format!("starts {server}"))
        .happens(format!("{server} takes the second name for an argument, and ends or serves something else"))
        .help("keep the arguments only, or start the program in CMD alone")
}
