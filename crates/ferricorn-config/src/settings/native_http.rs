//! The native protocol for HTTP/1.1.

use std::time::Duration;

/// The settings of the native protocol (`--http native`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NativeHttp {
    /// Whether the user has named it, and not left the choice to the program.
    pub is_named: bool,
    /// The most bytes of a request line (`--limit-request-line`); 0: as many as a head may have.
    pub request_line: u64,
    /// The most header fields (`--limit-request-fields`); 0: no limit.
    pub fields: u64,
    /// The most bytes of one header field (`--limit-request-field_size`); 0: as many as a head may have.
    pub field: u64,
    /// How long the head of a request may take (`--timeout-head`); zero: for ever.
    pub head_timeout: Duration,
}

impl NativeHttp {
    /// Header fields that a request may have by default.
    pub const FIELDS: u64 = 128;
}
