//! The body of a response.

use std::io::Write as _;

use thiserror::Error;

/// How the end of a response's body is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// By `Content-Length`: so many bytes are still to come.
    Length(u64),
    /// By the last chunk.
    Chunked,
    /// By the end of the connection.
    UntilClose,
    /// It answers `HEAD`: nothing of it is sent, whatever its length.
    Dropped,
}

/// Why a part of a body is not written. The texts are uvicorn's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyError {
    /// There are more bytes than `Content-Length` has said.
    #[error("Response content longer than Content-Length")]
    TooLong,
    /// There are fewer bytes than `Content-Length` has said. Those that there are have been written.
    #[error("Response content shorter than Content-Length")]
    TooShort,
}

impl Body {
    /// Whether the bytes of a part go out as they are, without framing around them.
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Length(_) | Self::UntilClose)
    }

    /// Counts a part that the caller writes by itself, as it is ([`is_plain`](Self::is_plain)).
    pub fn count(&mut self, part: usize) -> Result<(), BodyError> {
        if let Self::Length(left) = self {
            *left = left.checked_sub(part as u64).ok_or(BodyError::TooLong)?;
        }
        Ok(())
    }

    /// Writes a part behind what is to be sent.
    pub fn part(&mut self, part: &[u8], out: &mut Vec<u8>) -> Result<(), BodyError> {
        self.count(part.len())?;
        match self {
            Self::Dropped => {}
            Self::Length(_) | Self::UntilClose => out.extend_from_slice(part),
            // An empty chunk would be the last one.
            Self::Chunked if part.is_empty() => {}
            Self::Chunked => {
                out.reserve(part.len() + 20);
                // A `Vec` takes whatever is written to it.
                let _ = write!(out, "{:x}\r\n", part.len());
                out.extend_from_slice(part);
                out.extend_from_slice(b"\r\n");
            }
        }
        Ok(())
    }

    /// Ends the body behind what is to be sent.
    pub fn end(&self, out: &mut Vec<u8>) -> Result<(), BodyError> {
        match self {
            Self::Chunked => out.extend_from_slice(b"0\r\n\r\n"),
            Self::Length(0) | Self::UntilClose | Self::Dropped => {}
            Self::Length(_) => return Err(BodyError::TooShort),
        }
        Ok(())
    }
}
