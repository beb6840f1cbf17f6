//! A backslash continues a line only if nothing stands behind it. With a comment behind it, the shell takes the blank for
//! an argument and ends the command there. The next line is a command of its own: the shell runs `--loop` as a program,
//! says `--loop: command not found`, and the line ends with 127.
//!
//! YAML sees no comment either: inside a block scalar `#` is text.
//!
//! ## Bad
//!
//! ```yaml render.yaml:7
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: |
//!       uvicorn main:app \
//!         --host 0.0.0.0 \  # all interfaces
//!         --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     # all interfaces
//!     startCommand: |
//!       uvicorn main:app \
//!         --host 0.0.0.0 \
//!         --port $PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: |
//!       # all interfaces
//!       uvicorn main:app \
//!         --host 0.0.0.0 \
//!         --port $PORT  # the platform's
//! ```

use crate::{readers::shell::BrokenLine, rules::prelude::*, text::Source};

pub(super) static RULE: Rule =
    Rule::new(111, "text behind a backslash", Severity::Error, explanation!("fc111.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, line) in facts.lines() {
        for broken in line.scripts.iter().flat_map(|script| &script.broken) {
            let source = facts.sources.get(broken.behind.file);
            if !source.slice(broken.behind).trim().is_empty() {
                findings.add(deployment.sign(finding(source, line, broken)));
            }
        }
    }
}

fn finding(source: &Source, line: &CommandLine, broken: &BrokenLine) -> Finding {
    let finding = RULE
        .error(broken.backslash.to(broken.behind), "a comment behind the backslash ends the command")
        .label("the command ends here");
    // The first word of the next line, which becomes a program.
    let next = source.line(source.line_of(broken.backslash) + 1);
    let text = source.slice(next);
    let start = text.len() - text.trim_start().len();
    let word = text.split_whitespace().next().unwrap_or_default();
    let finding = if word.is_empty() {
        finding.happens("the program gets a blank as an argument, and what follows is lost")
    } else {
        let from = next.range().start + start;
        finding
            .also(source.span(from..from + word.len()), "the shell runs this as a program")
            .happens(format!("{word}: command not found, and the line ends with 127"))
    };
    match above(source, line, broken) {
        Some(edits) => finding.safe_fix("move the comment above the command", edits),
        None => finding.help("move the comment above the command"),
    }
}

/// The comment in a line of its own above the key.
fn above(source: &Source, line: &CommandLine, broken: &BrokenLine) -> Option<Vec<Edit>> {
    let key = line.written.key?;
    let comment = source.slice(broken.behind).trim();
    if !comment.starts_with('#') {
        return None;
    }
    let key_line = source.line(source.line_of(key));
    let before = source.text().get(key_line.range().start..key.range().start)?;
    // `- startCommand:` has no line above it that is inside the item.
    if !before.trim().is_empty() {
        return None;
    }
    let insert = source.span(key.range().start..key.range().start);
    Some(vec![Edit::replace(insert, format!("{comment}\n{before}")), Edit::delete(broken.behind)])
}
