//! Whether everything that goes into the program may go into it: the licence of each crate against deny.toml's list.
//!
//! cargo-deny does this and more if it is installed. This is the part that is done if it is not, so that no
//! machine has to build a large tool to be as strict.

use std::{collections::BTreeMap, fs, process::Command};

use serde::Deserialize;
use serde_json::Value;

use crate::{failure::Failure, say::say, steps::quietly, workspace::Workspace};

/// What the wheel is built for: crates for other systems are never compiled.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// Fails with every crate whose licence is not on the list; prints which crates exist in two versions.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    if Command::new("cargo-deny").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return quietly(
            workspace,
            "cargo deny",
            &mut workspace.cargo(["deny", "check", "licenses", "bans", "sources"]),
        );
    }
    let rules = workspace.root.join("deny.toml");
    let text = fs::read_to_string(&rules)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", rules.display())))?;
    let Rules { licenses } = toml::from_str(&text)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", rules.display())))?;
    let metadata = workspace.metadata(&["--filter-platform", PLATFORM])?;
    let mut refused = Vec::new();
    let mut versions = BTreeMap::<&str, Vec<&str>>::new();
    for package in metadata["packages"].as_array().map_or(&[][..], Vec::as_slice) {
        let field = |key: &str| package[key].as_str().unwrap_or_default();
        versions.entry(field("name")).or_default().push(field("version"));
        if package["source"] != Value::Null && !satisfied(field("license"), &licenses.allow) {
            refused.push(format!("{} {}: `{}`", field("name"), field("version"), field("license")));
        }
    }
    for (name, found) in versions.iter().filter(|(_, found)| found.len() > 1) {
        say(&format!("  note: {name} is there in several versions: {}", found.join(", ")));
    }
    if refused.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("licences that deny.toml does not allow:\n  {}", refused.join("\n  "))))
}

/// The part of `deny.toml` that is read here.
#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

/// Whether a licence expression can be met with what is allowed: one side of an `OR`, both of an `AND`. Exceptions
/// (`WITH …`) only ever permit more. The old spelling `MIT/Apache-2.0` means `OR`.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    any(&mut rest, allowed) && rest.is_empty()
}

fn any(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while let Some(rest) = words.strip_prefix(&["OR"]) {
        *words = rest;
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while let Some(rest) = words.strip_prefix(&["AND"]) {
        *words = rest;
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut &[&str], allowed: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else { return false };
    *words = rest;
    if *first == "(" {
        let met = any(words, allowed);
        *words = words.strip_prefix(&[")"]).unwrap_or(&["unclosed"]);
        return met;
    }
    if let Some(["WITH", _, rest @ ..]) = words.get(..) {
        *words = rest;
    }
    allowed.iter().any(|licence| licence == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_by_one_side_of_an_or_and_both_of_an_and() {
        let allowed = ["MIT", "Unicode-3.0"].map(str::to_owned);
        for met in
            ["MIT", "GPL-3.0 OR MIT", "(GPL-3.0 OR MIT) AND Unicode-3.0", "GPL-2.0/MIT", "MIT WITH X OR Y"]
        {
            assert!(satisfied(met, &allowed), "{met}");
        }
        for unmet in ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT AND (GPL-3.0 OR BSD)", "(MIT"] {
            assert!(!satisfied(unmet, &allowed), "{unmet}");
        }
    }
}
