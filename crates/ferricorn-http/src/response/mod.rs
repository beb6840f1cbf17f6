//! Responses: their head, and the framing of their body.
//!
//! Owns: which framing a response gets, what a field may hold. Does not own: which fields a server adds by itself, the
//! order of responses.
//! Invariants: no field can end its line; a body is never longer or shorter than its head says.

mod body;
mod head;
mod reason;

pub use body::{Body, BodyError};
pub use head::{FieldError, ResponseHead};
pub use reason::reason;
