//! One JSON object, whose form only grows: `version` changes if something in it changes its meaning.

use ferricorn_check::{Edit, Finding, Fix, Label, Safety, Source, Span};
use serde_json::{Value, json};

use super::{Shown, pretty};

pub(super) fn render(shown: &Shown<'_>) -> String {
    let summary = &shown.summary;
    pretty(&json!({
        "version": 1,
        "findings": shown.findings.iter().map(|(it, print)| finding(shown, it, print)).collect::<Vec<_>>(),
        "notices": shown.notices.iter().map(notice).collect::<Vec<_>>(),
        "summary": {
            "errors": summary.errors,
            "warnings": summary.warnings,
            "advices": summary.advices,
            "fixable": summary.fixable,
            "baseline": summary.known,
            "passed": !summary.fails(),
        },
    }))
}

fn finding(shown: &Shown<'_>, finding: &Finding, fingerprint: &str) -> Value {
    let source = shown.sources.get(finding.primary.span.file);
    let fix = finding.fix.as_ref().filter(|_| shown.secrets.allow(finding, shown.sources));
    let (start, end) = place(source, finding.primary.span);
    json!({
        "id": finding.id.to_string(),
        "severity": finding.severity.to_string(),
        "file": source.path(),
        "start": start,
        "end": end,
        "message": finding.message,
        "label": finding.primary.text,
        "why": finding.happens,
        "help": finding.help,
        "related": finding.others.iter().map(|label| related(shown, label)).collect::<Vec<_>>(),
        "fix": fix.map(|fix| self::fix(shown, fix)),
        "platform": finding.platform.map(ferricorn_check::Platform::word),
        "service": finding.service,
        "fingerprint": fingerprint,
    })
}

fn notice(notice: &super::Notice) -> Value {
    json!({ "file": notice.path, "line": notice.line, "message": notice.to_string() })
}

fn related(shown: &Shown<'_>, label: &Label) -> Value {
    let source = shown.sources.get(label.span.file);
    let (start, end) = place(source, label.span);
    json!({ "file": source.path(), "start": start, "end": end, "message": label.text })
}

fn fix(shown: &Shown<'_>, fix: &Fix) -> Value {
    let safety = match fix.safety {
        Safety::Safe => "safe",
        Safety::Unsafe => "unsafe",
    };
    let edit = |edit: &Edit| {
        let source = shown.sources.get(edit.span.file);
        let (start, end) = place(source, edit.span);
        json!({ "file": source.path(), "start": start, "end": end, "text": edit.text })
    };
    json!({ "safety": safety, "title": fix.title, "edits": fix.edits.iter().map(edit).collect::<Vec<_>>() })
}

/// Lines and columns from 1, columns in characters; `offset` in bytes of the file on the disk, from 0.
fn place(source: &Source, span: Span) -> (Value, Value) {
    let bytes = source.original(span);
    let one = |at: u32, offset: usize| {
        let position = source.position(at);
        json!({ "line": position.line, "column": position.column, "offset": offset })
    };
    (one(span.start, bytes.start), one(span.end, bytes.end))
}
