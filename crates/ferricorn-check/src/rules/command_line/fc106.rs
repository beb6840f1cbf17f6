//! uvicorn takes words of a list in small letters (`--log-level info`), and whole numbers without a unit. With another value
//! it exits with 2 before it listens. gunicorn is stricter about numbers too: `--workers auto` is ferricorn's.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --log-level INFO
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --log-level info
//! ```
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers auto
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --workers 2
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: uvicorn main:app --log-level info --timeout-keep-alive 5 --workers $WEB_CONCURRENCY
//! other: gunicorn main:app --log-level INFO --workers 4
//! third: ferricorn main:app --workers auto
//! ```

use crate::{facts::Given, rules::prelude::*, text::Span};

pub(super) static RULE: Rule =
    Rule::new(106, "value that the program refuses", Severity::Error, explanation!("fc106.rs"), check);

/// Words of uvicorn's lists. Those of `--loop`, `--http` and `--ws` may be a class of one's own and are left out.
const LISTS: [(&str, &[&str]); 3] = [
    ("log-level", &["critical", "error", "warning", "info", "debug", "trace"]),
    ("lifespan", &["auto", "on", "off"]),
    ("interface", &["auto", "asgi3", "asgi2", "wsgi"]),
];

/// Whole numbers to both programs.
const WHOLE: [&str; 6] = ["workers", "backlog", "max-requests", "keep-alive", "graceful-timeout", "port"];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        if !matches!(command.program, Program::Uvicorn | Program::Gunicorn) {
            continue;
        }
        for given in &command.options {
            let Some((value, span)) = given.value.known() else { continue };
            let finding =
                of_list(facts, command, given, value, span).or_else(|| number(command, given, value, span));
            if let Some(finding) = finding {
                findings.add(deployment.sign(finding));
            }
        }
        let level = command.env.get("UVICORN_LOG_LEVEL").or_else(|| deployment.env.get("UVICORN_LOG_LEVEL"));
        let level =
            level.filter(|_| command.program == Program::Uvicorn && command.option("log-level").is_none());
        if let Some((value, span)) = level.and_then(|it| it.value.known()) {
            let finding = refused_word(facts, "UVICORN_LOG_LEVEL", LISTS[0].1, value, span);
            if let Some(finding) = finding {
                findings.add(deployment.sign(finding));
            }
        }
    }
}

fn of_list(facts: &Facts, command: &Command, given: &Given, value: &str, span: Span) -> Option<Finding> {
    let (_, words) = LISTS.iter().find(|(name, _)| *name == given.spelling.entry.name())?;
    let name = format!("--{}", given.spelling.long);
    (command.program == Program::Uvicorn).then(|| refused_word(facts, &name, words, value, span))?
}

fn refused_word(facts: &Facts, name: &str, words: &[&str], value: &str, span: Span) -> Option<Finding> {
    if words.contains(&value) || value.contains(['$', '{', '<', '\u{fffc}']) {
        return None;
    }
    let finding = RULE
        .error(span, format!("uvicorn knows no {name} \"{value}\""))
        .label("no such word")
        .happens(format!("uvicorn exits 2: '{value}' is not one of {}", words.join(", ")));
    let small = value.to_lowercase();
    let written = facts.sources.get(span.file).slice(span);
    Some(if words.contains(&small.as_str()) && written == value {
        finding.safe_fix(format!("write {small}"), vec![Edit::replace(span, small)])
    } else {
        finding.help(format!("write one of {}", words.join(", ")))
    })
}

fn number(command: &Command, given: &Given, value: &str, span: Span) -> Option<Finding> {
    let name = given.spelling.entry.name();
    let digits = value.trim().trim_start_matches(['+', '-']);
    let fits = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    if !WHOLE.contains(&name) || fits || value.contains(['$', '{', '<', '%', '@', '\u{fffc}']) {
        return None;
    }
    let program = command.program.name();
    let name = given.spelling.long;
    Some(
        RULE.error(span, format!("--{name} of {program} takes a whole number, and \"{value}\" is none"))
            .label("no whole number")
            .happens(format!("{program} exits 2: '{value}' is not a valid integer"))
            .help("write a number without a unit"),
    )
}
