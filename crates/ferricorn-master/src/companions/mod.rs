//! Python processes of ours that are no workers: the helpers, which answer one question, and the host, which calls the
//! master's hooks.
//!
//! Does not own: what they are asked, and when.

mod companion;
pub(crate) mod helper;
pub(crate) mod host;

pub use helper::{ExecuteError, Unfit, execute, rehearse};
