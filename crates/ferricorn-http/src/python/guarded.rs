//! State of an object that Python holds.

use std::sync::{Mutex, TryLockError};

/// A value behind a lock that no thread ever waits for: the interpreter's own lock sees to that.
///
/// Invariant: what is done with it calls no Python and drops no object of Python's, since either may come back for the
/// same value. It panics then, which Python sees as an exception, instead of waiting for itself.
#[derive(Debug, Default)]
pub(super) struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    pub(super) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(super) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        match self.0.try_lock() {
            Ok(mut value) => work(&mut value),
            // A panic has left it as it was between two of these calls.
            Err(TryLockError::Poisoned(poisoned)) => work(&mut poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => panic!("state of the HTTP protocol was used while it changed"),
        }
    }
}
