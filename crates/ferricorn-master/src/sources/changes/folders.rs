//! What to watch: the folders that hold an application's own code, and the files in them.
//!
//! Owns: which folders and files are looked at. Does not own: which of their changes matter ([`super::files`]).
//!
//! Invariant: what `.gitignore` and `.ignore` name, hidden folders, environments and caches are neither looked at nor watched,
//! however large they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{DefaultHasher, Hasher},
    path::{Path, PathBuf},
    time::SystemTime,
};

use ferricorn_config::Reload;
use ignore::{
    DirEntry, WalkBuilder,
    gitignore::{Gitignore, GitignoreBuilder},
};

/// Folders of others' code, or of none.
const FOREIGN: [&str; 4] = ["node_modules", "__pycache__", "site-packages", "dist-packages"];

/// What is looked at.
#[derive(Debug)]
pub(super) struct Folders {
    roots: Vec<PathBuf>,
    includes: Gitignore,
    excludes: Gitignore,
}

/// What was found at one look.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) folders: BTreeSet<PathBuf>,
    pub(super) files: BTreeMap<PathBuf, Stamp>,
}

/// By what it is seen that a file may have changed, without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Folders {
    /// What these settings name, by paths without links.
    pub(super) fn new(reload: &Reload) -> Self {
        let plain = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
        let mut roots: Vec<PathBuf> = reload.dirs.iter().map(plain).collect();
        let base = roots.first().cloned().unwrap_or_default();
        // A folder that is named is one more to look through, in which every file counts.
        let named = reload.includes.iter().map(|it| base.join(it)).filter(|it| it.is_dir());
        roots.extend(named.map(|it| plain(&it)));
        let matcher = |patterns: &[String]| {
            let mut builder = GitignoreBuilder::new(&base);
            for pattern in patterns {
                // What is no pattern matches nothing.
                let _ = builder.add_line(None, pattern);
            }
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        };
        Self { includes: matcher(&reload.includes), excludes: matcher(&reload.excludes), roots }
    }

    pub(super) fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Looks through all of them.
    pub(super) fn look(&self) -> Found {
        let mut found = Found::default();
        for root in &self.roots {
            let excludes = self.excludes.clone();
            let walk = WalkBuilder::new(root)
                .require_git(false)
                .git_global(false)
                .filter_entry(move |entry| {
                    is_own(entry) && !matches(&excludes, entry.path(), is_folder(entry))
                })
                .build();
            // What cannot be read cannot be imported.
            for entry in walk.flatten() {
                if is_folder(&entry) {
                    found.folders.insert(entry.into_path());
                } else if self.counts(entry.path())
                    && let Ok(metadata) = entry.metadata()
                {
                    let stamp = Stamp { modified: metadata.modified().ok(), length: metadata.len() };
                    found.files.insert(entry.into_path(), stamp);
                }
            }
        }
        found
    }

    /// Whether a file is of a kind that counts.
    pub(super) fn counts(&self, file: &Path) -> bool {
        let is_python = file.extension().is_some_and(|extension| extension == "py");
        (is_python || self.is_included(file)) && !self.is_excluded(file)
    }

    /// Whether a pattern rules a file out, also if the application imports it.
    pub(super) fn is_excluded(&self, file: &Path) -> bool {
        matches(&self.excludes, file, false)
    }

    /// Whether a pattern names a file.
    pub(super) fn is_included(&self, file: &Path) -> bool {
        !is_litter(file) && matches(&self.includes, file, false)
    }
}

/// A number that stands for what a file holds; `None` if it cannot be read.
pub(super) fn content(file: &Path) -> Option<u64> {
    let bytes = std::fs::read(file).ok()?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&bytes);
    Some(hasher.finish())
}

fn matches(patterns: &Gitignore, path: &Path, is_folder: bool) -> bool {
    path.starts_with(patterns.path()) && patterns.matched_path_or_any_parents(path, is_folder).is_ignore()
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// Whether it is no folder of others' code.
fn is_own(entry: &DirEntry) -> bool {
    if entry.depth() == 0 || !is_folder(entry) {
        return true;
    }
    let is_foreign = entry.file_name().to_str().is_some_and(|name| FOREIGN.contains(&name));
    !is_foreign && !entry.path().join("pyvenv.cfg").exists()
}

/// What editors leave for a moment.
fn is_litter(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name == "4913" || name.ends_with('~') || name.starts_with(".#") || name.ends_with("___jb_tmp___")
}
