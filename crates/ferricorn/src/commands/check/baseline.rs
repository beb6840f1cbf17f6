//! `--baseline`: findings that are known already, by fingerprint.
//!
//! Invariant: an entry knows one finding. Three that are alike need three entries, so a fourth one is new.

use std::{collections::BTreeSet, fs, path::Path};

use ferricorn_check::{Finding, Secrets, Sources};
use serde_json::{Value, json};

/// The fingerprints in a file.
pub(super) fn read(path: &Path) -> Result<BTreeSet<String>, String> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|error| {
        format!("--baseline: `{shown}` cannot be read: {error}. --write-baseline makes it")
    })?;
    let wrong = || format!("--baseline: `{shown}` is no baseline: it is written by --write-baseline");
    let value: Value = serde_json::from_str(&text).map_err(|_| wrong())?;
    let entries = value.get("findings").and_then(Value::as_array).ok_or_else(wrong)?;
    entries
        .iter()
        .map(|entry| entry.get("fingerprint").and_then(Value::as_str).map(str::to_owned).ok_or_else(wrong))
        .collect()
}

/// Writes these findings as known. What is written beside the fingerprint is for readers.
pub(super) fn write(
    path: &Path,
    findings: &[(&Finding, String)],
    sources: &Sources,
    secrets: &Secrets,
) -> Result<(), String> {
    let entry = |(finding, fingerprint): &(&Finding, String)| {
        json!({
            "fingerprint": fingerprint,
            "id": finding.id.to_string(),
            "file": sources.get(finding.primary.span.file).path(),
            "message": finding.message,
        })
    };
    let findings: Vec<Value> = findings.iter().map(entry).collect();
    let value = json!({ "version": 1, "findings": findings });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    fs::write(path, secrets.redact(text))
        .map_err(|error| format!("--baseline: `{}` cannot be written: {error}", path.display()))
}
