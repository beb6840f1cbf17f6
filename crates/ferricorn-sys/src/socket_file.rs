//! The file of a unix socket: its owner, and when it is removed.
//!
//! Owns: removing the file with its listener, and the one that a dead listener left. Does not own: the socket (`listen`).
//!
//! Invariant: no file is removed whose socket anybody serves, or may come to serve.

use std::{
    fs, io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{FileTypeExt as _, MetadataExt as _},
    },
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket},
};

use crate::{holder, listen_error::ListenError};

/// The file of a unix socket that we made; removed on drop.
#[derive(Debug)]
pub(crate) struct SocketFile {
    /// Absolute, so that a later change of directory does not matter.
    path: PathBuf,
    device: u64,
    inode: u64,
    /// It was handed on with its socket.
    stays: bool,
}

impl SocketFile {
    /// The file that was made at this path just now.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let metadata = fs::symlink_metadata(&path)?;
        Ok(Self { path, device: metadata.dev(), inode: metadata.ino(), stays: false })
    }

    /// From now on it stays: another process has its socket.
    pub(crate) fn leave(&mut self) {
        self.stays = true;
    }

    /// Its path, unless it stays.
    pub(crate) fn path(&self) -> Option<&Path> {
        (!self.stays).then_some(self.path.as_path())
    }

    /// Whether no other program has put its own file there.
    fn is_ours(&self) -> bool {
        fs::symlink_metadata(&self.path)
            .is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == (self.device, self.inode))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if !self.stays && self.is_ours() {
            // A failure has no one to report to: the file is gone already, or the directory is no longer ours to
            // write to, and the next start finds the socket stale.
            let _gone_or_forbidden = fs::remove_file(&self.path);
        }
    }
}

/// Removes a socket file that no process serves any more. Fails if one does, or if it is another kind of file.
pub(crate) fn remove_if_stale(path: &Path, target: &UnixAddr, shown: &str) -> Result<(), ListenError> {
    let failed = |source: io::Error| ListenError::new(shown, source);
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if metadata.file_type().is_socket() => {}
        Ok(_) => return Err(ListenError::NotASocket { path: path.to_owned() }),
    }
    let probe = unix_stream_socket().map_err(|errno| failed(errno.into()))?;
    let answer = connect(probe.as_raw_fd(), target);
    // A master that has bound its socket and does not listen yet refuses connections too.
    if answer == Err(Errno::ECONNREFUSED) && !holder::is_unix_path_bound(path) {
        return fs::remove_file(path).map_err(failed);
    }
    Err(ListenError::InUse { address: shown.to_owned() })
}

/// A socket for a path, not bound to any yet.
pub(crate) fn unix_stream_socket() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    socket(AddressFamily::Unix, SockType::Stream, flags, None)
}
