//! Which crate may name which: the arrows of ARCHITECTURE.md, checked against the manifests.
//!
//! A crate is a rule about what its code may know. The compiler holds the rule once the manifest does; this holds the
//! manifest.

use serde_json::Value;

use crate::{failure::Failure, workspace::Workspace};

/// A crate of the workspace and what its manifest may list. Names of workspace crates are without `ferricorn-`.
struct Rule {
    name: &'static str,
    /// Workspace crates that it may use.
    may_use: &'static [&'static str],
    /// Workspace crates that only its tests may use.
    tests_may_use: &'static [&'static str],
    /// The crates from elsewhere that it may use; none: any.
    from_elsewhere: Option<&'static [&'static str]>,
}

/// The core may not even have a clock or a runtime at hand, and settings are read without touching the system.
const RULES: [Rule; 9] = [
    Rule { name: "core", may_use: &[], tests_may_use: &[], from_elsewhere: Some(&["rand", "serde"]) },
    Rule { name: "sys", may_use: &[], tests_may_use: &[], from_elsewhere: None },
    Rule { name: "wire", may_use: &[], tests_may_use: &[], from_elsewhere: Some(&["serde", "serde_json"]) },
    Rule {
        name: "config",
        may_use: &[],
        tests_may_use: &[],
        from_elsewhere: Some(&["serde", "serde_json", "thiserror", "toml"]),
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
            "pep440_rs",
            "pep508_rs",
            "ruff_python_ast",
            "ruff_python_parser",
            "ruff_text_size",
            "serde",
            "serde_json",
            "strsim",
            "toml",
            "toml_edit",
        ]),
    },
    Rule {
        name: "master",
        may_use: &["core", "wire", "config", "sys"],
        tests_may_use: &[],
        from_elsewhere: None,
    },
    Rule {
        name: "ferricorn",
        may_use: &["master", "check", "config", "wire"],
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

/// Fails with every arrow that is not allowed.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let found = violations(&workspace.metadata(&["--no-deps"])?);
    if found.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("the layers are broken:\n  {}", found.join("\n  ")))
        .hint("the allowed arrows are in ARCHITECTURE.md and in crates/ferricorn-dev/src/layers.rs"))
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
