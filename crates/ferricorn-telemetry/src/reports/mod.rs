//! The reports of a death, a hang and a failed boot: evidence in, values out, and then the words.
//!
//! Pure: gathering the evidence, and telling of what was found, are the master's.

pub mod boot_failure;
pub mod death;
pub mod hang;
