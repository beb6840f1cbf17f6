//! One master after another: how this program is started again ([`invocation`]), the master that it follows
//! ([`succession`]), the one that follows it ([`successor`]), and what it leaves to itself in one process ([`legacy`]).
//!
//! Does not own: when an upgrade begins, and whether it is called off (both the core's).

pub(crate) mod invocation;
pub(crate) mod legacy;
pub(crate) mod succession;
pub(crate) mod successor;

pub use invocation::Invocation;
