//! Settings become the core's policy.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

use ferricorn_config::{ListenWhen, Preload, Settings};
use ferricorn_core::{Manner, Policy, UpgradeWay};

/// How often the scoreboard is read. It bounds how late a hang is found and how far a worker overshoots its request
/// limit. A read costs no system call.
pub(crate) const SAMPLE_EVERY: Duration = Duration::from_millis(100);

/// Every how many samples the workers' memory is looked at as well, which costs a file's reading each: once a second.
pub(crate) const WEIGH_EVERY: u32 = 10;

/// The rules that follow from the settings.
pub(crate) fn from_settings(settings: &Settings) -> Policy {
    let limit = |duration: Duration| (!duration.is_zero()).then_some(duration);
    Policy {
        workers: settings.workers,
        surge: 1,
        timeout: limit(settings.timeout),
        slow_loop: limit(settings.slow_loop),
        boot_timeout: limit(settings.boot_timeout),
        graceful_timeout: settings.graceful_timeout,
        probation: settings.reload_probation,
        max_requests: (settings.max_requests > 0).then_some(settings.max_requests),
        max_requests_jitter: settings.max_requests_jitter,
        max_lifetime: limit(settings.max_worker_lifetime),
        max_lifetime_jitter: settings.max_worker_lifetime_jitter,
        max_memory: settings.max_worker_memory.as_ref().map(|memory| memory.bytes),
        drain_delay: settings.drain_delay,
        // As PID 1 the program must stay what it is to the kernel: everything ends with it.
        upgrade_way: if ferricorn_sys::is_pid_1() { UpgradeWay::InPlace } else { UpgradeWay::Beside },
        upgrade_timeout: settings.upgrade_timeout,
        speaks_tls: settings.speaks_tls(),
        // Nothing of an application that is being worked on is kept.
        preload: settings.preload != Preload::No && settings.reload.is_none(),
        manner: if settings.reload.is_some() { Manner::Development } else { Manner::Service },
        listen_early: settings.listen == ListenWhen::Early,
        sample_every: SAMPLE_EVERY,
    }
}

/// A seed that differs from run to run: the keys that the standard library draws for its hash maps are random.
pub(crate) fn seed() -> u64 {
    RandomState::new().build_hasher().finish()
}
