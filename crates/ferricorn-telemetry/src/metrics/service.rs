//! The facts of a service at one moment, as the master knows them.
//!
//! Owns: the types, and the places of the master's own counters, which outlive a master. Does not own: the finding out.

use ferricorn_wire::{
    Runs,
    tally::{MASTER_WORD, MASTER_WORDS},
};

use super::Tally;

/// Everything that is shown.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// What workers have counted, those that are gone included.
    pub tally: Tally,
    /// What the master has counted, its predecessors included.
    pub life: Life,
    /// Every worker process.
    pub workers: Vec<Worker>,
    /// How many workers are wanted.
    pub target: u16,
    /// The queue of each listening socket that has one to look at.
    pub queues: Vec<ListenQueue>,
    /// The generation that serves.
    pub generation: u32,
    /// Nothing is recycled, since the last reload was rejected.
    pub frozen: bool,
    /// A reload is under way.
    pub reloading: bool,
    /// The service is stopping.
    pub stopping: bool,
    /// What runs.
    pub build: Build,
    /// The master's own process.
    pub process: Process,
}

/// What a worker process does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkerState {
    /// The application starts.
    #[default]
    Booting,
    /// It accepts connections, and its event loop runs.
    Serving,
    /// It finishes what it has, and ends.
    Draining,
    /// It should serve, and its event loop does not run.
    Silent,
}

impl WorkerState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Booting, Self::Serving, Self::Draining, Self::Silent];

    /// Its name as the value of a label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Booting => "booting",
            Self::Serving => "serving",
            Self::Draining => "draining",
            Self::Silent => "silent",
        }
    }
}

/// A worker process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worker {
    /// Its slot.
    pub slot: u16,
    /// What it does.
    pub state: WorkerState,
    /// Its pid.
    pub pid: i32,
    /// Its generation.
    pub generation: u32,
    /// When its process was made, in seconds since 1970.
    pub started_at: f64,
    /// Open connections.
    pub connections: u64,
    /// Requests being handled.
    pub in_flight: u64,
    /// How late the last tick of its event loop was, in seconds.
    pub lag: f64,
    /// Seconds since its event loop last ran; `None` before it runs.
    pub heartbeat_age: Option<f64>,
    /// How long the request has been under way that is oldest, in seconds; 0 without one.
    pub oldest_request: f64,
    /// Resident memory in bytes; `None` if it cannot be read.
    pub resident: Option<u64>,
    /// The part of it that is no file's: what a leak makes grow.
    pub anonymous: Option<u64>,
}

/// A queue of connections that wait to be accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListenQueue {
    /// The address of its socket.
    pub listener: String,
    /// How many wait.
    pub waiting: u32,
    /// How many may.
    pub limit: u32,
    /// The most in the last 60 s.
    pub peak: u32,
}

/// What runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// The version of ferricorn.
    pub version: String,
    /// What runs in the workers; empty while none has said it.
    pub runs: Runs,
}

/// The master's own process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Process {
    /// Resident memory in bytes.
    pub resident: u64,
    /// Processor time in seconds.
    pub processor_seconds: f64,
    /// Open descriptors.
    pub descriptors: u64,
    /// How many it may have.
    pub most_descriptors: u64,
    /// When it began, in seconds since 1970.
    pub started_at: f64,
}

/// Causes of a worker's end, as the log names them. The order is that of the counters in the memory that one master leaves
/// to the next: a new one goes to the end.
pub const CAUSES: [&str; 24] = [
    "max-requests",
    "max-lifetime",
    "max-memory",
    "memory-limit",
    "reload",
    "rejected",
    "scale-down",
    "asked",
    "stop",
    "upgrade",
    "boot-failed",
    "boot-timeout",
    "timeout",
    "drain-timeout",
    "exit-timeout",
    "out-of-memory",
    "killed",
    "stack-signal",
    "crash",
    "signal",
    "exit",
    "sys-exit",
    "memory-error",
    "exception",
];

