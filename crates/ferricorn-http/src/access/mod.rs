//! The access log: the line of a request.
//!
//! Owns: the same bytes as the worker's Python (`logs/access/access_format.py`, `access_records.py`), for the usual atoms and
//! values. Does not own: everything unusual, for which there is no line here and the caller asks Python; clocks; where a
//! line goes.
//! Invariant: whatever a client has sent, a line is one line, and a value does not end the quotes it stands in.

mod format;
mod json;
mod line;
mod trace;

pub use format::Format;
pub use json::Json;
pub use line::{Facts, Moment};
