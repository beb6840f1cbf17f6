//! The application is named as Python imports it: dots between packages, no `.py`, a colon in front of the object. A path
//! (`app/main:app`) or a file (`main.py`) cannot be imported, and the server exits before it listens.
//!
//! uvicorn takes exactly one application and always needs the colon. gunicorn takes `application` if there is no colon.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: uvicorn app/main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn app.main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main.py:app", "--host", "0.0.0.0"]
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
//! ```text Procfile:1
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT app.main:app
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn -k uvicorn.workers.UvicornWorker app.main
//! worker: fastapi run app/main.py
//! other: uvicorn $APPLICATION --host 0.0.0.0
//! ```

use crate::{
    facts::{Argument, Deployment},
    finding::Platform,
    rules::prelude::*,
    sources::has_extension,
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(112, "application that cannot be imported", Severity::Error, explanation!("fc112.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        if !matches!(command.program, Program::Uvicorn | Program::Gunicorn) || !command.glued.is_empty() {
            continue;
        }
        let found = match command.target() {
            Some(target) => {
                spelled_wrong(facts, command, target).or_else(|| second(command, command.extra.first()?))
            }
            None => missing(facts, deployment, command),
        };
        if let Some(finding) = found {
            findings.add(deployment.sign(finding));
        }
    }
}

fn spelled_wrong(facts: &Facts, command: &Command, target: &Argument) -> Option<Finding> {
    let (text, span) = target.text.known()?;
    // A placeholder is for a person to fill in.
    if text.contains(['<', '{', ' ', '$']) {
        return None;
    }
    let (module, attribute) = text.split_once(':').map_or((text.as_str(), None), |it| (it.0, Some(it.1)));
    let is_path = module.contains('/') || has_extension(module, "py");
    let program = command.program.name();
    let lone = attribute.is_none() && command.program == Program::Uvicorn;
    if !is_path && !lone {
        return None;
    }
    let dotted = module.trim_start_matches("./").trim_end_matches(".py").replace('/', ".");
    let right = format!("{dotted}:{}", attribute.unwrap_or("app"));
    let finding = if is_path {
        RULE.error(span, format!("{text} is a path, and {program} imports a module"))
            .label("no module has this name")
            .happens(format!("{program} exits: it cannot import \"{module}\""))
    } else {
        RULE.error(span, format!("{text} names no object in the module")).label("no colon").happens(format!(
            "uvicorn exits 1: Import string \"{text}\" must be in format \"<module>:<attribute>\""
        ))
    };
    let written = facts.sources.get(span.file).slice(span);
    // Whether the words can be replaced as they stand, and nothing had to be guessed.
    let certain = attribute.is_some() && !module.starts_with(['/', '.']) && written.contains(text.as_str());
    Some(match written.find(text.as_str()).filter(|_| certain) {
        Some(at) => {
            let start = span.range().start + at;
            let place = facts.sources.get(span.file).span(start..start + text.len());
            finding.safe_fix(format!("write {right}"), vec![Edit::replace(place, right)])
        }
        None => finding.help(format!("write the module with dots, as in {right}")),
    })
}

fn second(command: &Command, extra: &Argument) -> Option<Finding> {
    let (text, span) = extra.text.known()?;
    let finding = RULE
        .error(span, format!("uvicorn takes one application, and \"{text}\" is one word too many"))
        .label("nothing takes this word")
        .happens(format!("uvicorn exits 2: Got unexpected extra argument ({text})"));
    Some(match command.remove((extra.word, extra.word)) {
        Some(edit) => finding.safe_fix("leave it out", vec![edit]),
        None => finding,
    })
}

/// No application at all. Docker's users may give it when they start the container.
fn missing(facts: &Facts, deployment: &Deployment, command: &Command) -> Option<Finding> {
    let lost = deployment.line().is_some_and(|line| !line.lost.is_empty());
    if command.open || !command.mistakes.is_empty() || lost || deployment.platform == Platform::Docker {
        return None;
    }
    if ["help", "version"].iter().any(|name| command.option(name).is_some()) {
        return None;
    }
    let span: Span = command.program_span;
    match command.program {
        Program::Gunicorn => {
            let named = |name: &str| deployment.env.get(name).or_else(|| command.env.get(name)).is_some();
            let configured = command.option("config").is_some()
                || facts.sources.paths().any(|path| path.ends_with("gunicorn.conf.py"))
                || named("GUNICORN_CMD_ARGS");
            (!configured).then(|| {
                RULE.error(span, "gunicorn gets no application")
                    .happens("gunicorn exits 1: No application module specified")
                    .help("name it as module:object")
            })
        }
        _ => Some(
            RULE.error(span, "uvicorn gets no application")
                .happens("uvicorn exits 2: Missing argument 'APP'")
                .help("name it as module:object"),
        ),
    }
}
