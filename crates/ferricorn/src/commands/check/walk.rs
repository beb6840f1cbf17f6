//! The files of a repository on the disk.
//!
//! Owns: which files are looked at. Ignored ones (`.gitignore`) and what others have written (virtual environments,
//! `node_modules`, `.git`) are not; symbolic links are not followed.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use ferricorn_check::{MOST_BYTES, Tree, Unreadable};
use ignore::{DirEntry, WalkBuilder};

/// Directories that hold what others have written.
const FOREIGN: [&str; 11] = [
    ".git",
    ".hg",
    ".svn",
    ".venv",
    "venv",
    "node_modules",
    "site-packages",
    "__pycache__",
    ".tox",
    ".nox",
    ".mypy_cache",
];

/// A directory and all below it.
pub(super) struct Disk {
    root: PathBuf,
}

impl Disk {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The directory that is looked at.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Where a file is on the disk.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }
}

impl Tree for Disk {
    fn paths(&self) -> Vec<String> {
        let walk = WalkBuilder::new(&self.root)
            .hidden(false)
            .require_git(false)
            .ignore(false)
            .filter_entry(|entry| !is_foreign(entry))
            .build();
        let files = walk.flatten().filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
        // Every path begins with the root as it is written there, so there is nothing to compare part by part.
        let root = self.root.as_os_str().as_encoded_bytes();
        let relative = |entry: DirEntry| {
            let below = entry.path().as_os_str().as_encoded_bytes().strip_prefix(root)?;
            Some(std::str::from_utf8(below).ok()?.trim_start_matches('/').to_owned())
        };
        files.filter_map(relative).collect()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, Unreadable> {
        let file = File::open(self.root.join(path)).map_err(|error| Unreadable::System(error.to_string()))?;
        // One byte more says that it is too large.
        let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX).saturating_add(1);
        let length = file.metadata().map_or(0, |metadata| metadata.len().saturating_add(1));
        let mut bytes = Vec::with_capacity(usize::try_from(length.min(most)).unwrap_or_default());
        file.take(most).read_to_end(&mut bytes).map_err(|error| Unreadable::System(error.to_string()))?;
        Ok(bytes)
    }
}

fn is_foreign(entry: &DirEntry) -> bool {
    let directory = entry.file_type().is_some_and(|kind| kind.is_dir());
    let name = entry.file_name().to_str().unwrap_or_default();
    // A virtual environment may have any name.
    directory && entry.depth() > 0 && (FOREIGN.contains(&name) || entry.path().join("pyvenv.cfg").exists())
}

/// The repository in which a directory lies: the next one upwards with a `.git`; otherwise the directory itself.
pub(super) fn repository_around(directory: &Path) -> PathBuf {
    let found = directory.ancestors().find(|directory| directory.join(".git").exists());
    found.unwrap_or(directory).to_owned()
}
