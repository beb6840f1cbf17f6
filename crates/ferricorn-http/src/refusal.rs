//! Why a connection is not read any further.

use thiserror::Error;

/// What is wrong with a request. The text is for the log; a client gets only the status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The method is none that is known.
    #[error("the method is not known")]
    Method,
    /// The target is of no form that an origin server serves.
    #[error("the target is not a path, an address or `*`")]
    Target,
    /// The version is neither 1.0 nor 1.1.
    #[error("the version is neither HTTP/1.0 nor HTTP/1.1")]
    Version,
    /// The request line is malformed otherwise.
    #[error("the request line is malformed")]
    RequestLine,
    /// A line ends with LF alone, or holds a CR that no LF follows.
    #[error("a line does not end with CR LF")]
    LineEnd,
    /// The name of a header field is no token, or something stands between it and the colon.
    #[error("the name of a header field is malformed")]
    FieldName,
    /// The value of a header field holds a control character.
    #[error("the value of a header field is malformed")]
    FieldValue,
    /// `Content-Length` is no number, or is there more than once.
    #[error("`Content-Length` is not one number")]
    ContentLength,
    /// `Transfer-Encoding` is not `chunked`, is there more than once, or is in a request of HTTP/1.0.
    #[error("`Transfer-Encoding` is not `chunked` alone")]
    TransferEncoding,
    /// Both say where the body ends, and a proxy may believe the other one.
    #[error("both `Content-Length` and `Transfer-Encoding` are there")]
    TwoLengths,
    /// `Host` is missing, is there twice, or is no name of a host.
    #[error("`Host` is not one name of a host")]
    Host,
    /// The size of a chunk or its extension is malformed.
    #[error("the size of a chunk is malformed")]
    ChunkSize,
    /// The data of a chunk is longer than its size.
    #[error("the data of a chunk does not end where its size says")]
    ChunkEnd,
    /// A body announces more bytes than can be counted.
    #[error("the body is too large")]
    BodyTooLarge,
    /// The request line is longer than the limit.
    #[error("the request line is longer than the limit")]
    RequestLineTooLong,
    /// A header field is longer than the limit.
    #[error("a header field is longer than the limit")]
    FieldTooLong,
    /// There are more header fields than the limit.
    #[error("there are more header fields than the limit")]
    TooManyFields,
    /// The head is larger than the limit.
    #[error("the head is larger than the limit")]
    HeadTooLarge,
}

impl Refusal {
    /// The status of the answer: 400, 413, 414 or 431.
    pub fn status(self) -> u16 {
        match self {
            Self::RequestLineTooLong => 414,
            Self::FieldTooLong | Self::TooManyFields | Self::HeadTooLarge => 431,
            Self::BodyTooLarge => 413,
            _ => 400,
        }
    }
}
