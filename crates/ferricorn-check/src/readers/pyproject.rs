//! `pyproject.toml` and `Pipfile`: what a project asks for.
//!
//! How to use: `pyproject::read(&source)?` gives every dependency as a [`Requirement`], whichever tool the project uses:
//! PEP 621 (`[project]`), Poetry, dependency groups, uv's and PDM's development lists, Pipfile. `all()` goes over those
//! that a plain install takes; `groups` and `extras` have the others by name. What is not read out is in `root`, e.g.
//! `file.root.at(&["tool", "ferricorn", "check"])`.
//!
//! Invariant: a dependency in a form that is not understood is left out, never guessed.

use super::{
    requirements::{Requirement, normalised, requirement},
    toml,
    versions::Specifiers,
    yaml::{Entry, Node},
};
use crate::text::{Excerpt, Source, Unreadable};

/// What a project's file says.
#[derive(Debug, Clone)]
pub struct Pyproject {
    /// All of the file.
    pub root: Node,
    /// What a plain install takes.
    pub dependencies: Vec<Requirement>,
    /// Extras by name: `[project.optional-dependencies]`.
    pub extras: Vec<(String, Vec<Requirement>)>,
    /// Groups by name: `[dependency-groups]`, Poetry's groups, Pipfile's `dev-packages`. Whether a build installs them is
    /// its own choice; most leave out `dev` in production.
    pub groups: Vec<(String, Vec<Requirement>)>,
    /// `requires-python`, or Poetry's `python`, or Pipfile's `python_version`.
    pub python: Option<(Excerpt, Specifiers)>,
    /// `[tool.fastapi] entrypoint`.
    pub fastapi_entrypoint: Option<Excerpt>,
    /// Directories under which the packages lie, other than the root: `src`.
    pub package_roots: Vec<Excerpt>,
}

impl Pyproject {
    /// A dependency that a plain install takes.
    pub fn get(&self, name: &str) -> Option<&Requirement> {
        let name = normalised(name);
        self.dependencies.iter().find(|requirement| requirement.name == name)
    }

    /// Everything that is named anywhere, extras and groups too.
    pub fn all(&self) -> impl Iterator<Item = &Requirement> {
        let optional = self.extras.iter().chain(&self.groups).flat_map(|(_, requirements)| requirements);
        self.dependencies.iter().chain(optional)
    }

    /// Whether the file speaks of dependencies at all: many only hold the settings of tools.
    pub fn declares_dependencies(&self) -> bool {
        let paths: [&[&str]; 4] = [
            &["project", "dependencies"],
            &["tool", "poetry", "dependencies"],
            &["packages"],
            &["project", "name"],
        ];
        paths.iter().any(|path| self.root.at(path).is_some())
    }
}

/// Reads `pyproject.toml` or `Pipfile`.
pub fn read(source: &Source) -> Result<Pyproject, Unreadable> {
    let root = toml::read(source)?;
    let mut file = Pyproject {
        dependencies: listed(root.at(&["project", "dependencies"])),
        extras: lists(root.at(&["project", "optional-dependencies"])),
        groups: lists(root.get("dependency-groups")),
        python: python(&root),
        fastapi_entrypoint: root.at(&["tool", "fastapi", "entrypoint"]).and_then(Node::value).cloned(),
        package_roots: package_roots(&root),
        root,
    };
    file.tools();
    Ok(file)
}

impl Pyproject {
    /// The tables that only one tool knows.
    fn tools(&mut self) {
        let root = self.root.clone();
        self.dependencies.extend(table(root.at(&["tool", "poetry", "dependencies"])));
        self.dependencies.extend(table(root.get("packages")));
        let mut group = |name: &str, found: Vec<Requirement>| {
            if !found.is_empty() {
                self.groups.push((name.to_owned(), found));
            }
        };
        group("dev", table(root.at(&["tool", "poetry", "dev-dependencies"])));
        group("dev", table(root.get("dev-packages")));
        group("dev", listed(root.at(&["tool", "uv", "dev-dependencies"])));
        for entry in root.at(&["tool", "poetry", "group"]).map_or_else(Vec::new, Node::entries) {
            group(entry.key.str().unwrap_or(""), table(entry.value.get("dependencies")));
        }
        for (name, found) in lists(root.at(&["tool", "pdm", "dev-dependencies"])) {
            group(&name, found);
        }
    }
}

/// The requirements of a list of strings.
fn listed(node: Option<&Node>) -> Vec<Requirement> {
    let items = node.map_or(&[][..], Node::items);
    items.iter().filter_map(Node::value).filter_map(requirement).collect()
}

/// A table of such lists.
fn lists(node: Option<&Node>) -> Vec<(String, Vec<Requirement>)> {
    let entries = node.map_or_else(Vec::new, Node::entries);
    entries
        .into_iter()
        .map(|entry| (entry.key.str().unwrap_or("").to_owned(), listed(Some(&entry.value))))
        .collect()
}

/// The requirements of a table `name = "^1.0"` or `name = { version = "^1.0", extras = ["x"] }`.
fn table(node: Option<&Node>) -> Vec<Requirement> {
    let entries = node.map_or_else(Vec::new, Node::entries);
    entries.into_iter().filter(|entry| entry.key.str() != Some("python")).filter_map(row).collect()
}

