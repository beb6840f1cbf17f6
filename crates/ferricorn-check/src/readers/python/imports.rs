//! Which name stands for what of which module.

use std::collections::BTreeMap;

use super::{
    Module,
    tree::{Expr, Line, Statement, walk},
};
use crate::{sources::join, text::Span};

/// What a name was imported from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The module, with the dots in front of a relative one.
    pub module: String,
    /// What of it; `None` for the module itself.
    pub name: Option<String>,
}

/// The names that the imports of a file bind, in functions too, and the modules of `from … import *`.
pub(super) fn of(statements: &[Statement]) -> (BTreeMap<String, Imported>, Vec<String>) {
    let mut imports = BTreeMap::new();
    let mut stars = Vec::new();
    walk(statements, &mut |statement, _| match &statement.kind {
        Line::Import(names) => {
            for (module, alias) in names {
                // `import a.b` binds `a`.
                let bound = alias.clone().unwrap_or_else(|| first(module).to_owned());
                let module = if alias.is_some() { module.clone() } else { bound.clone() };
                imports.insert(bound, Imported { module, name: None });
            }
        }
        Line::From { level, module, names } => {
            let module = format!("{}{module}", ".".repeat(*level));
            for (name, alias) in names {
                if name == "*" {
                    stars.push(module.clone());
                    continue;
                }
                let bound = alias.clone().unwrap_or_else(|| name.clone());
                imports.insert(bound, Imported { module: module.clone(), name: Some(name.clone()) });
            }
        }
        _ => {}
    });
    (imports, stars)
}

fn first(dotted: &str) -> &str {
    dotted.split('.').next().unwrap_or(dotted)
}

impl Module {
    /// What a name was imported from.
    pub fn imported(&self, name: &str) -> Option<&Imported> {
        self.imports.get(name)
    }

    /// The modules of `from … import *`.
    pub fn stars(&self) -> &[String] {
        &self.stars
    }

    /// The full name of `a.b.c`, with what `a` was imported from put in: `fastapi.FastAPI`, `os.environ.get`.
    pub fn full_name(&self, expression: &Expr) -> Option<String> {
        let dotted = expression.dotted()?;
        let bound = first(&dotted);
        let rest = &dotted[bound.len()..];
        Some(match self.imports.get(bound) {
            Some(Imported { module, name: Some(name) }) => format!("{module}.{name}{rest}"),
            Some(Imported { module, name: None }) => format!("{module}{rest}"),
            None => dotted,
        })
    }

    /// The modules that are imported for sure when the file is: absolute ones, outside `if`, `try` and functions, each with
    /// its statement.
    pub fn unconditional_imports(&self) -> Vec<(String, Span)> {
        let mut found = Vec::new();
        for statement in &self.statements {
            match &statement.kind {
                Line::Import(names) => {
                    found.extend(names.iter().map(|(module, _)| (module.clone(), statement.span)));
                }
                Line::From { level: 0, module, .. } => found.push((module.clone(), statement.span)),
                _ => {}
            }
        }
        found
    }

    /// The files of the repository that this one imports, as far as `exists` knows them. `roots` are the directories from
    /// which absolute imports are looked up.
    pub fn local_imports(&self, roots: &[&str], exists: &dyn Fn(&str) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        let mut modules: Vec<String> = self.stars.clone();
        walk(&self.statements, &mut |statement, _| match &statement.kind {
            Line::Import(names) => modules.extend(names.iter().map(|(module, _)| module.clone())),
            Line::From { level, module, names } => {
                let dots = ".".repeat(*level);
                modules.push(format!("{dots}{module}"));
                // What is imported may be a module of its own.
                let dot = if module.is_empty() { "" } else { "." };
                modules.extend(names.iter().map(|(name, _)| format!("{dots}{module}{dot}{name}")));
            }
            _ => {}
        });
        for module in modules {
            let file = candidates(&self.path, &module, roots).into_iter().find(|path| exists(path));
            found.extend(file.filter(|file| !found.contains(file)));
        }
        found
    }
}

/// Where a module of the repository may lie, the likeliest first. `module` has dots in front if it is relative to the file
/// `from`; otherwise it is looked up in each of `roots`.
pub fn candidates(from: &str, module: &str, roots: &[&str]) -> Vec<String> {
    let level = module.len() - module.trim_start_matches('.').len();
    let path = module[level..].replace('.', "/");
    let directories: Vec<String> = if level > 0 {
        let own = from.rsplit_once('/').map_or("", |(directory, _)| directory);
        join(own, &"../".repeat(level - 1)).into_iter().collect()
    } else {
        roots.iter().map(|root| (*root).to_owned()).collect()
    };
    let mut found = Vec::new();
    for directory in directories {
        let base = [directory.as_str(), path.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("/");
        if !path.is_empty() {
            found.push(format!("{base}.py"));
        }
        found.push(if base.is_empty() { "__init__.py".to_owned() } else { format!("{base}/__init__.py") });
    }
    found
}
