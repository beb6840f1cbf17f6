//! Fly and Railway pass over keys that they do not know. A key that is misspelt has no effect, and nothing says so.
//! Railway's file has no variables either: `[env]` in it sets none.
//!
//! ## Bad
//!
//! ```toml fly.toml:2
//! app = "api"
//! kil_timeout = 30
//! ```
//!
//! ## Fixed
//!
//! ```toml fly.toml
//! app = "api"
//! kill_timeout = 30
//! ```
//!
//! ## Bad
//!
//! ```toml railway.toml:4
//! [deploy]
//! startCommand = "uvicorn main:app --host 0.0.0.0 --port $PORT"
//!
//! [env]
//! LOG_LEVEL = "info"
//! ```
//!
//! ## Fixed
//!
//! ```toml railway.toml
//! [deploy]
//! startCommand = "uvicorn main:app --host 0.0.0.0 --port $PORT"
//! ```
//!
//! ## Good
//!
//! ```toml fly.toml
//! app = "api"
//! something_new = true
//!
//! [env]
//! LOG_LEVEL = "info"
//! ```

use crate::{finding::Platform, readers::yaml::Node, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(519, "key without effect", Severity::Warning, explanation!("fc519.rs"), check);

/// Keys at the top of a `fly.toml` (<https://fly.io/docs/reference/configuration/>, 2026-11-30).
const FLY: [&str; 23] = [
    "app",
    "build",
    "checks",
    "console_command",
    "deploy",
    "env",
    "experimental",
    "files",
    "host_dedication_key",
    "http_service",
    "kill_signal",
    "kill_timeout",
    "metrics",
    "mount",
    "mounts",
    "primary_region",
    "processes",
    "restart",
    "services",
    "statics",
    "swap_size_mb",
    "vm",
    "compute",
];

/// Keys at the top of a `railway.toml` (<https://docs.railway.com/reference/config-as-code>, 2026-11-30).
const RAILWAY: [&str; 4] = ["build", "deploy", "environments", "$schema"];

fn check(facts: &Facts, findings: &mut Findings) {
    for app in &facts.fly {
        unknown(&app.document.root, &FLY, Platform::Fly, findings);
    }
    for file in &facts.railway {
        unknown(&file.document.root, &RAILWAY, Platform::Railway, findings);
        for key in ["env", "variables"] {
            if let Some(entry) = file.document.root.entry(key) {
                let finding = RULE
                    .warning(
                        entry.key.span,
                        format!("Railway's file has no {key}: its variables are not set"),
                    )
                    .label("no effect")
                    .help("set the variables in the dashboard, or with `railway variables`");
                findings.add(Finding { platform: Some(Platform::Railway), ..finding });
            }
        }
    }
}

/// Keys that are nearly known ones. Others may be new.
fn unknown(root: &Node, known: &[&str], platform: Platform, findings: &mut Findings) {
    for entry in root.own_entries() {
        let Some(key) = entry.key.str().filter(|key| !known.contains(key)) else { continue };
        let Some(near) = nearest(key, known.iter().copied()).filter(|near| root.get(near).is_none()) else {
            continue;
        };
        let finding = RULE
            .warning(entry.key.span, format!("{} does not know {key}", platform.name()))
            .label("no effect")
            .safe_fix(format!("write {near}"), vec![Edit::replace(entry.key.span, near)]);
        findings.add(Finding { platform: Some(platform), ..finding });
    }
}
