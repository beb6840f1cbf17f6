//! How this program was started: what its Python processes show of it, and in which directory.
//!
//! The ground floor: it knows nothing of the rest.

pub(crate) mod command;
pub(crate) mod working_directory;

pub use command::Command;
pub use working_directory::working_directory;
