//! Where log lines go: a file, or standard error.
//!
//! Invariant: writing never stops the master. A line that cannot be written within a moment is dropped: a master that
//! waits for the reader of its log (a stopped terminal, a hung log shipper) would supervise no worker meanwhile.

use std::{
    fs::{File, OpenOptions},
    io::{self, ErrorKind, IsTerminal, Write},
    os::{
        fd::AsFd,
        unix::fs::{FileTypeExt, OpenOptionsExt},
    },
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use nix::{
    fcntl::OFlag,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

/// How long the first line waits for a reader that does not read. Those that follow do not wait.
const PATIENCE: Duration = Duration::from_millis(100);

/// The log cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The file of `--error-logfile`.
    #[error("`{}` isn't writable: {error}", path.display())]
    File {
        /// The path as given.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Standard error.
    #[error("standard error cannot be used: {0}")]
    StandardError(io::Error),
}

/// An open log.
#[derive(Debug)]
pub struct Sink {
    file: File,
    path: Option<PathBuf>,
    stalled: bool,
    /// Lines that were lost, in part or whole, since it was last said.
    dropped: u64,
}

impl Sink {
    /// A file that lines are added to.
    pub fn file(path: &Path) -> Result<Self, SinkError> {
        let file = append(path).map_err(|error| SinkError::File { path: path.to_owned(), error })?;
        Ok(Self { file, path: Some(path.to_owned()), stalled: false, dropped: 0 })
    }

    /// Standard error. A pipe or a terminal is opened once more, for a description of its own that does not block:
    /// setting that on the inherited one would change it for the workers and the shell as well. A regular file must be
    /// used as inherited, since another description would write at an offset of its own.
    pub fn standard_error() -> Result<Self, SinkError> {
        let inherited =
            io::stderr().as_fd().try_clone_to_owned().map(File::from).map_err(SinkError::StandardError)?;
        let reopens = inherited
            .metadata()
            .is_ok_and(|data| data.file_type().is_fifo() || data.file_type().is_char_device());
        let own = reopens.then(|| {
            let flags = (OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits();
            OpenOptions::new().write(true).custom_flags(flags).open("/proc/self/fd/2").ok()
        });
        let file = own.flatten().unwrap_or(inherited);
        Ok(Self { file, path: None, stalled: false, dropped: 0 })
    }

    /// Whether it is a terminal.
    pub fn is_terminal(&self) -> bool {
        self.file.is_terminal()
    }

    /// Whether it is a file of its own, and not standard error.
    pub fn is_file(&self) -> bool {
        self.path.is_some()
    }

    /// A line was lost on its way to somewhere else.
    pub fn drop_one(&mut self) {
        self.dropped += 1;
    }

    /// Reopens a file; standard error stays.
    pub fn reopen(&mut self) -> io::Result<()> {
        if let Some(path) = &self.path {
            self.file = append(path)?;
            self.stalled = false;
        }
        Ok(())
    }

    /// How many lines were dropped, if it can be said now; it counts from zero then.
    pub fn take_dropped(&mut self) -> u64 {
        if self.dropped == 0 || !self.is_writable(Duration::ZERO) {
            return 0;
        }
        std::mem::take(&mut self.dropped)
    }

    /// Writes a line, or drops what of it cannot be written now.
    pub fn write(&mut self, line: &[u8]) {
        if !self.write_whole(line) {
            self.dropped += 1;
        }
    }

    fn write_whole(&mut self, line: &[u8]) -> bool {
        let patience = if self.stalled { Duration::ZERO } else { PATIENCE };
        let deadline = Instant::now() + patience;
        let mut rest = line;
        while !rest.is_empty() {
            if !self.is_writable(deadline.saturating_duration_since(Instant::now())) {
                self.stalled = true;
                return false;
            }
            match self.file.write(rest) {
                Ok(0) => return false,
                Ok(written) => {
                    rest = &rest[written..];
                    self.stalled = false;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock && Instant::now() < deadline => {}
                Err(_) => return false,
            }
        }
        true
    }

    fn is_writable(&self, patience: Duration) -> bool {
        wait_until_writable(&self.file, patience)
    }
}

/// Waits until something can be written to, and whether it can.
pub(super) fn wait_until_writable(descriptor: &impl AsFd, patience: Duration) -> bool {
    let mut polled = [PollFd::new(descriptor.as_fd(), PollFlags::POLLOUT)];
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
    // A signal that interrupts the poll says nothing about the descriptor: the write finds out.
    poll(&mut polled, timeout).map_or(true, |ready| ready > 0)
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::fd::OwnedFd;

    use super::*;

    #[test]
    fn a_file_that_was_rotated_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("error.log");
        let mut sink = Sink::file(&path).unwrap();
        sink.write(b"one\n");
        std::fs::rename(&path, folder.path().join("error.log.1")).unwrap();
        sink.write(b"two\n");
        sink.reopen().unwrap();
        sink.write(b"three\n");
        assert_eq!(std::fs::read_to_string(folder.path().join("error.log.1")).unwrap(), "one\ntwo\n");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "three\n");
    }

    #[test]
    fn a_pipe_that_nobody_reads_holds_nobody_up() {
        let (reader, writer) = io::pipe().unwrap();
        let file = File::from(OwnedFd::from(writer));
        let name = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&file));
        let flags = OFlag::O_NONBLOCK.bits();
        let file = OpenOptions::new().write(true).custom_flags(flags).open(name).unwrap();
        let mut sink = Sink { file, path: None, stalled: false, dropped: 0 };
        let started = Instant::now();
        for _ in 0..10_000 {
            sink.write(&[b'x'; 100]);
        }
        assert!(sink.stalled);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_eq!(sink.take_dropped(), 0, "nobody could read it");
        let mut reader = File::from(OwnedFd::from(reader));
        assert!(io::Read::read(&mut reader, &mut vec![0; 1 << 16]).unwrap() > 0);
        let dropped = sink.take_dropped();
        assert!((1..10_000).contains(&dropped), "{dropped}");
        assert_eq!(sink.take_dropped(), 0, "said once");
        drop(reader);
        sink.write(b"and a pipe that is closed\n");
        assert_eq!(sink.dropped, 1);
    }

    #[test]
    fn a_full_disk_loses_lines_and_counts_them() {
        let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut sink = Sink { file, path: None, stalled: false, dropped: 0 };
        sink.write(b"one\n");
        sink.write(b"two\n");
        assert_eq!(sink.take_dropped(), 2);
    }
}
