//! Watching the application's files during development.

use std::{path::PathBuf, time::Duration};

/// What is watched, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload {
    /// The folders, absolute; at least one, and neither the root nor a home folder.
    pub dirs: Vec<PathBuf>,
    /// Patterns, or folders, of more files than those of Python.
    pub includes: Vec<String>,
    /// Patterns, or folders, of files that do not count.
    pub excludes: Vec<String>,
    /// Files that count wherever they are, absolute.
    pub extra_files: Vec<PathBuf>,
    /// How changes are noticed.
    pub engine: ReloadEngine,
    /// How long files must be quiet after a change.
    pub delay: Duration,
    /// Whether a process keeps what the code imports from elsewhere, and workers are forked from it.
    pub warm: bool,
}

/// How changes of files are noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReloadEngine {
    /// By events, unless the file system has none.
    Auto,
    /// By looking again and again.
    Poll,
    /// By events.
    Inotify,
}
