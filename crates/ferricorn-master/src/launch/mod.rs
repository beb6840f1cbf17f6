//! How this program was called: what its Python processes show of it, and where it was called.
//!
//! The ground floor: it knows nothing of the rest.

pub(crate) mod command;
pub(crate) mod working_directory;

pub use command::Command;
pub use working_directory::working_directory;
