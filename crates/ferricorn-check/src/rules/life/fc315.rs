//! systemd has comments on lines of their own only. Behind a value, `#` and what follows belong to the value: the user is
//! called `api # replace`, the file of variables ends in `# keep it`. With `User=`, `Group=`, `WorkingDirectory=` and
//! `EnvironmentFile=` the service cannot start; other settings are refused or get the wrong value.
//!
//! Quotes in `Environment=` are systemd's own. With a backslash in front they are letters, the assignment has no valid
//! name, and systemd ignores it.
//!
//! ## Bad
//!
//! ```ini api.service:2
//! [Service]
//! User=api   # replace
//! ExecStart=/srv/api/venv/bin/uvicorn main:app
//! ```
//!
//! ## Fixed
//!
//! ```ini api.service
//! [Service]
//! # replace
//! User=api
//! ExecStart=/srv/api/venv/bin/uvicorn main:app
//! ```
//!
//! ## Bad
//!
//! ```ini api.service:2
//! [Service]
//! Environment=\"PATH=/srv/api/venv/bin\"
//! ExecStart=/srv/api/venv/bin/uvicorn main:app
//! ```
//!
//! ## Fixed
//!
//! ```ini api.service
//! [Service]
//! Environment="PATH=/srv/api/venv/bin"
//! ExecStart=/srv/api/venv/bin/uvicorn main:app
//! ```
//!
//! ## Good
//!
//! ```ini api.service
//! [Unit]
//! Description=API # 1
//!
//! [Service]
//! # Replace it.
//! User=api
//! Environment="COLOR=red # or blue" "JSON={\"a\": 1}"
//! ExecStart=/bin/sh -c 'uvicorn main:app # serve'
//! ExecReload=/bin/kill -HUP $MAINPID ; /bin/true
//! ```

use crate::{
    finding::Platform,
    readers::systemd::{self, Entry},
    rules::prelude::*,
    text::{Source, Span},
};

pub(super) static RULE: Rule =
    Rule::new(315, "comment behind a unit's value", Severity::Error, explanation!("fc315.rs"), check);

/// Without these nothing starts.
const NEEDED: [&str; 4] = ["User", "Group", "WorkingDirectory", "EnvironmentFile"];

/// Texts for people, in which `#` is a letter.
const TEXTS: [&str; 2] = ["Description", "SyslogIdentifier"];

fn check(facts: &Facts, findings: &mut Findings) {
    for unit in &facts.units {
        let source = facts.sources.get(unit.file);
        let sections = unit.document.sections.iter().filter(|it| !it.name.starts_with("X-"));
        for entry in sections.flat_map(|section| &section.entries) {
            let found = comment(entry).map(|span| behind(source, entry, span));
            for finding in found.into_iter().chain(escaped(source, entry)) {
                findings.add(Finding { platform: Some(Platform::Systemd), ..finding });
            }
        }
    }
}

/// What was meant as a comment, with the blanks in front.
fn comment(entry: &Entry) -> Option<Span> {
    let key = entry.key.as_str();
    if TEXTS.contains(&key) || key.starts_with("X-") {
        return None;
    }
    let text = entry.value.text();
    let at = text.match_indices(['#', ';']).find(|(at, sign)| {
        let before = &text[..*at];
        let blank = before.ends_with([' ', '\t']) && !before.trim().is_empty();
        // `;` separates commands, and may stand in a value.
        let separates = *sign == ";" && (key.starts_with("Exec") || key == "Environment");
        blank && !separates && !is_quoted(before)
    });
    let start = text[..at?.0].trim_end().len();
    Some(entry.value.span(start..text.len()))
}

/// Whether a quote is open behind this text.
fn is_quoted(text: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    for letter in text.chars() {
        match (letter, open) {
            _ if escaped => escaped = false,
            ('\\', _) => escaped = true,
            ('"' | '\'', None) => open = Some(letter),
            (letter, Some(own)) if letter == own => open = None,
            _ => {}
        }
    }
    open.is_some()
}

fn behind(source: &Source, entry: &Entry, span: Span) -> Finding {
    let key = &entry.key;
    let value = entry.value.text();
    let message = format!("systemd has no comments behind a value: {key} is \"{value}\"");
    let finding = if NEEDED.contains(&key.as_str()) {
        RULE.error(span, message).happens("the service does not start")
    } else {
        RULE.warning(span, message)
    };
    let finding = finding.label("belongs to the value");
    let text = source.slice(span);
    if source.slice(entry.span).contains('\n') {
        return finding.help("put the comment on a line of its own");
    }
    let line = source.line(source.line_of(entry.span));
    let edits = vec![Edit::replace(line.before(), format!("{}\n", text.trim_start())), Edit::delete(span)];
    finding.safe_fix("put the comment on a line of its own", edits)
}

/// An assignment whose name begins with a quote, because a backslash makes it a letter.
fn escaped(source: &Source, entry: &Entry) -> Option<Finding> {
    if entry.key != "Environment" {
        return None;
    }
    let assignments = systemd::assignments(&entry.value);
    let found = assignments.iter().find(|it| it.name.starts_with(['"', '\'']))?;
    let finding = RULE
        .warning(found.span, "escaped quotes are letters: systemd ignores this assignment")
        .label("the name begins with a quote")
        .happens("systemd: Invalid environment assignment, ignoring");
    let span = entry.value.whole();
    let text = source.slice(span);
    if text.contains('\n') {
        return Some(finding.help("leave the backslashes out"));
    }
    let plain = text.replace("\\\"", "\"").replace("\\'", "'");
    Some(finding.safe_fix("leave the backslashes out", vec![Edit::replace(span, plain)]))
}
