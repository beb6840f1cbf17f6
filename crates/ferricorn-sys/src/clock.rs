//! The clock that heartbeats are written in.

use nix::time::{ClockId, clock_gettime};

/// `CLOCK_MONOTONIC` in nanoseconds: the same clock as Python's `time.monotonic_ns()`, and the same for all processes
/// of the machine, so that a worker's heartbeat can be compared with the master's own time. Stands still while the
/// machine is suspended.
pub fn monotonic_nanos() -> u64 {
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("Linux always has CLOCK_MONOTONIC");
    let seconds = u64::try_from(time.tv_sec()).expect("the monotonic clock counts from boot");
    let nanos = u64::try_from(time.tv_nsec()).expect("a timespec's nanoseconds are 0 to 999,999,999");
    seconds * 1_000_000_000 + nanos
}
