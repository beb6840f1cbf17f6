//! The part of the settings that the core needs.

use std::time::Duration;

use crate::StopMode;

/// The rules of one generation.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// How many workers serve when all is well; 0 is legal.
    pub workers: u16,
    /// How many workers more may live while others are replaced, 1 or more.
    pub surge: u16,
    /// Silence of an event loop after which its worker is killed; `None`: never.
    pub timeout: Option<Duration>,
    /// Silence after which the worker's stack is shown, once per stall; `None`: only shortly before the timeout.
    pub slow_loop: Option<Duration>,
    /// How long a boot may take; `None`: no limit, as in gunicorn.
    pub boot_timeout: Option<Duration>,
    /// How long requests in flight may take during a drain.
    pub graceful_timeout: Duration,
    /// How long a reload's first worker must hold before it serves and the others follow.
    pub probation: Duration,
    /// Requests after which a worker is recycled; `None`: never.
    pub max_requests: Option<u64>,
    /// The most that is added to `max_requests`, drawn for each worker, both ends included.
    pub max_requests_jitter: u64,
    /// How long a worker serves before it is recycled, from ready on; `None`: for ever.
    pub max_lifetime: Option<Duration>,
    /// The most that is added to `max_lifetime`, drawn for each worker.
    pub max_lifetime_jitter: Duration,
    /// Resident memory in bytes above which a worker is recycled; at twice as much it is killed. `None`: no limit.
    pub max_memory: Option<u64>,
    /// How long a graceful stop keeps accepting, with `Connection: close` on every response, before it drains.
    pub drain_delay: Duration,
    /// How a new program comes to power.
    pub upgrade_way: UpgradeWay,
    /// How long a new program may take until it is ready to take over.
    pub upgrade_timeout: Duration,
    /// Whether the sockets listen from the start, and not from the first ready worker on.
    pub listen_early: bool,
    /// Whether connections are encrypted: workers that differ in this cannot take over each other's connections.
    pub speaks_tls: bool,
    /// Whether workers are forked from a template that has loaded the application once.
    pub preload: bool,
    /// Whether the code is the service, or is being worked on.
    pub manner: Manner,
    /// How often the shell reads the scoreboard. A gap of several times this means that the master overslept.
    pub sample_every: Duration,
}

/// What a service is run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// To answer: a reload has to prove itself, and old code serves until then.
    Service,
    /// To show the code that is on disk (`--reload`): a reload replaces at once, and a boot that fails is shown in place of
    /// the application. See `supervisor/develop.rs`.
    Development,
}

impl Policy {
    /// What a quick stop grants requests in flight.
    pub const QUICK_GRACE: Duration = Duration::from_millis(500);

    /// The same during development, when no user misses a stream.
    pub const DEVELOPERS_GRACE: Duration = Duration::from_millis(100);

    /// From a quick stop to the kill for a service that is worked on: the prompt is back within a second.
    pub const DEVELOPERS_LIMIT: Duration = Duration::from_millis(800);

    /// What requests get when the code that answers them is no longer on disk.
    pub const REPLACED_GRACE: Duration = Duration::from_secs(2);

    /// What the application's shutdown gets after that.
    pub const REPLACED_SHUTDOWN: Duration = Duration::from_secs(1);

    /// How long reading the settings for a reload may take.
    pub const READING_LIMIT: Duration = Duration::from_secs(60);

    /// How long nothing is started after a change of the code if no reload follows, which reads the configuration first.
    pub const HOLD: Duration = Duration::from_secs(10);

    /// From the order to print the stack to the kill. faulthandler needs about a millisecond (measured); a loaded
    /// machine more.
    pub const DUMP_TIME: Duration = Duration::from_millis(150);

    /// How long a reload's first worker, after its probation, serves among the old ones if it gets no request
    /// anything. With the first request that it has answered the others follow at once.
    pub const FIRST_REQUEST: Duration = Duration::from_secs(1);

    /// From a worker's report of a SIGTERM by another process to its replacement. A sender that signals the whole
    /// process group (`timeout`, Heroku, systemd without `KillMode=mixed`) sends it to the master as well, a moment
    /// later at most, and then no worker should be started.
    pub const WHOLE_GROUP: Duration = Duration::from_millis(100);

    /// From SIGABRT, which lets the application say what it was doing, to the kill.
    pub const ABORT_TIME: Duration = Duration::from_millis(350);

    /// A kill that has had no effect for this long will have no effect for a while: the process sleeps where no signal
    /// reaches it (state D). It is not waited for any longer.
    pub const KILL_TIME: Duration = Duration::from_secs(5);

    /// How long a template may take to fork a worker, before it is taken for dead.
    pub const FORK_LIMIT: Duration = Duration::from_secs(3);

    /// Silences that begin within this time of each other have one cause.
    pub const AT_ONCE: Duration = Duration::from_millis(500);

