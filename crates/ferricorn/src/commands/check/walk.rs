//! The files of a repository on the disk.
//!
//! Owns: which files are looked at. Ignored ones ([`Ignored`]) and what others have written (virtual environments,
//! `node_modules`, `.git`) are not; symbolic links are not followed.
//!
//! Theory of operation: each directory is read once, and nothing is asked about a file, because the directory says what it
//! is. `ignore`'s own walk allocates and asks more for each file, which took longer than all reading and all rules.

use std::{
    cell::RefCell,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use ferricorn_check::{MOST_BYTES, Tree, Unreadable};

use super::ignored::{self, Ignored};

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
    /// Files called `.env` that git ignores, as the last walk has seen them.
    ignored_env: RefCell<Vec<String>>,
}

impl Disk {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root, ignored_env: RefCell::default() }
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
        let ignored = Ignored::above(&self.root);
        let mut walk = Walk { path: self.root.clone(), ignored, found: Vec::new(), ignored_env: Vec::new() };
        walk.directory("");
        self.ignored_env.replace(walk.ignored_env);
        walk.found
    }

    fn ignored_env(&self) -> Vec<String> {
        self.ignored_env.borrow().clone()
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

/// A walk on its way.
struct Walk {
    /// The directory that is looked at.
    path: PathBuf,
    ignored: Ignored,
    /// The files so far, relative to the root.
    found: Vec<String>,
    /// Those called `.env` that git ignores.
    ignored_env: Vec<String>,
}

impl Walk {
    /// Looks at `self.path`. `below` is the same seen from the root, with a slash behind it; `""` is the root itself.
    fn directory(&mut self, below: &str) {
        // A directory that cannot be read has no files for us, as for the platform.
        let Ok(entries) = fs::read_dir(&self.path) else { return };
        // A slash behind the name of a directory: the order of these is that of the whole paths.
        let mut names: Vec<String> = Vec::new();
        for entry in entries.flatten() {
            let (Ok(kind), Ok(mut name)) = (entry.file_type(), entry.file_name().into_string()) else {
                continue;
            };
            if kind.is_dir() {
                name.push('/');
            }
            if kind.is_dir() || kind.is_file() {
                names.push(name);
            }
        }
        let has = |name: &str| names.iter().any(|it| it == name);
        // A virtual environment may have any name.
        if !below.is_empty() && has("pyvenv.cfg") {
            return;
        }
        let depth = self.ignored.depth();
        if has(ignored::FILE) {
            self.ignored.read(&self.path, &self.path.join(ignored::FILE));
        }
        names.sort_unstable();
        for name in &names {
            self.entry(below, name);
        }
        self.ignored.forget(depth);
    }

    fn entry(&mut self, below: &str, name: &str) {
        let directory = name.strip_suffix('/');
        if directory.is_some_and(|name| FOREIGN.contains(&name)) {
            return;
        }
        // The path in full is for directories and patterns alone.
        if directory.is_none() && self.ignored.depth() == 0 {
            self.found.push([below, name].concat());
            return;
        }
        self.path.push(directory.unwrap_or(name));
        let path = [below, name].concat();
        match (self.ignored.has(&self.path, directory.is_some()), directory) {
            (false, Some(_)) => self.directory(&path),
            (false, None) => self.found.push(path),
            (true, None) if name == ".env" => self.ignored_env.push(path),
            (true, _) => {}
        }
        self.path.pop();
    }
}

/// The repository in which a directory lies, or the directory itself if it lies in none.
pub(super) fn repository_around(directory: &Path) -> PathBuf {
    ignored::repository_of(directory).unwrap_or(directory).to_owned()
}
