//! What the system gives to a service or withholds from it: addresses, users, memory, processors, the service manager,
//! the name in the process list.
//!
//! Owns: what is asked of the system for a whole service, and the words for what it refuses. Does not own: processes,
//! and when any of this is asked for.

pub(crate) mod addresses;
pub(crate) mod limits;
pub(crate) mod manager;
pub(crate) mod rights;
pub(crate) mod shortage;
pub(crate) mod standing;
pub(crate) mod throttling;
pub(crate) mod title;

pub use limits::memory_limit;
pub use rights::SystemAccounts;