    /// The most that is added to the timeout when all workers are held up at once.
    pub const HOST_STALL: Duration = Duration::from_secs(5);

    /// A worker that was ready for this long was healthy: its death resets the count of failures.
    pub const STABLE_AFTER: Duration = Duration::from_secs(5);

    /// A worker that has said that it cannot start has this long to go by itself.
    pub const FAREWELL: Duration = Duration::from_secs(5);

    /// A worker that is told to leave while it boots has this long, from the last sign of its event loop if it has one.
    /// The import ends at the order unless it is in the middle of a call in C.
    pub const BOOT_FAREWELL: Duration = Duration::from_secs(1);
    /// What a worker has at least from the end of its event loop on, for threads, `atexit` functions and the interpreter's own
    /// end. With the graceful timeout it makes less than what a service manager usually waits for.
    pub const EXIT_TIME: Duration = Duration::from_secs(5);

    /// How long a worker gives way, in boots: a boot that leaves the processors to others takes two of its own kind at most,
    /// before it has its turn like everybody.
    pub const COURTESY_BOOTS: u32 = 2;

    /// How long a worker gives way when it is not known what a boot takes.
    pub const USUAL_COURTESY: Duration = Duration::from_secs(10);

    /// How long a worker gives way at least.
    pub const LEAST_COURTESY: Duration = Duration::from_secs(1);

    /// How long a worker gives way at most, whatever its boot takes.
    pub const MOST_COURTESY: Duration = Duration::from_secs(30);

    /// The time that a new master has beyond that of its workers when it was told to leave.
    pub const SUCCESSOR_FAREWELL: Duration = Duration::from_secs(2);

    /// The most that a worker can extend its boot to, from its spawn on.
    pub const LONGEST_BOOT: Duration = Duration::from_secs(3_600);

    /// Deaths during boot without a word (a crash, `os._exit`), or failed startups of one slot, before a first start is
    /// given up.
    pub const FIRST_START_TRIES: u32 = 3;

    /// How long the other workers of a start have, after the first one, before the service is announced without them:
    /// at least so long, and otherwise as long as the boot of the first one took.
    pub const OTHER_BOOTS_LEAST: Duration = Duration::from_secs(2);

    /// The most that this is.
    pub const OTHER_BOOTS_MOST: Duration = Duration::from_secs(30);

    /// Silence after which a worker's stack is shown: as asked for, or at four fifths of the timeout, so that the report
    /// comes while the worker still hangs.
    pub(crate) fn slow_after(&self) -> Option<Duration> {
        let before_the_end = self.timeout.map(|timeout| timeout * 4 / 5);
        self.slow_loop.into_iter().chain(before_the_end).min()
    }

    /// The part of the graceful timeout that the worker gets: a little is kept back, so that the application's shutdown
    /// can still run before the kill when requests had to be cut.
    pub(crate) fn grace(&self) -> Duration {
        self.graceful_timeout.saturating_sub((self.graceful_timeout / 4).min(Duration::from_secs(1)))
    }

    /// From the order to drain to the kill.
    pub(crate) fn drain_limit(&self) -> Duration {
        self.graceful_timeout + Duration::from_millis(500)
    }

    /// From the order to stop quickly to the kill: the grace, and two seconds for the application's shutdown.
    pub(crate) fn quick_limit(&self) -> Duration {
        if self.is_development() {
            return Self::DEVELOPERS_LIMIT;
        }
        (Self::QUICK_GRACE + Duration::from_secs(2)).min(self.drain_limit())
    }

    /// How a request to stop from the keyboard is meant, the first time or again.
    pub(crate) fn interrupted(&self, times: u32) -> StopMode {
        match (self.manner, times) {
            (Manner::Service, 0 | 1) => StopMode::Graceful,
            (Manner::Service, _) | (Manner::Development, 0 | 1) => StopMode::Quick,
            (Manner::Development, _) => StopMode::Now,
        }
    }

    pub(crate) fn is_development(&self) -> bool {
        self.manner == Manner::Development
    }

    /// What requests get when the service stops quickly. Who works on the code waits for the prompt.
    pub(crate) fn quick_grace(&self) -> Duration {
        let least = if self.is_development() { Self::DEVELOPERS_GRACE } else { Self::QUICK_GRACE };
        least.min(self.grace())
    }

    /// The time of a boot that is told to leave.
    pub(crate) fn boot_farewell(&self) -> Duration {
        if self.is_development() { Self::BOOT_FAREWELL / 2 } else { Self::BOOT_FAREWELL }
    }

    /// The longest pause between two samples that does not count as having overslept.
    pub(crate) fn longest_pause(&self) -> Duration {
        (self.sample_every * 4).max(Duration::from_secs(1))
    }
}

/// How a new program comes to power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpgradeWay {
    /// A second master is started beside this one, and this one leaves when the other serves.
    Beside,
    /// The new program replaces this one in its own process: PID 1 cannot leave, since everything ends with it.
    InPlace,
}
