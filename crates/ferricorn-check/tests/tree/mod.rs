//! The files of an example set, as `check` takes them.

use std::{collections::BTreeMap, fs, path::Path};

/// Where the example sets are.
pub(crate) const SETS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sets");

/// The content of each file by its path from the root of a set.
pub(crate) type Tree = BTreeMap<String, Vec<u8>>;

/// Reads every file of a set.
pub(crate) fn read(root: &Path) -> Tree {
    let mut tree = Tree::new();
    collect(root, root, &mut tree);
    tree
}

fn collect(directory: &Path, root: &Path, into: &mut Tree) {
    for entry in fs::read_dir(directory).expect("a set is a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, root, into);
        } else if let Ok(relative) = path.strip_prefix(root) {
            let name = relative.to_string_lossy().replace('\\', "/");
            into.insert(name, fs::read(&path).expect("a file of a set"));
        }
    }
}
