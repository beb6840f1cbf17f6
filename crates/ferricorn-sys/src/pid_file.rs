//! The file that names the master's pid, for scripts that signal it.
//!
//! Invariants: a reader sees a whole number or the old one, never half of it; the file of another process is neither
//! overwritten while that one lives nor removed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::pid;

/// Why the file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PidFileError {
    /// The process that it names lives. gunicorn's words.
    #[error("Already running on PID {pid} (or pid file '{}' is stale)", path.display())]
    AlreadyRunning {
        /// The file.
        path: PathBuf,
        /// What it names.
        pid: i32,
    },
    /// The system refused.
    #[error("cannot write the pid file `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Our pid in a file. Removed on drop, if it still names us.
#[derive(Debug)]
pub struct PidFile {
    /// Absolute; empty when the file is another value's by now.
    path: PathBuf,
}

/// How many were prepared.
static PREPARED: AtomicU32 = AtomicU32::new(0);

/// A pid file that is written, but beside its place. Removed on drop.
#[derive(Debug)]
pub struct PreparedPidFile {
    path: PathBuf,
    beside: PathBuf,
}

impl PidFile {
    /// Writes the file; what a process that is gone has left is replaced.
    pub fn create(path: &Path) -> Result<Self, PidFileError> {
        Self::check(path)?;
        Self::take_over(path)
    }

    /// Whether the file names another process that lives.
    pub fn check(path: &Path) -> Result<(), PidFileError> {
        match read(path) {
            Some(other) if other != own() && is_alive(other) => {
                Err(PidFileError::AlreadyRunning { path: path.to_owned(), pid: other })
            }
            _ => Ok(()),
        }
    }

    /// Writes the file over whatever it holds: another master has handed the service over to us.
    pub fn take_over(path: &Path) -> Result<Self, PidFileError> {
        PreparedPidFile::write(path)?.rename()
    }
}

impl PreparedPidFile {
    /// Writes the file beside its place, unless it names another process that lives. Nobody sees it there.
    pub fn new(path: &Path) -> Result<Self, PidFileError> {
        PidFile::check(path)?;
        Self::write(path)
    }

    fn write(path: &Path) -> Result<Self, PidFileError> {
        let failed = |source| PidFileError::Io { path: path.to_owned(), source };
        // Absolute, so that a later change of directory does not matter.
        let path = std::path::absolute(path).map_err(failed)?;
        // One that is prepared while another one is must not share its fate.
        let number = PREPARED.fetch_add(1, Ordering::Relaxed);
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{}.{number}", pid()));
        let prepared = Self { path, beside: beside.into() };
        let opened =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&prepared.beside);
        opened.and_then(|mut file| file.write_all(format!("{}\n", pid()).as_bytes())).map_err(failed)?;
        Ok(prepared)
    }

    /// Puts the file into its place, over whatever is there, and removes the one that was `ours` before. On an error that
    /// one stays.
    pub fn put(self, ours: &mut Option<PidFile>) -> Result<(), PidFileError> {
        let new = self.rename()?;
        if let Some(mut old) = ours.replace(new)
            && old.path == self.path
        {
            // It was replaced just now, and must not be removed.
            old.path.clear();
        }
        Ok(())
    }

    fn rename(&self) -> Result<PidFile, PidFileError> {
        fs::rename(&self.beside, &self.path)
            .map_err(|source| PidFileError::Io { path: self.path.clone(), source })?;
        Ok(PidFile { path: self.path.clone() })
    }
}

impl Drop for PreparedPidFile {
    fn drop(&mut self) {
        let _in_its_place_or_never_made = fs::remove_file(&self.beside);
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if read(&self.path) == Some(own()) {
            let _gone_or_forbidden = fs::remove_file(&self.path);
        }
    }
}

/// The pid that a file names; none if there is no file, or no pid in it.
pub fn read(path: &Path) -> Option<i32> {
    fs::read_to_string(path).ok()?.trim().parse().ok().filter(|pid| *pid > 0)
}

fn own() -> i32 {
    i32::try_from(pid()).expect("a pid_t comes from an i32")
}

fn is_alive(pid: i32) -> bool {
    // SAFETY: a syscall without pointers; signal 0 is only looked whether it could be sent.
    let result = unsafe { libc::kill(pid, 0) };
    // EPERM: it lives and belongs to another user.
    result == 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}
