//! The file that names the master's pid, for scripts that signal it.
//!
//! Invariants: a reader sees a whole number or the old one, never half of it; the file of another process is neither
//! overwritten while that one lives nor removed.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

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
    path: PathBuf,
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
        let failed = |source| PidFileError::Io { path: path.to_owned(), source };
        // Absolute, so that a later change of directory does not matter.
        let path = std::path::absolute(path).map_err(failed)?;
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{}", pid()));
        let write = || {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o644).open(&beside)?;
            file.write_all(format!("{}\n", pid()).as_bytes())?;
            fs::rename(&beside, &path)
        };
        match write() {
            Ok(()) => Ok(Self { path }),
            Err(error) => {
                let _may_not_be_there = fs::remove_file(&beside);
                Err(failed(error))
            }
        }
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
    // EPERM: it lives and is somebody else's.
    result == 0 || io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}
