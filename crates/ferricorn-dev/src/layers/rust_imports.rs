//! The imports of a Rust crate, room by room, read from its source text with `syn`.
//!
//! A room is a module right below the crate's root: a file or a folder. The root file is the room [`ROOF`]; what it
//! re-exports belongs to the room that defines it. Tests and `#[cfg(doc)]` do not count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::graph::Arrows;
use crate::failure::Failure;

/// The room of `lib.rs` or `main.rs`.
pub(crate) const ROOF: &str = "lib";

/// Reads the arrows between the rooms of the crate whose sources lie in `folder`.
pub(crate) fn arrows(folder: &Path) -> Result<Arrows, Failure> {
    let files = super::files(folder, "rs")?;
    let mut parsed = Vec::new();
    for file in files {
        let text = fs::read_to_string(folder.join(&file));
        let text =
            text.map_err(|error| Failure::new(format!("cannot read `{}`: {error}", file.display())))?;
        let tree = syn::parse_file(&text);
        let tree =
            tree.map_err(|error| Failure::new(format!("cannot parse `{}`: {error}", file.display())))?;
        parsed.push((file, tree));
    }
    let rooms: BTreeSet<String> = parsed.iter().map(|(file, _)| room(file)).collect();
    let reexports = parsed
        .iter()
        .filter(|(file, _)| room(file) == ROOF)
        .flat_map(|(_, tree)| reexports(tree, &rooms))
        .collect();
    let mut arrows = Arrows::new();
    for (file, tree) in &parsed {
        let from = room(file);
        let mut imports = Imports { module: module(file), found: BTreeSet::new() };
        imports.visit_file(tree);
        for path in imports.found {
            let to = target(&path, &rooms, &reexports);
            if to != from && from != ROOF {
                arrows.entry((from.clone(), to)).or_default().insert(file.display().to_string());
            }
        }
    }
    Ok(arrows)
}

/// The room that a file belongs to: its first folder, or its own name.
fn room(file: &Path) -> String {
    let module = module(file);
    module.first().cloned().unwrap_or_else(|| ROOF.to_owned())
}

/// The module path of a file: `a/b.rs` and `a/b/mod.rs` are `a::b`.
fn module(file: &Path) -> Vec<String> {
    let path = file.with_extension("");
    let mut parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let last = parts.last().map(String::as_str);
    if last == Some("mod") || parts.len() == 1 && matches!(last, Some("lib" | "main")) {
        parts.pop();
    }
    parts
}

/// The room that an absolute path (without `crate`) leads to.
fn target(path: &[String], rooms: &BTreeSet<String>, reexports: &BTreeMap<String, String>) -> String {
    let Some(first) = path.first() else { return ROOF.to_owned() };
    if rooms.contains(first) {
        return first.clone();
    }
    reexports.get(first).cloned().unwrap_or_else(|| ROOF.to_owned())
}

/// The names that the root file takes from a room, with that room.
fn reexports(tree: &syn::File, rooms: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for item in &tree.items {
        let syn::Item::Use(item) = item else { continue };
        for path in flatten(&item.tree) {
            let path: Vec<String> =
                path.into_iter().filter(|part| part != "crate" && part != "self").collect();
            if let [first, .., last] = path.as_slice()
                && rooms.contains(first)
            {
                found.insert(last.clone(), first.clone());
            }
        }
    }
    found
}

/// Collects absolute paths inside the crate, without their `crate`.
struct Imports {
    module: Vec<String>,
    found: BTreeSet<Vec<String>>,
}

impl Imports {
    fn note(&mut self, path: &[String]) {
        match path.first().map(String::as_str) {
            Some("crate") => {
                self.found.insert(path[1..].to_vec());
            }
            Some("super") => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let stay = self.module.len().saturating_sub(ups);
                let absolute = self.module[..stay].iter().chain(&path[ups..]).cloned().collect();
                self.found.insert(absolute);
            }
            _ => {}
        }
    }

    /// Paths in the arguments of macros, which `syn` leaves as tokens.
    fn note_tokens(&mut self, tokens: TokenStream) {
        let mut path = Vec::new();
        for token in tokens {
            match token {
                TokenTree::Ident(name) => path.push(name.to_string()),
                TokenTree::Punct(mark) if mark.as_char() == ':' => {}
                TokenTree::Group(group) => self.note_tokens(group.stream()),
                _ => {
                    self.note(&path);
                    path.clear();
                }
            }
        }
        self.note(&path);
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        if !is_conditional(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        for path in flatten(&item.tree) {
            self.note(&path);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let parts: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        self.note(&parts);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.note_tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether an item is compiled only for tests or for documentation.
fn is_conditional(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return false };
        list.path.is_ident("cfg") && matches!(list.tokens.to_string().as_str(), "test" | "doc")
    })
}

/// Every path of a `use` tree; a renamed one by its own name, a glob without its star.
fn flatten(tree: &syn::UseTree) -> Vec<Vec<String>> {
    match tree {
        syn::UseTree::Path(path) => {
            let rest = flatten(&path.tree);
            rest.into_iter().map(|rest| [vec![path.ident.to_string()], rest].concat()).collect()
        }
        syn::UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        syn::UseTree::Rename(rename) => vec![vec![rename.ident.to_string()]],
        syn::UseTree::Glob(_) => vec![Vec::new()],
        syn::UseTree::Group(group) => group.items.iter().flat_map(flatten).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(module: &[&str], text: &str) -> Vec<String> {
        let module = module.iter().map(|part| (*part).to_owned()).collect();
        let mut imports = Imports { module, found: BTreeSet::new() };
        imports.visit_file(&syn::parse_file(text).expect("the text is Rust"));
        imports.found.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn imports_calls_and_macros_are_found_and_tests_are_not() {
        let text = "use crate::{a::B, c}; use super::super::d::E; fn f() { crate::g::h(); say!(crate::i::J, 1) } \
                    #[cfg(test)] mod tests { use crate::never; } #[cfg(doc)] use crate::neither;";
        assert_eq!(found(&["room", "file"], text), ["a::B", "c", "d::E", "g::h", "i::J"]);
    }

    #[test]
    fn a_file_belongs_to_its_first_folder() {
        assert_eq!(room(Path::new("a/b.rs")), "a");
        assert_eq!(room(Path::new("a.rs")), "a");
        assert_eq!(room(Path::new("lib.rs")), ROOF);
        assert_eq!(module(Path::new("a/mod.rs")), ["a"]);
    }
}
