//! What this process itself uses and may use.

use std::fs;

/// The processor time of this process so far, in seconds, all threads together (`getrusage(2)`). 0 if it cannot be known.
#[expect(clippy::cast_precision_loss, reason = "seconds and microseconds")]
pub fn processor_seconds() -> f64 {
    use nix::sys::resource::{UsageWho, getrusage};
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return 0.0 };
    [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6)
        .sum()
}

/// How many descriptors are open. 0 without `/proc`.
pub fn descriptors() -> u64 {
    // The listing itself has one open.
    fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count().saturating_sub(1) as u64)
}

/// How many descriptors may be open (`RLIMIT_NOFILE`). 0 if it cannot be known.
pub fn most_descriptors() -> u64 {
    use nix::sys::resource::{Resource, getrlimit};
    getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _hard)| soft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_taken_something() {
        assert!(processor_seconds() > 0.0);
        assert!((3..=most_descriptors()).contains(&descriptors()));
    }
}
