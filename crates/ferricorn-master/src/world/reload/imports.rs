//! What an application that is worked on imports from elsewhere, for the template that has it ready.
//!
//! Owns: the list, and what of it a template was told. Does not own: what is the application's own (its worker says that).

use std::collections::BTreeSet;

/// The most of their names that one message holds, in bytes. Whatever is left out is imported by each worker.
const MOST: usize = 80 * 1024;

/// The modules, in the order in which workers have imported them.
#[derive(Debug, Default)]
pub(super) struct Imports {
    /// A template is wanted at all.
    is_wanted: bool,
    modules: Vec<String>,
    known: BTreeSet<String>,
    /// How many of them the last template was told.
    taken: usize,
}

impl Imports {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { is_wanted, ..Self::default() }
    }

    /// A worker has imported these. Whether the last template was not told of all that is known by now.
    pub(super) fn told(&mut self, modules: Vec<String>) -> bool {
        let new = modules.into_iter().filter(|module| self.known.insert(module.clone()));
        self.modules.extend(new);
        self.is_wanted && self.taken < self.modules.len()
    }

    /// All of them, for a new template.
    pub(super) fn take(&mut self) -> Vec<String> {
        self.taken = self.modules.len();
        let mut left = MOST;
        let fits = self.modules.iter().take_while(|module| {
            // With its quotation marks and its comma.
            let fits = module.len() + 3 <= left;
            left = left.saturating_sub(module.len() + 3);
            fits
        });
        fits.cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_template_lacks_what_was_imported_since_it_was_told() {
        let mut imports = Imports::new(true);
        assert!(imports.told(names(&["fastapi", "starlette"])));
        assert_eq!(imports.take(), ["fastapi", "starlette"]);
        assert!(!imports.told(names(&["starlette"])));
        assert!(imports.told(names(&["starlette", "numpy"])));
        assert_eq!(imports.take(), ["fastapi", "starlette", "numpy"]);
        assert!(!Imports::new(false).told(names(&["fastapi"])));
    }

    #[test]
    fn more_names_than_a_message_holds_are_left_out() {
        let mut imports = Imports::new(true);
        let many: Vec<String> = (0..10_000).map(|number| format!("package.module_{number}")).collect();
        assert!(imports.told(many));
        let taken = imports.take();
        assert!(taken.len() > 1_000 && taken.iter().map(|it| it.len() + 3).sum::<usize>() <= MOST);
        assert!(!imports.told(Vec::new()));
    }
}
