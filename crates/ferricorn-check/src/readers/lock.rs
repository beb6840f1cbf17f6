//! Lock files: which version of each package is installed.
//!
//! How to use: `lock::read(&source)` for `uv.lock`, `poetry.lock`, `pdm.lock` and `Pipfile.lock`, told apart by their
//! names; `lock.get("uvicorn")` gives the version and its place. A name may be there twice (for other Pythons): `get` gives
//! the first, `packages` has them all.
//!
//! Lock files are written by programs in one form and may be large, so the first three are read line by line.

use super::{
    json,
    requirements::normalised,
    versions::{Specifiers, Version},
    yaml::Node,
};
use crate::text::{Excerpt, Source, Span};

/// What a lock file says.
#[derive(Debug, Clone, Default)]
pub struct Lock {
    /// In order.
    pub packages: Vec<Locked>,
    /// Which Pythons the file is for.
    pub python: Option<Specifiers>,
}

/// A package in a lock file.
#[derive(Debug, Clone)]
pub struct Locked {
    /// The name in its normal form.
    pub name: String,
    /// The version.
    pub version: Version,
    /// Where the version stands.
    pub span: Span,
    /// Whether only development needs it, if the file tells.
    pub development: bool,
}

impl Lock {
    /// A package by its name.
    pub fn get(&self, name: &str) -> Option<&Locked> {
        let name = normalised(name);
        self.packages.iter().find(|package| package.name == name)
    }
}

/// Reads a lock file. What cannot be read is left out.
pub fn read(source: &Source) -> Lock {
    if source.name() == "Pipfile.lock" { pipfile(source) } else { tables(source) }
}

/// `[[package]]` with `name = "…"` and `version = "…"`.
fn tables(source: &Source) -> Lock {
    let mut lock = Lock::default();
    let mut section = "";
    let mut name: Option<String> = None;
    for line in source.lines() {
        let text = source.slice(line);
        if text.starts_with('[') {
            section = text.trim_end();
            name = None;
            continue;
        }
        let Some((key, value)) = text.split_once(" = ").filter(|(key, _)| !key.starts_with([' ', '\t']))
        else {
            continue;
        };
        let value = value.trim_end();
        let Some(inside) = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { continue };
        match (section, key) {
            ("[[package]]", "name") => name = Some(normalised(inside)),
            ("[[package]]", "version") => {
                let start = line.range().start + key.len() + 4;
                let span = source.span(start..start + inside.len());
                let found = name.take().zip(inside.parse().ok());
                lock.packages.extend(found.map(|(name, version)| Locked {
                    name,
                    version,
                    span,
                    development: false,
                }));
            }
            ("", "requires-python") | ("[metadata]", "python-versions" | "requires_python") => {
                lock.python = Specifiers::poetry(inside).ok();
            }
            _ => {}
        }
    }
    lock
}

fn pipfile(source: &Source) -> Lock {
    let Ok(root) = json::read(source) else { return Lock::default() };
    let mut lock = Lock::default();
    for (section, development) in [("default", false), ("develop", true)] {
        for entry in root.get(section).map_or_else(Vec::new, Node::entries) {
            let (Some(name), Some(value)) =
                (entry.key.str(), entry.value.get("version").and_then(Node::value))
            else {
                continue;
            };
            let version = value.text().trim_start_matches('=').parse();
            let name = normalised(name);
            lock.packages.extend(version.ok().map(|version| Locked {
                name,
                version,
                span: value.whole(),
                development,
            }));
        }
    }
    let python = root.at(&["_meta", "requires", "python_version"]).and_then(Node::value).map(Excerpt::text);
    lock.python = python.and_then(|python| format!("=={python}.*").parse().ok());
    lock
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn locks_are_read() {
        let source = Source::of_text(
            "uv.lock",
            "version = 1\nrequires-python = \">=3.12\"\n\n[[package]]\nname = \"Uvicorn\"\nversion = \"0.34.2\"\nsource = { registry = \"x\" }\n\
             dependencies = [\n    { name = \"click\" },\n]\n\n[package.optional-dependencies]\nversion = \"9\"\n\n[[package]]\nname = \"root\"\nsource = { virtual = \".\" }\n",
        );
        let lock = read(&source);
        assert_eq!(lock.packages.len(), 1);
        assert_eq!(source.slice(lock.get("uvicorn").unwrap().span), "0.34.2");
        assert!(lock.python.unwrap().admits(&"3.13".parse().unwrap()));
        let text = "[[package]]\nname = \"a\"\nversion = \"1\"\n[metadata]\npython-versions = \"^3.11\"\n";
        let poetry = read(&Source::of_text("poetry.lock", text));
        assert_eq!(poetry.python.unwrap().to_string(), ">=3.11,<4");
        let text = "{\"_meta\": {\"requires\": {\"python_version\": \"3.11\"}}, \"default\": {\"uvicorn\": {\"version\": \"==0.30.6\"}, \"x\": {\"git\": \"y\"}}, \"develop\": {\"pytest\": {\"version\": \"==8\"}}}";
        let pipfile = read(&Source::of_text("Pipfile.lock", text));
        assert_eq!(pipfile.get("uvicorn").unwrap().version.to_string(), "0.30.6");
        assert!(pipfile.get("pytest").unwrap().development);
        assert!(read(&Source::of_text("Pipfile.lock", "{")).packages.is_empty());
    }
}
