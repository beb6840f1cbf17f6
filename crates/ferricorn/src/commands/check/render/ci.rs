//! The forms of CI systems.

use std::fmt::Write as _;

use ferricorn_check::Severity;
use serde_json::json;

use super::{Shown, pretty};

/// Workflow commands, which GitHub Actions shows at the lines of a pull request.
pub(super) fn github(shown: &Shown<'_>) -> String {
    let mut text = String::new();
    for (finding, _) in &shown.findings {
        let source = shown.sources.get(finding.primary.span.file);
        let (start, end) =
            (source.position(finding.primary.span.start), source.position(finding.primary.span.end));
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "notice",
        };
        let mut message = finding.message.clone();
        for more in finding.happens.iter().chain(&finding.help) {
            let _ = write!(message, "\n{more}");
        }
        let _ = writeln!(
            text,
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            property(source.path()),
            start.line,
            start.column,
            end.line,
            end.column,
            finding.id,
            data(&message)
        );
    }
    for notice in &shown.notices {
        let line = notice.line.map_or_else(String::new, |line| format!(",line={line}"));
        let _ =
            writeln!(text, "::notice file={}{line}::{}", property(&notice.path), data(&notice.to_string()));
    }
    text
}

/// A text behind `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text between commas.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A code quality report.
pub(super) fn gitlab(shown: &Shown<'_>) -> String {
    let entry = |(finding, fingerprint): &(&ferricorn_check::Finding, String)| {
        let source = shown.sources.get(finding.primary.span.file);
        let severity = match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "minor",
            Severity::Advice => "info",
        };
        json!({
            "description": format!("{}: {}", finding.id, finding.message),
            "check_name": finding.id.to_string(),
            "fingerprint": fingerprint,
            "severity": severity,
            "location": {
                "path": source.path(),
                "lines": {
                    "begin": source.position(finding.primary.span.start).line,
                    "end": source.position(finding.primary.span.end).line,
                },
            },
        })
    };
    pretty(&shown.findings.iter().map(entry).collect())
}
