//! The input of resolving: what the user gave, and facts about this machine.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{FileContent, Given};
use crate::settings::PythonFile;

/// What resolving needs to know of the machine and the process.
pub struct Facts<'a> {
    /// The directory that the program was started in.
    pub current_directory: PathBuf,
    /// How many processors may be used (`--workers auto`).
    pub processors: u16,
    /// The memory that the service may take (`--max-worker-memory 40%`); `None` if that cannot be known.
    pub memory: Option<MemoryLimit>,
    /// Whether there is such a directory.
    pub is_directory: &'a dyn Fn(&Path) -> bool,
    /// The users and groups of the system.
    pub accounts: &'a dyn Accounts,
    /// The text of a file (`--env-file`).
    pub read_file: &'a dyn Fn(&Path) -> io::Result<String>,
}

/// Everything that was given, in all places but the environment.
#[derive(Clone, Debug, Default)]
pub struct Input {
    /// The application as the command line names it, if it does.
    pub app: Option<String>,
    /// The options of `GUNICORN_CMD_ARGS` and of the command line.
    pub given: Vec<Given>,
    /// What the configuration file says, if there is one.
    pub file: Option<FileContent>,
    /// One person works on the application (`ferricorn dev`).
    pub development: bool,
    /// This build has the native protocol for HTTP/1.1.
    pub has_native_http: bool,
    /// The configuration file itself, if it is in Python.
    pub python_file: Option<PythonFile>,
}

/// The users and groups of the system, and the rights of this process.
pub trait Accounts {
    /// The number of the user of this name.
    fn user(&self, name: &str) -> io::Result<Option<u32>>;
    /// The name of the user of this number.
    fn name(&self, user: u32) -> io::Result<Option<String>>;
    /// The number of the group of this name.
    fn group(&self, name: &str) -> io::Result<Option<u32>>;
    /// The groups that the user of this name is a member of, and `group`.
    fn groups(&self, name: &str, group: u32) -> io::Result<Vec<u32>>;
    /// The user and the group of this process.
    fn own(&self) -> (u32, u32);
    /// Whether this process may start one as another user, and signal it.
    fn may_change_user(&self) -> bool;
    /// Whether this process may start one with other groups.
    fn may_change_group(&self) -> bool;
}

/// The memory that all workers may take together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    /// In bytes.
    pub bytes: u64,
    /// What sets the limit, in words: `memory.max of /system.slice/shop.service`.
    pub source: String,
}
