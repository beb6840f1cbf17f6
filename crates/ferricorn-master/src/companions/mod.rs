//! Our Python processes that are not workers: the helpers, which answer one question; the host, which calls the
//! master's hooks; the template, which workers are forked from.
//!
//! Does not own: what they are asked, and when.

mod companion;
pub(crate) mod helper;
pub(crate) mod host;
pub(crate) mod template;

pub use helper::{ExecuteError, Unfit, execute, rehearse};
