//! What git ignores: the patterns of `.gitignore`, of `.git/info/exclude` and of the user.
//!
//! Owns: which of these files hold for a path, and which of them wins. Does not own: what a pattern means (`ignore`), nor
//! the walk.
//!
//! Invariant: the last file of the list wins, and the list grows from the repository's root downwards.

use std::path::{Path, PathBuf};

use ignore::{
    Match,
    gitignore::{Gitignore, GitignoreBuilder},
};

/// The name of the file with patterns.
pub(super) const FILE: &str = ".gitignore";

/// The repository in which a directory lies: the next one upwards with a `.git`. `None`: it lies in none.
pub(super) fn repository_of(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|directory| directory.join(".git").exists())
}

/// The patterns that hold for one directory.
pub(super) struct Ignored {
    files: Vec<Gitignore>,
}

impl Ignored {
    /// What holds above `root`: the patterns of the user, and those of the repository that it lies in.
    pub(super) fn above(root: &Path) -> Self {
        let mut all = Self { files: Vec::new() };
        all.add(GitignoreBuilder::new(root).build_global().0);
        let Some(repository) = repository_of(root) else { return all };
        all.read(repository, &repository.join(".git/info/exclude"));
        let between = root.ancestors().skip(1).take_while(|directory| directory.starts_with(repository));
        let between: Vec<PathBuf> = between.map(Path::to_owned).collect();
        for directory in between.iter().rev() {
            all.read(directory, &directory.join(FILE));
        }
        all
    }

    /// Adds the patterns of a file, relative to `directory`. A file that cannot be read, or a pattern that means nothing, is
    /// left out, as git leaves it out.
    pub(super) fn read(&mut self, directory: &Path, file: &Path) {
        let mut builder = GitignoreBuilder::new(directory);
        builder.add(file);
        self.add(builder.build().unwrap_or_else(|_| Gitignore::empty()));
    }

    fn add(&mut self, patterns: Gitignore) {
        if !patterns.is_empty() {
            self.files.push(patterns);
        }
    }

    /// How many files there are.
    pub(super) fn depth(&self) -> usize {
        self.files.len()
    }

    /// Forgets the files that were added since there were `depth`.
    pub(super) fn forget(&mut self, depth: usize) {
        self.files.truncate(depth);
    }

    /// Whether a path is ignored. Its directory is not.
    pub(super) fn has(&self, path: &Path, directory: bool) -> bool {
        let mut said = self.files.iter().rev().map(|patterns| patterns.matched(path, directory));
        matches!(said.find(|it| !it.is_none()), Some(Match::Ignore(_)))
    }
}
