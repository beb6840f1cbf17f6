//! uvicorn has options of its own. Those of gunicorn (`--worker-class`, `--bind`, `--graceful-timeout`, `--preload`) it
//! refuses: it exits with 2 before it listens, and the deploy fails.
//!
//! Some settings only have another name: gunicorn's `--keep-alive` is uvicorn's `--timeout-keep-alive`, its
//! `--graceful-timeout` is `--timeout-graceful-shutdown`, its `--max-requests` is `--limit-max-requests`. A worker class of
//! uvicorn can be left out, because uvicorn is what it would start. ferricorn takes the options of both programs.
//!
//! ## Bad
//!
//! ```yaml render.yaml:9
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: |
//!       uvicorn main:app \
//!         --host 0.0.0.0 --port $PORT \
//!         --workers 2 \
//!         --worker-class uvicorn.workers.UvicornWorker \
//!         --log-level info
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: |
//!       uvicorn main:app \
//!         --host 0.0.0.0 --port $PORT \
//!         --workers 2 \
//!         --log-level info
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app -b 0.0.0.0:$PORT --keep-alive=5
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT --timeout-keep-alive=5
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --port $PORT --timeout-graceful-shutdown 20 --limit-max-requests 5000
//! ```

use ferricorn_config::{command_line, command_line::Wrong, options::Spelling};

use super::options::{Mended, between, deleted, ferricorn, renamed, shown};
use crate::{facts::Mistake, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(101, "gunicorn's option given to uvicorn", Severity::Error, explanation!("fc101.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.commands().filter(|(_, command)| command.program == Program::Uvicorn) {
        for mistake in &command.mistakes {
            if let Wrong::OfTheOther(spelling) = &mistake.wrong {
                findings.add(deployment.sign(finding(facts, command, mistake, spelling)));
            }
        }
    }
}

fn finding(facts: &Facts, command: &Command, mistake: &Mistake, spelling: &Spelling) -> Finding {
    let name = shown(mistake);
    let owner = if command_line::Program::Gunicorn.knows(spelling) { "gunicorn's" } else { "ferricorn's" };
    let finding = RULE
        .error(mistake.name, format!("uvicorn has no option {name}"))
        .label(format!("{owner} option"))
        .also(command.program_span, "this program")
        .happens(format!("uvicorn exits 2: No such option '{name}'"));
    if let Some(Mended { title, edits }) = mended(facts, command, mistake, spelling) {
        return finding.safe_fix(title, edits);
    }
    ferricorn(command, finding.help(format!("leave {name} out, or use ferricorn")))
}

/// What does the same in uvicorn.
fn mended(facts: &Facts, command: &Command, mistake: &Mistake, spelling: &Spelling) -> Option<Mended> {
    let value = mistake.value.as_ref();
    let text = value.and_then(|(value, _)| value.value()).map(String::as_str);
    match spelling.entry.name() {
        "worker-class" if text.is_some_and(|text| text.contains("uvicorn")) => {
            let title = "leave it out: uvicorn is what this class starts".to_owned();
            Some(Mended { title, edits: vec![deleted(command, mistake)?] })
        }
        "bind" => {
            // What is written, with its variables.
            let (_, span) = value?;
            let written = facts.sources.get(span.file).slice(*span);
            let options = address(written)?;
            let between = between(facts, command, mistake.name)?;
            let put = options.replace(' ', between);
            let title = format!("write {options}");
            Some(Mended { title, edits: vec![Edit::replace(mistake.name.to(*span), put)] })
        }
        _ => renamed(command_line::Program::Uvicorn, spelling, mistake),
    }
}

/// gunicorn's address as uvicorn's options. Quotes and blanks are left to a person.
fn address(written: &str) -> Option<String> {
    if written.contains(['"', '\'', ' ', '[', ',']) {
        return None;
    }
    if let Some(path) = written.strip_prefix("unix:") {
        return Some(format!("--uds {path}"));
    }
    // The first colon: a variable may hold one, `${PORT:-8000}`.
    let (host, port) = written.split_once(':')?;
    (!host.contains('$')).then(|| {
        let host = if host.is_empty() { "0.0.0.0" } else { host };
        format!("--host {host} --port {port}")
    })
}
