//! uvicorn's worker for gunicorn takes over a few of gunicorn's settings only. `--worker-connections`, `--threads`,
//! `--access-logformat` and the limits of request lines and fields do nothing with it, without a word.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --worker-connections 500
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn project.wsgi -k gevent --worker-connections 500
//! ```

use crate::{readers::python::Value, rules::prelude::*, text::Span};

pub(super) static RULE: Rule =
    Rule::new(108, "option that uvicorn's worker ignores", Severity::Advice, explanation!("fc108.rs"), check);

/// Options without effect, and the settings that they are.
const IGNORED: [&str; 6] = [
    "worker-connections",
    "threads",
    "access-logformat",
    "limit-request-line",
    "limit-request-fields",
    "limit-request-field_size",
];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|it| it.program == Program::Gunicorn) else {
            continue;
        };
        let in_file = application.in_file();
        let class = match command.value("worker-class") {
            Some(class) => class.value().cloned(),
            None => in_file.and_then(|it| it.get("worker_class")).and_then(|it| match &it.value {
                Value::Text(text) => Some(text.text().to_owned()),
                _ => None,
            }),
        };
        if !class.is_some_and(|class| class.contains("uvicorn")) {
            continue;
        }
        let mut add = |name: &str, span: Span| {
            let finding = RULE
                .advice(span, format!("uvicorn's worker ignores {name}"))
                .label("has no effect")
                .help(match name.trim_start_matches('-') {
                    "worker-connections" | "worker_connections" => {
                        "leave it out; ferricorn limits with --limit-concurrency"
                    }
                    _ => "leave it out",
                });
            findings.add(deployment.sign(finding));
        };
        for given in &command.options {
            if IGNORED.contains(&given.spelling.long) {
                add(&format!("--{}", given.spelling.long), given.span);
            }
        }
        for name in in_file.iter().flat_map(|_| IGNORED).map(|name| name.replace('-', "_")) {
            let name = if name == "access_logformat" { "access_log_format" } else { &name };
            if let Some(setting) = in_file.and_then(|it| it.get(name)) {
                add(name, setting.name_span);
            }
        }
    }
}