/// Something that the master counts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// When the service began, in milliseconds since 1970: of several masters, the first counts.
    StartedAt,
    /// A worker became ready.
    BootReady,
    /// A boot failed.
    BootFailed,
    /// The time that good boots took, in seconds.
    BootSeconds,
    /// A worker's event loop was found blocked.
    Hang,
    /// A reload succeeded.
    ReloadCommitted,
    /// A reload was rejected.
    ReloadRejected,
    /// A reload was given up for another reason.
    ReloadCalledOff,
    /// An upgrade succeeded.
    UpgradeCommitted,
    /// An upgrade failed.
    UpgradeRejected,
    /// An upgrade was given up since the service stops.
    UpgradeCalledOff,
    /// A client of the metrics was turned away.
    ClientRefused,
    /// A worker has ended of this one of [`CAUSES`].
    Exit(usize),
}

const FIRST_EXIT: usize = 32;

impl Counter {
    /// The counter of a cause.
    pub fn exit(cause: &str) -> Option<Self> {
        CAUSES.iter().position(|known| *known == cause).map(Self::Exit)
    }

    /// Its place among the master's words.
    fn place(self) -> usize {
        match self {
            Self::StartedAt => 0,
            Self::BootReady => 1,
            Self::BootFailed => 2,
            Self::BootSeconds => 3,
            Self::Hang => 4,
            Self::ReloadCommitted => 5,
            Self::ReloadRejected => 6,
            Self::ReloadCalledOff => 7,
            Self::UpgradeCommitted => 8,
            Self::UpgradeRejected => 9,
            Self::UpgradeCalledOff => 10,
            Self::ClientRefused => 11,
            Self::Exit(cause) => FIRST_EXIT + cause,
        }
    }

    /// Its word on the board.
    pub fn word(self) -> usize {
        MASTER_WORD + self.place()
    }
}

/// What the master has counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Life {
    words: Vec<u64>,
}

impl Default for Life {
    fn default() -> Self {
        Self { words: vec![0; MASTER_WORDS] }
    }
}

impl Life {
    /// From the master's words of a board.
    pub fn read(load: impl Fn(usize) -> u64) -> Self {
        Self { words: (MASTER_WORD..MASTER_WORD + MASTER_WORDS).map(load).collect() }
    }

    /// Writes them as the master's words of a board.
    pub fn write(&self, store: impl Fn(usize, u64)) {
        (MASTER_WORD..).zip(&self.words).for_each(|(word, value)| store(word, *value));
    }

    /// Adds what another master has counted.
    pub fn add(&mut self, other: &Self) {
        let (start, seconds) = (Counter::StartedAt.place(), Counter::BootSeconds.place());
        for (place, (word, other)) in self.words.iter_mut().zip(&other.words).enumerate() {
            *word = match place {
                _ if place == start && (*word == 0 || *other == 0) => (*word).max(*other),
                _ if place == start => (*word).min(*other),
                _ if place == seconds => (f64::from_bits(*word) + f64::from_bits(*other)).to_bits(),
                _ => word.wrapping_add(*other),
            };
        }
    }

    /// How often.
    pub fn count(&self, counter: Counter) -> u64 {
        self.words[counter.place()]
    }

    /// The time that good boots took, in seconds.
    pub fn boot_seconds(&self) -> f64 {
        f64::from_bits(self.words[Counter::BootSeconds.place()])
    }

    /// When the service began, in seconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "some 1e12 milliseconds")]
    pub fn started_at(&self) -> f64 {
        self.count(Counter::StartedAt) as f64 / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_masters_counts_are_added_and_the_first_start_holds() {
        let life = |started: u64, boots: u64, seconds: f64| {
            Life::read(|word| match word {
                it if it == Counter::StartedAt.word() => started,
                it if it == Counter::BootReady.word() => boots,
                it if it == Counter::BootSeconds.word() => seconds.to_bits(),
                it if it == Counter::exit("exception").expect("known").word() => 1,
                _ => 0,
            })
        };
        let mut both = life(2000, 3, 0.5);
        both.add(&life(1000, 4, 1.5));
        both.add(&Life::default());
        assert_eq!((both.count(Counter::BootReady), both.count(Counter::Exit(23))), (7, 2));
        assert!((both.started_at() - 1.0).abs() < 1e-9 && (both.boot_seconds() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn each_counter_has_a_word_of_its_own() {
        assert!(Counter::Exit(CAUSES.len()).word() < MASTER_WORD + MASTER_WORDS);
        assert!(Counter::ClientRefused.place() < FIRST_EXIT);
        assert_eq!(Counter::exit("no such cause"), None);
    }
}
