//! What happened, in words: the log lines ([`observe`]), and the reports of a death, a hang and a failed boot.
//!
//! Does not own: what happened, and where the log goes.

pub(crate) mod boot_failure;
pub(crate) mod death;
pub(crate) mod hang;
pub(crate) mod observe;
