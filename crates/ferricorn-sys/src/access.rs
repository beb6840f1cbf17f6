//! Who may connect to a unix socket: the mode and the owner of its file.

use std::{
    io,
    os::{
        fd::{AsRawFd as _, OwnedFd},
        unix::fs::lchown,
    },
    path::Path,
};

use nix::sys::{
    socket::{UnixAddr, bind},
    stat::{Mode, umask},
};

/// Who may connect to a unix socket: anyone who may write to its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// What is taken from the mode 0777. The umask of this process does not count.
    pub umask: u32,
    /// The user and the group that it is given to, if not ours.
    pub owner: Option<(u32, u32)>,
}

impl Access {
    /// Binds with the mode, so that the file is never there with another one. A umask is the whole process's: whatever
    /// other threads create meanwhile gets it as well.
    pub(crate) fn bind(self, descriptor: &OwnedFd, target: &UnixAddr) -> nix::Result<()> {
        let before = umask(Mode::from_bits_truncate(self.umask));
        let result = bind(descriptor.as_raw_fd(), target);
        umask(before);
        result
    }

    /// If it is a link, the link itself: anyone who may write to the folder could have put one there meanwhile.
    pub(crate) fn give(self, path: &Path) -> io::Result<()> {
        let Some((user, group)) = self.owner else { return Ok(()) };
        lchown(path, Some(user), Some(group))
    }
}
