//! From fixes to files: edits applied, what became worse taken back, and the difference as a patch.
//!
//! Owns: which fixes go together, and when one is taken back. Does not own: the writing of files (the caller's).
//!
//! Invariants:
//! * Bytes outside the edits stay as they are: encoding, byte order mark, line ends.
//! * After a run no file is unreadable that was readable, no error is there that was not, and every fix that is left has
//!   removed its finding. A second run therefore changes nothing.

mod apply;
mod mend;
mod patch;

pub use apply::apply;
use apply::apply_to_bytes;
pub use mend::{Changed, Mended, mend};
pub use patch::patch;
