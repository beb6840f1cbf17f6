//! The explanations of the rules, and where their data is from.

use std::fmt::Write as _;

use ferricorn_check::{
    data::{ORIGINS, Origin},
    rules::{self, Rule},
};
use serde_json::{Value, json};

/// The explanation of a rule. `None`: there is no such rule.
pub(super) fn explain(id: &str) -> Option<String> {
    let rule = rules::all().find(|rule| rule.id.to_string() == id)?;
    let mut text = format!("{} {} ({})\n\n", rule.id, rule.title, rule.severity);
    let mut inside = false;
    for line in rule.explanation.lines() {
        if let Some(info) = line.strip_prefix("```") {
            inside = !inside;
            // The name of the file, without the line of the finding.
            let name = info.split_whitespace().nth(1).unwrap_or_default();
            let name = name.split(':').next().unwrap_or_default();
            if inside && !name.is_empty() {
                let _ = writeln!(text, "    # {name}");
            }
        } else if inside {
            let _ = writeln!(text, "    {line}");
        } else if let Some(heading) = line.strip_prefix("## ") {
            let _ = writeln!(text, "{heading}:");
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    let _ = writeln!(text, "Suppress: # ferricorn: ignore={} reason", rule.id);
    Some(text)
}

/// One line for each rule.
pub(super) fn list() -> String {
    let mut text = String::new();
    for rule in rules::all() {
        let _ = writeln!(text, "{} {:7} {}", rule.id, rule.severity.to_string(), rule.title);
    }
    text
}

/// The same as JSON.
pub(super) fn list_json() -> String {
    let one = |rule: &'static Rule| {
        json!({
            "id": rule.id.to_string(),
            "severity": rule.severity.to_string(),
            "title": rule.title,
            "explanation": rule.explanation,
        })
    };
    pretty(&rules::all().map(one).collect())
}

/// One line for each file of data: name, date, what it holds, source.
pub(super) fn data() -> String {
    let mut text = String::new();
    for Origin { name, holds, date, source } in &ORIGINS {
        let _ = writeln!(text, "{name:8} {date} {holds} ({source})");
    }
    text
}

/// The same as JSON.
pub(super) fn data_json() -> String {
    let one = |origin: &Origin| {
        json!({
            "name": origin.name,
            "date": origin.date,
            "holds": origin.holds,
            "source": origin.source,
        })
    };
    pretty(&ORIGINS.iter().map(one).collect())
}

fn pretty(list: &Value) -> String {
    format!("{list:#}\n")
}