fn row(entry: &Entry) -> Option<Requirement> {
    let written = entry.key.value()?.clone();
    // Several alternatives in a list: which one counts depends on the machine.
    let version = if entry.value.is_mapping() { entry.value.get("version") } else { Some(&entry.value) };
    let version = version.and_then(Node::value);
    let elsewhere = ["git", "url", "path"].iter().find_map(|key| entry.value.get(key)).and_then(Node::value);
    let extras = entry.value.get("extras").map_or(&[][..], Node::items).iter().filter_map(Node::str);
    let specifiers = match version {
        Some(version) => Specifiers::poetry(version.text()).ok(),
        None if elsewhere.is_some() || entry.value.is_mapping() => Some(Specifiers::default()),
        None => None,
    };
    Some(Requirement {
        name: normalised(written.text()),
        extras: extras.map(normalised).collect(),
        specifiers,
        specifiers_span: version.map_or(entry.value.span, Excerpt::whole),
        url: elsewhere.cloned(),
        marker: entry.value.get("markers").and_then(Node::value).cloned(),
        hashes: 0,
        span: entry.key.span.to(entry.value.span),
        written,
    })
}

fn python(root: &Node) -> Option<(Excerpt, Specifiers)> {
    let value = |path: &[&str]| root.at(path).and_then(Node::value);
    if let Some(own) = value(&["project", "requires-python"]) {
        return Some((own.clone(), own.text().parse().ok()?));
    }
    if let Some(poetry) = value(&["tool", "poetry", "dependencies", "python"]) {
        return Some((poetry.clone(), Specifiers::poetry(poetry.text()).ok()?));
    }
    let pipenv =
        value(&["requires", "python_full_version"]).or_else(|| value(&["requires", "python_version"]))?;
    Some((pipenv.clone(), format!("=={}.*", pipenv.text()).parse().ok()?))
}

fn package_roots(root: &Node) -> Vec<Excerpt> {
    let find = root.at(&["tool", "setuptools", "packages", "find", "where"]);
    let setuptools = find.map_or(&[][..], Node::items).iter().filter_map(Node::value);
    let packages = root.at(&["tool", "poetry", "packages"]).map_or(&[][..], Node::items).iter();
    let poetry = packages.filter_map(|package| package.get("from")).filter_map(Node::value);
    let package_dir =
        root.at(&["tool", "setuptools", "package-dir"]).and_then(|table| table.get("")).and_then(Node::value);
    setuptools.chain(poetry).chain(package_dir).cloned().collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn shown(requirements: &[Requirement]) -> Vec<String> {
        let one = |one: &Requirement| {
            let specifiers = one.specifiers.as_ref().map_or("?".to_owned(), ToString::to_string);
            format!("{}{:?}{specifiers}", one.name, one.extras)
        };
        requirements.iter().map(one).collect()
    }

    #[test]
    fn every_tool_is_read() {
        let source = Source::of_text(
            "pyproject.toml",
            "[project]\nname = 'x'\nrequires-python = '>=3.11'\ndependencies = [\"fastapi>=0.1\", 'uvicorn[standard]==0.30.6', '?']\n\
             [project.optional-dependencies]\nprod = ['gunicorn']\n[dependency-groups]\ndev = ['pytest', {include-group = 'a'}]\n\
             [tool.poetry.dependencies]\npython = '^3.10'\nhttpx = '^0.27'\nredis = {version = '~5', extras = ['hiredis']}\nmine = {git = 'https://x'}\n\
             odd = [{version = '1'}]\n[tool.poetry.group.test.dependencies]\nmypy = '*'\n[tool.fastapi]\nentrypoint = 'a.b:c'\n[tool.setuptools.packages.find]\nwhere = ['src']\n\
             [tool.ferricorn.check]\nignore = ['FC1']\n",
        );
        let file = read(&source).unwrap();
        assert_eq!(
            shown(&file.dependencies),
            [
                "fastapi[]>=0.1",
                "uvicorn[\"standard\"]==0.30.6",
                "httpx[]>=0.27,<0.28",
                "redis[\"hiredis\"]>=5,<6",
                "mine[]",
                "odd[]?"
            ]
        );
        assert_eq!(source.slice(file.get("uvicorn").unwrap().specifiers_span), "==0.30.6");
        assert_eq!(
            file.groups.iter().map(|(name, all)| (name.as_str(), all.len())).collect::<Vec<_>>(),
            [("dev", 1), ("test", 1)]
        );
        assert_eq!(file.extras[0].1[0].name, "gunicorn");
        assert_eq!(file.python.as_ref().unwrap().1.to_string(), ">=3.11");
        assert_eq!(file.fastapi_entrypoint.as_ref().unwrap().text(), "a.b:c");
        assert_eq!(file.package_roots[0].text(), "src");
        assert!(
            file.declares_dependencies() && file.root.at(&["tool", "ferricorn", "check", "ignore"]).is_some()
        );
    }

    #[test]
    fn a_pipfile_is_read() {
        let text = "[packages]\nuvicorn = {extras = ['standard'], version = '==0.30.6'}\nflask = '*'\n[dev-packages]\npytest = '*'\n[requires]\npython_version = '3.11'\n";
        let file = read(&Source::of_text("Pipfile", text)).unwrap();
        assert_eq!(shown(&file.dependencies), ["uvicorn[\"standard\"]==0.30.6", "flask[]"]);
        assert_eq!(file.python.as_ref().unwrap().1.to_string(), "==3.11.*");
        let tools = read(&Source::of_text("pyproject.toml", "[tool.ruff]\nline-length = 100\n")).unwrap();
        assert!(!tools.declares_dependencies() && tools.dependencies.is_empty());
    }
}
