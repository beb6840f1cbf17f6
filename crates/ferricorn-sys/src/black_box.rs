//! What a worker leaves behind when it cannot send messages any more: its stack, written by a signal handler in C.
//!
//! Owns: the memfd that the worker appends to and the master reads. Does not own: what is in it.
//!
//! Invariant: reading takes a bounded amount, whatever a broken worker has written.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt as _;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// The most that is read at once, in bytes: a hundred threads of deep stacks.
const LIMIT: usize = 256 * 1024;

/// A file in memory that one worker appends to.
#[derive(Debug)]
pub struct BlackBox {
    file: File,
}

impl BlackBox {
    /// An empty one. Close-on-exec.
    pub fn create() -> io::Result<Self> {
        let descriptor = memfd_create("ferricorn-black-box", MFdFlags::MFD_CLOEXEC)?;
        // The worker inherits this very description: what it writes goes to the end, wherever that is by now.
        fcntl(&descriptor, FcntlArg::F_SETFL(OFlag::O_APPEND))?;
        Ok(Self { file: File::from(descriptor) })
    }

    /// Takes over one that was made by an earlier image of this process.
    pub fn adopt(descriptor: OwnedFd) -> Self {
        Self { file: File::from(descriptor) }
    }

    /// Takes out what was written since the last time; empty when nothing was. What a worker writes at this very moment
    /// may be lost.
    pub fn take(&self) -> io::Result<String> {
        let mut bytes = vec![0; LIMIT.min(usize::try_from(self.file.metadata()?.len()).unwrap_or(LIMIT))];
        let mut done = 0;
        while done < bytes.len() {
            match self.file.read_at(&mut bytes[done..], done as u64) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(done);
        if done > 0 {
            self.file.set_len(0)?;
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl AsRawFd for BlackBox {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn what_was_written_is_taken_once_and_in_bounded_amounts() {
        let black_box = BlackBox::create().unwrap();
        let mut worker = black_box.file.try_clone().unwrap();
        assert_eq!(black_box.take().unwrap(), "");
        worker.write_all(b"first").unwrap();
        worker.write_all(b" and second").unwrap();
        assert_eq!(black_box.take().unwrap(), "first and second");
        worker.write_all(b"third").unwrap();
        assert_eq!(black_box.take().unwrap(), "third");
        worker.write_all(&vec![b'x'; 1 << 20]).unwrap();
        assert_eq!(black_box.take().unwrap().len(), LIMIT);
        assert_eq!(black_box.take().unwrap(), "");
    }
}
