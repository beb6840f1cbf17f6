//! gunicorn has no `--host`, `--port`, `--loop` or `--access-log`: they are uvicorn's. It exits with 2 before it listens.
//!
//! `--host H --port P` is gunicorn's `--bind H:P`. Other settings have another name, as `--timeout-keep-alive`, which is
//! `--keep-alive`. ferricorn takes the options of both programs.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: gunicorn main:app -k uvicorn.workers.UvicornWorker -b 0.0.0.0:$PORT --keep-alive 5
//! ```

use ferricorn_config::{command_line, command_line::Wrong, options::Spelling};

use super::options::{Mended, between, deleted, ferricorn, renamed, shown};
use crate::{facts::Mistake, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(102, "uvicorn's option given to gunicorn", Severity::Error, explanation!("fc102.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.commands().filter(|(_, command)| command.program == Program::Gunicorn)
    {
        for mistake in &command.mistakes {
            if let Wrong::OfTheOther(spelling) = &mistake.wrong {
                findings.add(deployment.sign(finding(facts, command, mistake, spelling)));
            }
        }
    }
}

fn finding(facts: &Facts, command: &Command, mistake: &Mistake, spelling: &Spelling) -> Finding {
    let name = shown(mistake);
    let owner = if command_line::Program::Uvicorn.knows(spelling) { "uvicorn's" } else { "ferricorn's" };
    let finding = RULE
        .error(mistake.name, format!("gunicorn has no option {name}"))
        .label(format!("{owner} option"))
        .also(command.program_span, "this program")
        .happens(format!("gunicorn exits 2: unrecognized arguments: {name}"));
    let mended = match spelling.entry.name() {
        "host" | "port" => bind(facts, command, mistake),
        _ => renamed(command_line::Program::Gunicorn, spelling, mistake),
    };
    if let Some(Mended { title, edits }) = mended {
        return finding.safe_fix(title, edits);
    }
    ferricorn(command, finding.help(format!("leave {name} out, or use ferricorn")))
}

/// `--bind` in the place of the first of `--host` and `--port`, and the other one away.
fn bind(facts: &Facts, command: &Command, mistake: &Mistake) -> Option<Mended> {
    if command.option("bind").is_some() {
        let edits = vec![deleted(command, mistake)?];
        return Some(Mended { title: "leave it out: --bind says it".to_owned(), edits });
    }
    let of = |name: &str| {
        let named =
            |it: &&Mistake| matches!(&it.wrong, Wrong::OfTheOther(spelling) if spelling.entry.name() == name);
        command.mistakes.iter().find(named)
    };
    let written = |it: &Mistake| {
        let (_, span) = it.value.as_ref()?;
        let text = facts.sources.get(span.file).slice(*span);
        (!text.contains(['"', '\'', ' '])).then(|| text.to_owned())
    };
    let (host, port) = (of("host"), of("port"));
    let address = match (host, port) {
        (_, None) => return None,
        (None, Some(port)) => format!("0.0.0.0:{}", written(port)?),
        (Some(host), Some(port)) => format!("{}:{}", written(host)?, written(port)?),
    };
    // Each of the two findings can be applied alone.
    let mut both: Vec<&Mistake> = host.into_iter().chain(port).collect();
    both.sort_by_key(|it| it.name);
    let first = both.first()?;
    let (_, value) = first.value.as_ref()?;
    let between = between(facts, command, first.name)?;
    let mut edits = vec![Edit::replace(first.name.to(*value), format!("--bind{between}{address}"))];
    for other in &both[1..] {
        edits.push(deleted(command, other)?);
    }
    Some(Mended { title: format!("write --bind {address}"), edits })
}
