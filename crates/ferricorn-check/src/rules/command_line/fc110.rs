//! A backslash continues a line only if the line ends right behind it. If a blank follows, the shell takes the blank for an
//! argument, or glues it to the next word.
//!
//! That happens when the lines of a command are made one: YAML folds the lines of a scalar behind `>` and of one without
//! quotes, and so does a paste into a dashboard's field. gunicorn takes words behind the application that begin with a
//! blank for further arguments and ignores them: one sync worker, and every request of an ASGI application answers 500.
//! uvicorn exits with 2.
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: >
//!       gunicorn main:app \
//!       --workers 1 \
//!       -k uvicorn.workers.UvicornWorker
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
//!       gunicorn main:app \
//!       --workers 1 \
//!       -k uvicorn.workers.UvicornWorker
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app \ --host 0.0.0.0 \ --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: >
//!       uvicorn main:app
//!       --host 0.0.0.0 \
//!         --port $PORT
//! ```

use crate::{readers::yaml::Style, rules::prelude::*, text::Span};

pub(super) static RULE: Rule = Rule::new(
    110,
    "backslash that glues a blank to the next word",
    Severity::Error,
    explanation!("fc110.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, line) in facts.lines() {
        for command in &line.commands {
            let glued: Vec<Span> =
                command.glued.iter().copied().filter(|it| !has_text_behind(facts, line, *it)).collect();
            if let Some(first) = glued.first() {
                findings.add(deployment.sign(finding(facts, line, command, *first, &glued)));
            }
        }
    }
}

/// Whether a comment stands behind this backslash in its line, which is FC111.
fn has_text_behind(facts: &Facts, line: &CommandLine, glued: Span) -> bool {
    let mut broken = line.scripts.iter().flat_map(|script| &script.broken);
    broken.any(|it| {
        it.backslash.start == glued.start && !facts.sources.get(glued.file).slice(it.behind).trim().is_empty()
    })
}

fn finding(facts: &Facts, line: &CommandLine, command: &Command, first: Span, glued: &[Span]) -> Finding {
    let source = facts.sources.get(first.file);
    let folds = matches!(line.written.style, Some(Style::Folded | Style::Plain))
        && source.slice(first).contains('\n');
    let backslash = Span { end: first.start + 1, ..first };
    let program = command.program.name();
    let happens = match command.program {
        Program::Gunicorn => {
            "gunicorn takes what follows for further arguments: at best it exits 2, at worst it ignores them and starts one \
             sync worker that answers every request with 500"
                .to_owned()
        }
        Program::Uvicorn => "uvicorn exits 2: Got unexpected extra argument".to_owned(),
        _ => format!("{program} gets an argument that begins with a blank"),
    };
    let finding = RULE
        .error(backslash, format!("the options behind this backslash are lost for {program}"))
        .label("becomes \"\\ \": a blank that belongs to the next word")
        .happens(happens);
    let finding = match line.written.indicator.filter(|_| folds) {
        Some(indicator) => finding.also(indicator, "folds the lines into one"),
        None => finding,
    };
    let literal = folds && every_line_continues(source.slice(line.written.span));
    if let Some(indicator) = line.written.indicator.filter(|_| literal) {
        return finding.safe_fix("write | instead of >", vec![Edit::replace(indicator, "|")]);
    }
    let edits = glued.iter().map(|span| blank_instead(facts, *span)).collect();
    finding.safe_fix("leave the backslashes out", edits)
}

/// Whether every line but the last one ends in a backslash, so that a literal block means the same.
fn every_line_continues(text: &str) -> bool {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines.split_last().is_some_and(|(_, before)| before.iter().all(|line| line.ends_with('\\')))
}

/// Takes the backslash out, with the blanks behind it if there are some in front of it too.
fn blank_instead(facts: &Facts, glued: Span) -> Edit {
    let source = facts.sources.get(glued.file);
    let text = source.text();
    let at = glued.range().start;
    let blank_before = text[..at].ends_with([' ', '\t']);
    let behind = text[at + 1..].len() - text[at + 1..].trim_start_matches([' ', '\t']).len();
    // At the end of a folded line the line's end is the blank.
    let folded = text[at + 1..].starts_with(['\n', '\r']);
    let start = if folded || behind == 0 { text[..at].trim_end_matches([' ', '\t']).len() } else { at };
    let end = if blank_before && !folded { at + 1 + behind } else { at + 1 };
    Edit::delete(source.span(start..end))
}
