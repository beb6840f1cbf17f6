//! What can go wrong with an address to listen on, distinguished as far as the user can do something about it.

use std::io;
use std::os::fd::RawFd;
use std::path::PathBuf;

#[cfg(doc)]
use crate::listen::Listener;

/// Why an address could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else has it (`EADDRINUSE`). [`crate::holder`] can say who.
    #[error("address `{address}` is already in use")]
    InUse {
        /// As in [`Listener::address`].
        address: String,
    },
    /// The machine has no such address (`EADDRNOTAVAIL`).
    #[error("address `{address}` does not belong to this machine")]
    InvalidAddress {
        /// As in [`Listener::address`].
        address: String,
    },
    /// Not allowed (`EACCES`, `EPERM`): a port below 1024, or a directory that we may not write to.
    #[error("no permission to listen on `{address}`")]
    PermissionDenied {
        /// As in [`Listener::address`].
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is no socket stands where the unix socket should be. It is left alone.
    #[error("`{}` exists and is not a socket", path.display())]
    NotASocket {
        /// The file.
        path: PathBuf,
    },
    /// No unix socket can have this path: it is empty, has a NUL byte, or is longer than 107 bytes (`unix(7)`).
    #[error("`{}` cannot be the path of a unix socket: {reason}", path.display())]
    InvalidPath {
        /// The path.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The descriptor that was passed to us is closed, no socket, or no stream socket.
    #[error("file descriptor {descriptor} is {problem}")]
    InvalidDescriptor {
        /// The number.
        descriptor: RawFd,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Anything else.
    #[error("cannot listen on `{address}`: {source}")]
    Other {
        /// As in [`Listener::address`].
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

impl ListenError {
    /// The `errno` behind it, if a system call said so. For [`Self::InUse`] and [`Self::InvalidAddress`] it is the
    /// number that defines them.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::InUse { .. } => Some(libc::EADDRINUSE),
            Self::InvalidAddress { .. } => Some(libc::EADDRNOTAVAIL),
            Self::PermissionDenied { source, .. } | Self::Other { source, .. } => source.raw_os_error(),
            Self::NotASocket { .. } | Self::InvalidPath { .. } | Self::InvalidDescriptor { .. } => None,
        }
    }

    /// Why, in words that do not name the address again.
    pub fn why(&self) -> String {
        match self {
            Self::InUse { .. } => "it is already in use".to_owned(),
            Self::InvalidAddress { .. } => "it does not belong to this machine".to_owned(),
            Self::PermissionDenied { source, .. } => format!("no permission to listen there: {source}"),
            Self::NotASocket { .. } => "it exists and is not a socket".to_owned(),
            Self::InvalidPath { reason, .. } => format!("it cannot be the path of a unix socket: {reason}"),
            Self::InvalidDescriptor { problem, .. } => format!("it is {problem}"),
            Self::Other { source, .. } => source.to_string(),
        }
    }

    /// The kind that the error of a system call means for `address`.
    pub(crate) fn new(address: &str, source: impl Into<io::Error>) -> Self {
        let (address, source) = (address.to_owned(), source.into());
        match source.raw_os_error() {
            Some(libc::EADDRINUSE) => Self::InUse { address },
            Some(libc::EADDRNOTAVAIL) => Self::InvalidAddress { address },
            Some(libc::EACCES | libc::EPERM) => Self::PermissionDenied { address, source },
            _ => Self::Other { address, source },
        }
    }
}
