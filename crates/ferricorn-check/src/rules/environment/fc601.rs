//! Everyone who ever gets the repository can read what is committed, and it stays in the history. A key belongs in the
//! platform's dashboard or its store of secrets. The value is never shown here, only its shape.
//!
//! ## Bad
//!
//! ```yaml render.yaml:8
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: JWT_SECRET
//!         value: f3a9b1c77de04412a8d09a
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
//!     envVars:
//!       - key: JWT_SECRET
//!         sync: false
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: JWT_SECRET
//!         generateValue: true
//!       - key: ACCESS_TOKEN_EXPIRE_MINUTES
//!         value: 30
//!       - key: TOKEN_URL
//!         value: /auth/token
//! ```

use crate::{
    facts::{Deployment, Variable},
    finding::Platform,
    rules::prelude::*,
    secrets::shapes::{SHAPES, is_secret_name},
    text::Span,
};

pub(super) static RULE: Rule =
    Rule::new(601, "secret in the repository", Severity::Error, explanation!("fc601.rs"), check);

/// What stands for a value that somebody has to put in.
const PLACEHOLDERS: [&str; 11] =
    ["your", "change", "replace", "placeholder", "todo", "xxx", "example", "dummy", "insert", "fixme", "<"];

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen: Vec<Span> = Vec::new();
    for deployment in facts.deployments.iter().filter(|deployment| deployment.production) {
        for variable in &deployment.env.variables {
            let Some((value, span)) = variable.value.known().filter(|(_, span)| !seen.contains(span)) else {
                continue;
            };
            let Some((severity, what)) = judged(deployment, &variable.name, value) else { continue };
            seen.push(span);
            findings.add(deployment.sign(finding(facts, deployment, variable, span, severity, what)));
        }
    }
}

/// How bad it is, and what it looks like.
fn judged(deployment: &Deployment, name: &str, value: &str) -> Option<(Severity, &'static str)> {
    let lower = value.to_lowercase();
    if value.contains(['$', '{']) {
        return None;
    }
    let placeholder = PLACEHOLDERS.iter().any(|word| lower.contains(word));
    let shape = SHAPES.iter().find(|(start, least, _)| value.starts_with(start) && value.len() >= *least);
    if let Some((.., what)) =
        shape.filter(|(start, ..)| *start != "-----BEGIN " || value.contains("PRIVATE KEY"))
    {
        return Some(if placeholder {
            (Severity::Warning, "a placeholder")
        } else {
            (Severity::Error, what)
        });
    }
    let plain = matches!(lower.as_str(), "true" | "false" | "none" | "null" | "disabled" | "enabled");
    let other = value.len() < 4
        || plain
        || value.parse::<f64>().is_ok()
        || value.starts_with('/')
        || value.contains("://");
    if !is_secret_name(name) || other {
        return None;
    }
    // Passwords of containers that nothing outside can reach.
    let weak = [
        "postgres", "password", "root", "admin", "secret", "guest", "user", "mysql", "redis", "minio",
        "rabbit",
    ];
    // One that is the name of the user or of the database, too, keeps nothing secret.
    let twin = |variable: &Variable| {
        !is_secret_name(&variable.name)
            && variable.value.value().is_some_and(|it| it.eq_ignore_ascii_case(value))
    };
    let open = weak.iter().any(|word| lower.starts_with(word)) || deployment.env.variables.iter().any(twin);
    if deployment.platform == Platform::Docker && open {
        return None;
    }
    Some((Severity::Warning, if placeholder { "a placeholder" } else { "a secret by its name" }))
}

fn finding(
    facts: &Facts,
    deployment: &Deployment,
    variable: &Variable,
    span: Span,
    severity: Severity,
    what: &str,
) -> Finding {
    let name = &variable.name;
    let length = variable.value.value().map_or(0, |value| value.chars().count());
    let message = if what == "a placeholder" {
        format!("{name} is a placeholder")
    } else {
        format!("{name} is committed in plain text")
    };
    let mut finding = match severity {
        Severity::Error => RULE.error(span, message),
        _ => RULE.warning(span, message),
    }
    .label(format!("{what} ({length} characters)"))
    .happens("everybody who has the repository has it, and it stays in the history");
    finding.hidden = true;
    match edit(facts, deployment, span) {
        Some(edit) => {
            finding.safe_fix("write sync: false, set it in the dashboard, and revoke this one", vec![edit])
        }
        None => finding.help("take it out of the file, and revoke this one"),
    }
}

/// `sync: false` in the place of `value: …`. A group cannot have it.
fn edit(facts: &Facts, deployment: &Deployment, span: Span) -> Option<Edit> {
    if deployment.platform != Platform::Render
        || facts.blueprints.iter().any(|it| it.groups().iter().any(|group| group.span.contains(span)))
    {
        return None;
    }
    let source = facts.sources.get(span.file);
    let before = source.text().get(..span.range().start)?;
    let key = before.trim_end().strip_suffix("value:")?;
    let start = Span { start: u32::try_from(key.len()).ok()?, ..span };
    Some(Edit::replace(start, "sync: false"))
}
