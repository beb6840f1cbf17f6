//! The files of a repository: which there are, and the texts of those that were read.
//!
//! Owns: [`Tree`] (the caller's files, by path) and [`Sources`] (each read once). Does not own: what the files mean.
//!
//! Invariant: a path is relative to the root, has `/` on every system, and neither `.` nor `..` in it ([`join`]).

use std::{collections::BTreeMap, rc::Rc};

use crate::text::{FileId, Source, Unreadable, offset};

/// Where the texts come from: a directory on the disk for the program, a map for a test.
pub trait Tree {
    /// Every file that may be read, with its path relative to the root.
    fn paths(&self) -> Vec<String>;

    /// The files called `.env` that git ignores, which are none of [`Self::paths`] (asked after them): an image that is built
    /// here gets them all the same.
    fn ignored_env(&self) -> Vec<String> {
        Vec::new()
    }

    /// The bytes of a file.
    fn read(&self, path: &str) -> Result<Vec<u8>, Unreadable>;
}

impl Tree for BTreeMap<String, Vec<u8>> {
    fn paths(&self) -> Vec<String> {
        self.keys().cloned().collect()
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, Unreadable> {
        self.get(path).cloned().ok_or_else(|| Unreadable::System("it is not there".to_owned()))
    }
}

/// The files that exist, and those that were read.
pub struct Sources {
    /// Sorted.
    paths: Vec<String>,
    /// Where in each of `paths` its last part begins.
    names: Vec<usize>,
    read: Vec<Rc<Source>>,
    by_path: BTreeMap<String, Option<FileId>>,
    unreadable: Vec<(String, Unreadable)>,
    ignored_env: Vec<String>,
}

impl Sources {
    /// Nothing read yet.
    pub fn new(tree: &dyn Tree) -> Self {
        let mut paths = tree.paths();
        paths.sort_unstable();
        paths.dedup();
        Self {
            names: names(&paths),
            paths,
            read: Vec::new(),
            by_path: BTreeMap::new(),
            unreadable: Vec::new(),
            ignored_env: tree.ignored_env(),
        }
    }

    /// The file at `path`, read at the first call. `None`: there is no such file, or it cannot be read, which becomes a
    /// notice ([`Self::unreadable`]).
    pub fn load(&mut self, tree: &dyn Tree, path: &str) -> Option<Rc<Source>> {
        if let Some(known) = self.by_path.get(path) {
            return known.map(|id| Rc::clone(&self.read[id.0 as usize]));
        }
        if !self.exists(path) {
            return None;
        }
        self.load_named(tree, path)
    }

    /// The same for a file that need not be one of the repository.
    pub(crate) fn load_named(&mut self, tree: &dyn Tree, path: &str) -> Option<Rc<Source>> {
        if let Some(known) = self.by_path.get(path) {
            return known.map(|id| Rc::clone(&self.read[id.0 as usize]));
        }
        let id = FileId(offset(self.read.len()));
        match tree.read(path).and_then(|bytes| Source::decode(id, path, &bytes)) {
            Ok(source) => {
                self.by_path.insert(path.to_owned(), Some(id));
                self.read.push(Rc::new(source));
                self.read.last().cloned()
            }
            Err(error) => {
                self.by_path.insert(path.to_owned(), None);
                self.unreadable.push((path.to_owned(), error));
                None
            }
        }
    }

    /// A file that was read.
    pub fn get(&self, id: FileId) -> &Source {
        &self.read[id.0 as usize]
    }

    /// A file that was read, by its path.
    pub fn at(&self, path: &str) -> Option<&Source> {
        self.by_path.get(path).copied().flatten().map(|id| self.get(id))
    }

    /// The files that were read.
    pub fn all_read(&self) -> impl Iterator<Item = &Source> {
        self.read.iter().map(Rc::as_ref)
    }

    /// The paths of all files whose name, the last part of the path, fits.
    pub fn named(&self, fits: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        let all = self.paths.iter().zip(&self.names);
        all.filter(move |(path, name)| fits(&path[**name..])).map(|(path, _)| path.as_str())
    }

    /// All files that exist, read or not, in the order of their paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().map(String::as_str)
    }

    /// Takes files out, as if they were not there.
    pub(crate) fn exclude(&mut self, is_meant: impl Fn(&str) -> bool) {
        self.paths.retain(|path| !is_meant(path));
        self.names = names(&self.paths);
    }

    /// Whether there is such a file.
    pub fn exists(&self, path: &str) -> bool {
        self.paths.binary_search_by(|known| known.as_str().cmp(path)).is_ok()
    }

    /// Whether there is such a file called `.env`, and git ignores it.
    pub fn is_ignored_env(&self, path: &str) -> bool {
        self.ignored_env.iter().any(|known| known == path)
    }

    /// Whether there is a file below this directory (`""` is the root).
    pub fn is_directory(&self, path: &str) -> bool {
        if path.is_empty() {
            return true;
        }
        let below = format!("{path}/");
        let first = self.paths.partition_point(|known| *known < below);
        self.paths.get(first).is_some_and(|first| first.starts_with(&below))
    }

    /// The files that were to be read and could not be, with the reason: notices, and no findings.
    pub fn unreadable(&self) -> &[(String, Unreadable)] {
        &self.unreadable
    }

    /// Notes that a file is not of its format, once.
    pub fn not_of_its_format(&mut self, path: &str, error: Unreadable) {
        if !self.unreadable.iter().any(|(known, _)| known == path) {
            self.unreadable.push((path.to_owned(), error));
        }
    }
}

/// Where the last part of each path begins.
fn names(paths: &[String]) -> Vec<usize> {
    paths.iter().map(|path| path.rfind('/').map_or(0, |at| at + 1)).collect()
}

/// Whether a path ends in `.` and this extension, which has no dot.
pub fn has_extension(path: &str, extension: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, found)| found == extension)
}

/// `path` as seen from `directory`, both relative to the root. `None` if it is absolute or leaves the root.
pub fn join(directory: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = directory.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside_the_root() {
        assert_eq!(join("apps/backend", "../x/./main.py").as_deref(), Some("apps/x/main.py"));
        assert_eq!(join("", "./").as_deref(), Some(""));
        assert_eq!(join("a", "../../b"), None);
        assert_eq!(join("a", "/app"), None);
    }

    #[test]
    fn a_file_is_read_once_and_a_bad_one_is_noted() {
        let tree: BTreeMap<String, Vec<u8>> =
            [("a/b.py".to_owned(), b"x".to_vec()), ("bad".to_owned(), vec![0])].into_iter().collect();
        let mut sources = Sources::new(&tree);
        let first = sources.load(&tree, "a/b.py").map(|source| source.id());
        assert_eq!(first, sources.load(&tree, "a/b.py").map(|source| source.id()));
        assert!(sources.load(&tree, "bad").is_none() && sources.load(&tree, "none").is_none());
        assert_eq!(sources.unreadable(), [("bad".to_owned(), Unreadable::Binary)]);
        assert!(sources.is_directory("a") && !sources.is_directory("a/b") && sources.is_directory(""));
    }
}
