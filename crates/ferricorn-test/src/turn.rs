//! Who may use the machine: most tests run side by side, those that load it or measure short times run alone.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

static MACHINE: RwLock<()> = RwLock::new(());

/// The permission to run; given back on drop. Take it once per test, first thing.
#[must_use = "the turn ends when it is dropped"]
pub enum Turn {
    /// Others may run as well.
    Together(RwLockReadGuard<'static, ()>),
    /// Nobody else runs.
    Alone(RwLockWriteGuard<'static, ()>),
}

/// Waits until no test needs the machine for itself.
pub fn together() -> Turn {
    Turn::Together(MACHINE.read().unwrap_or_else(PoisonError::into_inner))
}

/// Waits until no other test runs, and keeps all others waiting.
pub fn alone() -> Turn {
    Turn::Alone(MACHINE.write().unwrap_or_else(PoisonError::into_inner))
}
