//! How much of a request's head is read.

/// What the head of a request may measure. No limit is `usize::MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The whole head in bytes, from the method to the empty line; beyond it the answer is 431.
    pub head: usize,
    /// The request line in bytes without its end; beyond it the answer is 414.
    pub request_line: usize,
    /// The number of header fields; beyond it the answer is 431.
    pub fields: usize,
    /// One header field in bytes with its end, as gunicorn counts it; beyond it the answer is 431.
    pub field: usize,
}

impl Default for Limits {
    /// 128 KiB for the head, which is twice what uvicorn allows with h11, and 128 fields.
    fn default() -> Self {
        Self { head: 128 * 1024, request_line: usize::MAX, fields: 128, field: usize::MAX }
    }
}
