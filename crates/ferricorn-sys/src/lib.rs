//! What ferricorn uses of the operating system: listening sockets, spawning, waiting, signals, the channel to a worker,
//! shared memory and the clock.
//!
//! Owns: every `unsafe` block of the project and everything that only Linux has, so that a port touches one crate.
//! Does not own: policy (when to spawn, whom to signal), async, logging, the meaning of a message.
//!
//! Invariants:
//! * Every descriptor made here is close-on-exec. A child gets the ones that its [`SpawnPlan`] names and the three
//!   standard ones, nothing else.
//! * A signal goes to a process, not to a number: a pid that was reused is never signalled (where pidfds exist,
//!   Linux 5.3 on).
//! * No type of nix or libc is part of the interface.

#![allow(unsafe_code)] // The rule of the workspace is `deny`; this crate exists to hold the exceptions.

mod access;
pub mod activity;
pub mod black_box;
pub mod board;
pub mod channel;
pub mod clock;
pub mod control_group;
pub mod exec;
mod gate;
pub mod give;
mod guardian;
pub mod holder;
pub mod inherit;
pub mod listen;
mod listen_error;
pub mod memfd;
pub mod memory;
pub mod notify;
pub mod own;
pub mod pid_file;
pub mod priority;
pub mod process;
pub mod rights;
mod socket_file;
pub mod spawn;
pub mod terminal;
pub mod throttling;
pub mod title;
pub mod wait;

pub use access::Access;
pub use black_box::BlackBox;
pub use board::SharedWords;
pub use holder::Holder;
pub use inherit::InheritError;
pub use listen::{ListenError, Listener};
pub use pid_file::{PidFile, PidFileError, PreparedPidFile};
pub use priority::Courtesy;
pub use process::{Process, Signal};
pub use rights::Rights;
pub use spawn::{Bond, Child, SpawnError, SpawnPlan, SpawnStage};
pub use wait::{Exit, Reaped};

/// The pid of this process, in its own pid namespace.
pub fn pid() -> u32 {
    std::process::id()
}

/// The user whose rights this process has.
pub fn effective_user() -> u32 {
    // SAFETY: a syscall without arguments that cannot fail.
    unsafe { libc::geteuid() }
}

/// The group whose rights this process has.
pub fn effective_group() -> u32 {
    // SAFETY: a syscall without arguments that cannot fail.
    unsafe { libc::getegid() }
}

/// Whether this process is the init of its pid namespace: the kernel then gives it every orphan to reap, and drops
/// signals for which it has no handler.
pub fn is_pid_1() -> bool {
    pid() == 1
}
