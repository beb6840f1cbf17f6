//! Files that a process with fewer rights has to open again: log files, and the pipes behind the standard streams.
//!
//! Invariant: nothing but a regular file with one name, or a pipe without one, changes its owner. Whoever may write to
//! a log's folder could put a link there, and be given the file behind it.

use std::{
    fs::{self, OpenOptions},
    io,
    os::{
        fd::{AsRawFd as _, BorrowedFd},
        unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown},
    },
    path::Path,
};

use nix::fcntl::OFlag;

/// Makes a file that is appended to, if there is none, and gives it to this user and group. What is no file of its own (a
/// device, a link) is left as it is.
pub fn file(path: &Path, user: u32, group: u32) -> io::Result<()> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let opened = OpenOptions::new().append(true).create(true).custom_flags(flags.bits()).open(path);
    let file = match opened {
        Ok(file) => file,
        // A link, a pipe without a reader, a socket.
        Err(error) if matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENXIO)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let data = file.metadata()?;
    let its_own = data.is_file() && data.nlink() == 1;
    if !its_own || (data.uid(), data.gid()) == (user, group) {
        return Ok(());
    }
    fchown(&file, Some(user), Some(group))
}

/// Gives the pipe behind standard output or error to this user and group: its end can be reopened then, for a mode of
/// its own, through `/proc/self/fd`. Anything else is left as it is.
pub fn standard_pipe(stream: BorrowedFd<'_>, user: u32, group: u32) -> io::Result<()> {
    let target = fs::read_link(format!("/proc/self/fd/{}", stream.as_raw_fd()))?;
    if !target.to_string_lossy().starts_with("pipe:") {
        return Ok(());
    }
    fchown(stream, Some(user), Some(group))
}
