//! From a name to the file of the repository that it comes from.

use std::rc::Rc;

use super::collect::{Collector, DEEPEST};
use crate::readers::python::{
    Imported, Module, candidates,
    tree::{Expr, Line},
};

impl Collector<'_> {
    /// The module and the name there of something that is imported from a file of the repository: `router` of
    /// `from .users import router`, `users.router` of `from . import users`.
    pub(super) fn elsewhere(&mut self, module: &Module, dotted: &str) -> Option<(Rc<Module>, String)> {
        let (first, rest) =
            dotted.split_once('.').map_or((dotted, None), |(first, rest)| (first, Some(rest)));
        let Imported { module: from, name } = module.imported(first)?.clone();
        match (name, rest) {
            (Some(name), None) => {
                let found = self.load_module(&module.path, &from)?;
                // A package may hand on what it imports itself.
                if found.defines(&name) == Some(true) && found.imported(&name).is_some() {
                    return self.handed_on(&found, &name, 0);
                }
                Some((found, name))
            }
            (Some(name), Some(rest)) => {
                let dot = if from.ends_with('.') { "" } else { "." };
                let found = self.load_module(&module.path, &format!("{from}{dot}{name}"))?;
                self.last(found, rest)
            }
            (None, Some(rest)) => {
                let (modules, name) =
                    rest.rsplit_once('.').map_or(("", rest), |(modules, name)| (modules, name));
                let dot = if modules.is_empty() { "" } else { "." };
                let found = self.load_module(&module.path, &format!("{from}{dot}{modules}"))?;
                self.last(found, name)
            }
            (None, None) => None,
        }
    }

    fn last(&mut self, module: Rc<Module>, name: &str) -> Option<(Rc<Module>, String)> {
        if name.contains('.') {
            return None;
        }
        if module.imported(name).is_some() {
            return self.handed_on(&module, name, 0);
        }
        Some((module, name.to_owned()))
    }

    fn handed_on(&mut self, module: &Module, name: &str, depth: u32) -> Option<(Rc<Module>, String)> {
        let Imported { module: from, name: original } = module.imported(name)?.clone();
        let original = original?;
        let found = self.load_module(&module.path, &from)?;
        if depth < DEEPEST && found.imported(&original).is_some() {
            return self.handed_on(&found, &original, depth + 1);
        }
        Some((found, original))
    }

    fn load_module(&mut self, from: &str, module: &str) -> Option<Rc<Module>> {
        candidates(from, module, self.roots).into_iter().find_map(|path| (self.load)(&path))
    }

    /// The module and the name of a function that is called.
    pub(super) fn function(&mut self, module: &Rc<Module>, function: &Expr) -> Option<(Rc<Module>, String)> {
        let dotted = function.dotted()?;
        let own = module
            .statements
            .iter()
            .any(|one| matches!(&one.kind, Line::Function(own) if own.name == dotted));
        if own { Some((Rc::clone(module), dotted)) } else { self.elsewhere(module, &dotted) }
    }
}
