//! A file system that never answers, made for a test: what looks at a file of it sleeps in state D.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use nix::mount::{MntFlags, umount2};

use crate::{builder::python, skip};

const SCRIPT: &str = include_str!("../python/hung_mount.py");

/// It is mounted until it is dropped; processes that wait for it then get an error.
pub struct HungMount {
    folder: PathBuf,
    daemon: Child,
}

impl HungMount {
    /// Mounts it on a folder. Where that is not possible (it needs root and `/dev/fuse`) the test is skipped.
    pub fn new(folder: &Path) -> Option<Self> {
        let mut command = Command::new(python());
        command.args(["-c", SCRIPT]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut daemon = command.stderr(Stdio::null()).spawn().expect("there is a Python");
        let mut line = String::new();
        let out = daemon.stdout.take().expect("asked for a pipe");
        let _nothing_if_it_failed = BufReader::new(out).read_line(&mut line);
        if line.trim() != "mounted" {
            let _ = daemon.wait();
            skip("root, and `/dev/fuse`");
            return None;
        }
        Some(Self { folder: folder.to_owned(), daemon })
    }
}

impl Drop for HungMount {
    fn drop(&mut self) {
        drop(self.daemon.stdin.take());
        let _ = self.daemon.wait();
        let _ = umount2(&self.folder, MntFlags::MNT_DETACH);
    }
}
