//! HTTP/1.1 as a server speaks it over one connection: bytes become requests, responses become bytes.
//!
//! Owns: the framing of requests (RFC 9112), which of them are refused and with which status, the limits of a head, the
//! framing of responses, the text of access lines. Does not own: sockets, clocks and buffers, which are the caller's; what a request means.
//!
//! What always holds (`tests/properties.rs`):
//!
//! * the outcome does not depend on how the bytes are cut;
//! * no bytes make it panic, and it never takes more than it was given;
//! * after a refusal nothing of the connection is read any more, because the start of the next request is unknown;
//! * the work is linear in the bytes of a head, however slowly they come, but for one look at each line that ends.
//!
//! [`Reader`] reads requests, [`ResponseHead`] and [`Body`] write responses. With the feature `python` they are also the
//! inside of an extension module (`python`), which drives an application of ASGI with them.

mod access;
mod body;
mod grammar;
mod head;
mod limits;
#[cfg(feature = "python")]
#[allow(clippy::similar_names, reason = "`py` and `this` are short by habit")]
mod python;
mod reader;
mod refusal;
mod response;

pub use access::{Facts, Format, Json, Moment};
pub use grammar::has_token;
pub use head::{Framing, Head, RequestBody, Target, Version};
pub use limits::Limits;
pub use reader::{Event, Reader, Step};
pub use refusal::Refusal;
pub use response::{Body, BodyError, FieldError, ResponseHead, reason};
