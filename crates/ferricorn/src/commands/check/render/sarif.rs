//! SARIF 2.1.0, as code scanning reads it: every rule is declared, so that an alert is closed if its finding is gone.

use std::collections::BTreeMap;

use ferricorn_check::{
    Finding, Label, Severity, Source, Span,
    rules::{self, Rule},
};
use serde_json::{Value, json};

use super::{Shown, pretty};

pub(super) fn render(shown: &Shown<'_>) -> String {
    let index: BTreeMap<_, _> = rules::all().enumerate().map(|(at, rule)| (rule.id, at)).collect();
    let result =
        |(finding, print): &(&Finding, String)| result(shown, finding, print, index.get(&finding.id));
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ferricorn check",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": rules::all().map(declaration).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": shown.notices.iter().map(notification).collect::<Vec<_>>(),
            }],
            "results": shown.findings.iter().map(result).collect::<Vec<_>>(),
        }],
    }))
}

fn notification(notice: &super::Notice) -> Value {
    let mut place = json!({
        "artifactLocation": { "uri": uri(&notice.path), "uriBaseId": "%SRCROOT%" },
    });
    if let Some(line) = notice.line {
        place["region"] = json!({ "startLine": line.max(1) });
    }
    json!({
        "level": "note",
        "message": { "text": notice.to_string() },
        "locations": [{ "physicalLocation": place }],
    })
}

fn declaration(rule: &Rule) -> Value {
    let why = rule.explanation.split("\n## ").next().unwrap_or_default().trim();
    json!({
        "id": rule.id.to_string(),
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": why },
        "help": { "text": rule.explanation, "markdown": rule.explanation },
        "defaultConfiguration": { "level": level(rule.severity) },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "note",
    }
}

fn result(shown: &Shown<'_>, finding: &Finding, fingerprint: &str, index: Option<&usize>) -> Value {
    let mut text = finding.message.clone();
    for more in finding.happens.iter().chain(&finding.help) {
        text.push_str(". ");
        text.push_str(more);
    }
    let mut result = json!({
        "ruleId": finding.id.to_string(),
        "level": level(finding.severity),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": place(shown.sources.get(finding.primary.span.file), finding.primary.span),
        }],
        "partialFingerprints": { "ferricornCheck/v1": fingerprint },
    });
    if let Some(index) = index {
        result["ruleIndex"] = json!(index);
    }
    if !finding.others.is_empty() {
        result["relatedLocations"] =
            finding.others.iter().enumerate().map(|(at, label)| related(shown, at, label)).collect();
    }
    result
}

fn related(shown: &Shown<'_>, at: usize, label: &Label) -> Value {
    let mut location = json!({
        "id": at + 1,
        "physicalLocation": place(shown.sources.get(label.span.file), label.span),
    });
    if !label.text.is_empty() {
        location["message"] = json!({ "text": label.text });
    }
    location
}

fn place(source: &Source, span: Span) -> Value {
    let (start, end) = (source.position(span.start), source.position(span.end));
    json!({
        "artifactLocation": { "uri": uri(source.path()), "uriBaseId": "%SRCROOT%" },
        "region": {
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        },
    })
}

/// A relative path as a URI.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte);
    path.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
