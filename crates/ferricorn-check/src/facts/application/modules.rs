//! The modules of the repository, each read once.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use crate::{
    facts::Gather,
    readers::python::{
        self, Module,
        routes::{self, Table},
    },
};

/// How many modules of an application are read.
const MOST: usize = 400;

#[derive(Default)]
pub(super) struct Modules {
    read: BTreeMap<String, Option<Rc<Module>>>,
}

impl Modules {
    /// A module of the repository.
    pub(super) fn load(&mut self, gather: &mut Gather<'_>, path: &str) -> Option<Rc<Module>> {
        if let Some(known) = self.read.get(path) {
            return known.clone();
        }
        let module = gather.load(path).map(|source| Rc::new(python::read(&source)));
        self.read.insert(path.to_owned(), module.clone());
        module
    }

    /// What an application of a module serves.
    pub(super) fn table(&mut self, gather: &mut Gather<'_>, path: &str, name: &str, roots: &[&str]) -> Table {
        routes::table(path, name, roots, &mut |path| self.load(gather, path))
    }

    /// A module with all those of the repository that it imports, and those that they import.
    pub(super) fn followed(
        &mut self,
        gather: &mut Gather<'_>,
        first: &Rc<Module>,
        roots: &[&str],
    ) -> Vec<Rc<Module>> {
        let mut found = vec![Rc::clone(first)];
        let mut waiting = VecDeque::from([Rc::clone(first)]);
        while let Some(module) = waiting.pop_front() {
            let imports = module.local_imports(roots, &|path| gather.facts.sources.exists(path));
            for path in imports {
                if found.len() >= MOST || found.iter().any(|known| known.path == path) {
                    continue;
                }
                if let Some(next) = self.load(gather, &path) {
                    found.push(Rc::clone(&next));
                    waiting.push_back(next);
                }
            }
        }
        found
    }
}
