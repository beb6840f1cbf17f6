//! An application that reads a variable at its start and does not find it ends there, or serves errors. `--required-env`, or
//! `required_env` in the table `[check]` of `ferricorn.toml` (`[tool.ferricorn.check]` in `pyproject.toml`), names the
//! variables that every service has to have; this rule says which ones its file does not mention. On Render, `sync: false`
//! mentions a variable whose value is set in the dashboard. Names in `.env.example` that no file sets are advice.
//!
//! ## Bad
//!
//! ```yaml render.yaml:3
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: LOG_LEVEL
//!         value: info
//! ```
//!
//! ```toml ferricorn.toml
//! [check]
//! required_env = ["LOG_LEVEL", "CLERK_SECRET_KEY"]
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
//!       - key: LOG_LEVEL
//!         value: info
//!       - key: CLERK_SECRET_KEY
//!         sync: false
//! ```
//!
//! ```toml ferricorn.toml
//! [check]
//! required_env = ["LOG_LEVEL", "CLERK_SECRET_KEY"]
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
//!       - fromGroup: shared
//! envVarGroups:
//!   - name: shared
//!     envVars:
//!       - key: CLERK_SECRET_KEY
//!         sync: false
//! ```
//!
//! ```toml pyproject.toml
//! [tool.ferricorn.check]
//! required_env = ["CLERK_SECRET_KEY"]
//! ```

use crate::{facts::Deployment, finding::Platform, readers::yaml::Node, rules::prelude::*, text::Span};

pub(super) static RULE: Rule =
    Rule::new(603, "required variable that is not set", Severity::Warning, explanation!("fc603.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    let required: Vec<(&str, Option<Span>)> =
        facts.config.required_env.iter().map(|it| (it.name.as_str(), it.place)).collect();
    for (deployment, command) in facts.servers().filter(|(deployment, _)| is_whole(deployment)) {
        let absent = |name: &str| {
            deployment.env.get(name).is_none() && command.env.get(name).is_none() && name != "PORT"
        };
        let missing: Vec<_> = required.iter().filter(|(name, _)| absent(name)).collect();
        if missing.is_empty() {
            let names: Vec<&str> = facts.listed().map(|it| it.0).filter(|name| absent(name)).collect();
            let place = facts.listed().find(|it| names.contains(&it.0)).map(|it| it.1);
            if let Some(place) = place.filter(|_| deployment.platform == Platform::Render) {
                let finding =
                    RULE.advice(deployment.place, format!("{} not set for this service", said(&names)));
                findings.add(deployment.sign(finding.also(place, "listed here")));
            }
            continue;
        }
        let names: Vec<&str> = missing.iter().map(|it| it.0).collect();
        let mut finding = RULE
            .warning(deployment.place, format!("{} required and not set", said(&names)))
            .label("this service has no such variable");
        if let Some(place) = missing.iter().find_map(|it| it.1) {
            finding = finding.also(place, "required here");
        }
        let finding = match insertion(facts, deployment, &names) {
            Some(edit) => finding.safe_fix("add them, with values from the dashboard", vec![edit]),
            None => finding.help("set them in this file, or where this file gets its variables from"),
        };
        findings.add(deployment.sign(finding));
    }
}

/// Whether its file mentions all variables, apart from those of the platform.
fn is_whole(deployment: &Deployment) -> bool {
    let platform = match deployment.platform {
        Platform::Render | Platform::Kubernetes | Platform::CloudRun | Platform::Systemd => true,
        // A compose file does, a Dockerfile does not.
        Platform::Docker => !deployment.service.is_empty(),
        Platform::Heroku | Platform::Fly | Platform::Railway => false,
    };
    platform && deployment.production && !deployment.env.open
}

/// The subject and the verb of a sentence.
fn said(names: &[&str]) -> String {
    match names {
        [name] => format!("{name} is"),
        [names @ .., last] => format!("{} and {last} are", names.join(", ")),
        [] => String::new(),
    }
}

/// The variables as further entries of the service's `envVars`.
fn insertion(facts: &Facts, deployment: &Deployment, names: &[&str]) -> Option<Edit> {
    let blueprint = facts.blueprints.iter().find(|it| it.file == deployment.place.file)?;
    let services = blueprint.services();
    let service = services.iter().find(|service| service.span.contains(deployment.place))?;
    let source = facts.sources.get(blueprint.file);
    let items = service.get("envVars").map_or(&[][..], Node::items);
    let (first, last) = (items.first()?, items.last()?);
    let start = source.line(source.line_of(first.span));
    let indent = source.text().get(start.range().start..first.span.range().start)?.strip_suffix("- ")?;
    if !indent.chars().all(|letter| letter == ' ') {
        return None;
    }
    // The end of the last line that says something.
    let said = source.slice(last.span).trim_end().len();
    let end = source.position(last.span.start + crate::text::offset(said)).line;
    let entries = names.iter().map(|name| format!("\n{indent}- key: {name}\n{indent}  sync: false"));
    let text = entries.collect::<Vec<_>>().concat();
    Some(Edit::replace(source.line(end).after(), text))
}
