//! Waiting for evidence that is not announced: the state of `/proc`, of a port, of a file.
//!
//! Whatever can be announced (a log line, an exit) is waited for with a condition variable instead; see
//! [`LogBook`](crate::LogBook).

use std::{
    thread,
    time::{Duration, Instant},
};

/// How often a condition is looked at. Short enough to measure limits of a tenth of a second.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Looks at a condition until it gives something, or until the limit is over.
pub fn within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// Waits until a condition holds; panics with `what` when it does not within the limit.
#[track_caller]
pub fn eventually(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    assert!(within(limit, || holds().then_some(())).is_some(), "not within {limit:?}: {what}");
}
