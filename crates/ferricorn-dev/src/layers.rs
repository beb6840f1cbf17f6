//! `cargo dev layers`: which crate may name which, and inside a crate, which room uses which.
//!
//! A crate is a rule about what its code may know: the arrows of ARCHITECTURE.md, checked against the manifests. The
//! compiler holds the rule once the manifest does; this holds the manifest. The plans of the rooms are in
//! `crates/rooms.toml` ([`rooms`]) and are checked against the imports in the code.

mod graph;
mod python_imports;
mod rooms;
mod rust_imports;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use rooms::Rooms;
use serde_json::Value;

use crate::{failure::Failure, say::say, workspace::Workspace};

/// A crate of the workspace and what its manifest may list. Names of workspace crates are without `ferricorn-`.
struct Rule {
    name: &'static str,
    /// Workspace crates that it may use.
    may_use: &'static [&'static str],
    /// Workspace crates that only its tests may use.
    tests_may_use: &'static [&'static str],
    /// The external crates that it may use; `None`: any.
    from_elsewhere: Option<&'static [&'static str]>,
}

/// The core may not even have a clock or a runtime at hand, and settings are read without touching the system.
const RULES: [Rule; 11] = [
    Rule { name: "core", may_use: &[], tests_may_use: &[], from_elsewhere: Some(&["rand", "serde"]) },
    Rule { name: "sys", may_use: &[], tests_may_use: &[], from_elsewhere: None },
    Rule {
        name: "http",
        may_use: &[],
        tests_may_use: &[],
        from_elsewhere: Some(&["httparse", "memchr", "pyo3", "thiserror"]),
    },
    Rule { name: "wire", may_use: &[], tests_may_use: &[], from_elsewhere: Some(&["serde", "serde_json"]) },
    Rule {
        name: "config",
        may_use: &[],
        tests_may_use: &[],
        from_elsewhere: Some(&["granit-parser", "serde", "serde_json", "strsim", "thiserror", "toml"]),
    },
    Rule {
        name: "check",
        may_use: &["config"],
        tests_may_use: &[],
        from_elsewhere: Some(&[
            "aho-corasick",
            "granit-parser",
            "jsonc-parser",
            "memchr",
            "serde",
            "serde_json",
            "strsim",
            "toml",
            "toml_edit",
        ]),
    },
    Rule {
        name: "telemetry",
        may_use: &["core", "wire", "config", "sys"],
        tests_may_use: &[],
        from_elsewhere: Some(&["chrono", "nix", "serde_json", "thiserror", "tracing"]),
    },
    Rule {
        name: "master",
        may_use: &["core", "wire", "config", "sys", "telemetry"],
        tests_may_use: &[],
        from_elsewhere: None,
    },
    Rule {
        name: "ferricorn",
        may_use: &["master", "check", "config", "wire", "telemetry"],
        tests_may_use: &["test"],
        from_elsewhere: None,
    },
    Rule { name: "test", may_use: &["wire"], tests_may_use: &[], from_elsewhere: None },
    Rule {
        name: "dev",
        may_use: &["check", "config", "wire", "test"],
        tests_may_use: &[],
        from_elsewhere: None,
    },
];

/// Prints the figures of each plan, then fails with everything that breaches one.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    check(&Workspace::find()?)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the figures of each plan, then fails with every arrow between crates or rooms that is not allowed.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let mut found = violations(&workspace.metadata(&["--no-deps"])?);
    let (table, breaches) = Rooms::read(workspace)?.survey(workspace)?;
    say(table.trim_end());
    found.extend(breaches);
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the layers are broken:\n  {}", found.join("\n  "))).hint(
        "the allowed arrows are in ARCHITECTURE.md, crates/ferricorn-dev/src/layers.rs and crates/rooms.toml",
    ))
}

/// The source files below a folder by their paths inside it, sorted.
fn files(folder: &Path, suffix: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        let listed = fs::read_dir(folder.join(&below));
        let listed = listed.map_err(|error| {
            Failure::new(format!("cannot list `{}`: {error}", folder.join(&below).display()))
        })?;
        for entry in listed.filter_map(Result::ok) {
            let path = below.join(entry.file_name());
            if entry.path().is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == suffix) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn violations(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().map_or(&[][..], Vec::as_slice);
    let mut found = Vec::new();
    for package in packages {
        let name = short(package["name"].as_str().unwrap_or_default());
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            found.push(format!("`{name}` has no rule"));
            continue;
        };
        for dependency in package["dependencies"].as_array().map_or(&[][..], Vec::as_slice) {
            let used = dependency["name"].as_str().unwrap_or_default();
            let in_tests = dependency["kind"] == "dev";
            let ours = dependency["path"].is_string();
            let allowed = if ours {
                let used = &short(used);
                rule.may_use.contains(used) || in_tests && rule.tests_may_use.contains(used)
            } else {
                in_tests || rule.from_elsewhere.is_none_or(|allowed| allowed.contains(&used))
            };
            if !allowed {
                found.push(format!("`{name}` may not use `{}`", if ours { short(used) } else { used }));
            }
        }
    }
    found
}

fn short(name: &str) -> &str {
    name.strip_prefix("ferricorn-").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, dependency: &Value) -> Value {
        json!({ "packages": [{ "name": name, "dependencies": [dependency] }] })
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_a_violation() {
        let upwards = json!({ "name": "ferricorn-master", "kind": null, "path": "/x" });
        assert_eq!(violations(&package("ferricorn-core", &upwards)), ["`core` may not use `master`"]);
        let clock = json!({ "name": "tokio", "kind": null });
        assert_eq!(violations(&package("ferricorn-core", &clock)), ["`core` may not use `tokio`"]);
        assert_eq!(violations(&package("ferricorn-new", &clock)), ["`new` has no rule"]);
    }

    #[test]
    fn the_harness_is_for_tests_only() {
        let shipped = json!({ "name": "ferricorn-test", "kind": null, "path": "/x" });
        assert_eq!(violations(&package("ferricorn", &shipped)), ["`ferricorn` may not use `test`"]);
        let tests = json!({ "name": "ferricorn-test", "kind": "dev", "path": "/x" });
        assert_eq!(violations(&package("ferricorn", &tests)), Vec::<String>::new());
    }
}
