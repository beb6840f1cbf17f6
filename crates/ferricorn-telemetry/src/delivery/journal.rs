//! Lines for the journal of systemd, when standard error is its stream.
//!
//! Owns: whether it is, and the two forms that the journal takes. Its own protocol (see "Native Journal Protocol" of systemd)
//! has a priority, and a message of several lines stays one entry. Where that socket is not to be had (another root
//! directory), each line on standard error begins with its priority in brackets (`sd-daemon(3)`). Does not own: which
//! lines there are, nor standard error ([`super::sink`]).
//!
//! Invariants: no line says the time, which the journal does; sending never waits longer than writing to standard error.

use std::{
    env,
    fmt::Write as _,
    fs::File,
    io::{self, ErrorKind, IoSlice, Write as _},
    os::{
        fd::{AsFd as _, AsRawFd as _},
        unix::{fs::MetadataExt as _, net::UnixDatagram},
    },
    path::Path,
    time::Duration,
};

use ferricorn_config::LogLevel;
use nix::{
    errno::Errno,
    fcntl::{FcntlArg, SealFlag, fcntl},
    sys::{
        memfd::{MFdFlags, memfd_create},
        socket::{ControlMessage, MsgFlags, UnixAddr, sendmsg},
    },
};
use serde_json::Value;
use tracing::Metadata;

use super::{event::Said, severity, sink};

/// Where the journal listens.
const SOCKET: &str = "/run/systemd/journal/socket";

/// How the journal calls who writes.
const IDENTIFIER: &str = "ferricorn";

/// How long the first entry waits for a journal that does not read. Those that follow do not wait.
const PATIENCE: Duration = Duration::from_millis(100);

/// What the system says of a packet that is too large.
const TOO_LARGE: [Errno; 2] = [Errno::EMSGSIZE, Errno::ENOBUFS];

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The journal has it.
    Taken,
    /// The journal does not read: it is lost.
    Lost,
    /// There is no such socket.
    Nowhere,
}

/// The journal.
#[derive(Debug)]
pub struct Journal {
    socket: UnixDatagram,
    stalled: bool,
}

impl Journal {
    /// The journal, if standard error is its stream.
    pub fn behind_standard_error() -> Option<Self> {
        let named = env::var("JOURNAL_STREAM").ok()?;
        let stream = File::from(io::stderr().as_fd().try_clone_to_owned().ok()?).metadata().ok()?;
        let is_stream = named == format!("{}:{}", stream.dev(), stream.ino());
        let socket = is_stream.then(UnixDatagram::unbound)?.ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket, stalled: false })
    }

    /// Sends an entry.
    pub fn send(&mut self, entry: &[u8]) -> Sent {
        let mut sent = self.try_send(entry);
        if sent.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock) && !self.stalled {
            sink::wait_until_writable(&self.socket, PATIENCE);
            sent = self.try_send(entry);
        }
        self.stalled = sent.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
        match sent {
            Ok(()) => Sent::Taken,
            Err(_) if self.stalled => Sent::Lost,
            Err(_) => Sent::Nowhere,
        }
    }

    fn try_send(&self, entry: &[u8]) -> io::Result<()> {
        match self.socket.send_to(entry, SOCKET) {
            Err(error) if TOO_LARGE.map(|errno| Some(errno as i32)).contains(&error.raw_os_error()) => {
                self.send_in_memory(entry)
            }
            sent => sent.map(drop),
        }
    }

    /// An entry that is too large for a packet is sent as a sealed file in memory.
    fn send_in_memory(&self, entry: &[u8]) -> io::Result<()> {
        let mut file = File::from(memfd_create(
            c"ferricorn-entry",
            MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING,
        )?);
        file.write_all(entry)?;
        fcntl(&file, FcntlArg::F_ADD_SEALS(SealFlag::all()))?;
        let descriptors = [file.as_raw_fd()];
        let message = [ControlMessage::ScmRights(&descriptors)];
        let address = UnixAddr::new(Path::new(SOCKET))?;
        sendmsg(self.socket.as_raw_fd(), &[IoSlice::new(&[])], &message, MsgFlags::empty(), Some(&address))?;
        Ok(())
    }
}

/// An entry in the journal's own protocol; `message` is what is shown, the fields of the event can be searched for.
pub fn entry(message: &str, said: &Said, level: LogLevel, metadata: &Metadata<'_>) -> Vec<u8> {
    let mut entry = Vec::new();
    add(&mut entry, "MESSAGE", message);
    add(&mut entry, "PRIORITY", &severity(level).to_string());
    add(&mut entry, "SYSLOG_IDENTIFIER", IDENTIFIER);
    add(&mut entry, "FERRICORN_LOGGER", "ferricorn.master");
    if let (Some(file), Some(line)) = (metadata.file(), metadata.line()) {
        add(&mut entry, "CODE_FILE", file);
        add(&mut entry, "CODE_LINE", &line.to_string());
    }
    for (name, value) in &said.fields {
        let value = match value {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        add(&mut entry, &format!("FERRICORN_{}", name.to_uppercase()), &value);
    }
    entry
}

fn add(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend(name.as_bytes());
    if value.contains('\n') {
        entry.push(b'\n');
        entry.extend((value.len() as u64).to_le_bytes());
    } else {
        entry.push(b'=');
    }
    entry.extend(value.as_bytes());
    entry.push(b'\n');
}

/// The same for standard error: an entry for each line. The journal takes the process that has opened the stream for the
/// one that writes, so the pid is sent.
pub fn lines(message: &str, pid: u32, level: LogLevel) -> String {
    let mut text = String::new();
    let mut who = format!("[{pid}] ");
    for line in message.lines() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "<{}>{who}{line}", severity(level));
        who.clear();
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_several_lines_says_how_long_it_is() {
        let mut entry = Vec::new();
        add(&mut entry, "PRIORITY", "3");
        add(&mut entry, "MESSAGE", "one\ntwo");
        assert_eq!(entry, b"PRIORITY=3\nMESSAGE\n\x07\0\0\0\0\0\0\0one\ntwo\n");
    }

    #[test]
    fn on_standard_error_each_line_has_its_priority_and_the_first_one_the_pid() {
        assert_eq!(lines("one\ntwo", 957, LogLevel::Error), "<3>[957] one\n<3>two\n");
        assert_eq!(lines("one", 957, LogLevel::Trace), "<7>[957] one\n");
    }
}
