//! The tally boards: what workers have counted, and what masters have, over the life of the service.
//!
//! Owns: the board of this master, and those of masters before and after it whose counts continue. Does not own: the
//! layout (`ferricorn_wire::tally`), the adding up (`ferricorn_telemetry::metrics::fold`).
//!
//! Invariant: every count is on one board, and every board that has some is in one list: counts are never copied while
//! another process may read where they came from.

use std::{
    fs, io,
    os::fd::{AsRawFd as _, OwnedFd, RawFd},
    time::SystemTime,
};

use ferricorn_sys::{SharedWords, inherit};
use ferricorn_telemetry::metrics::{Counter, Life, Tally, fold};
use ferricorn_wire::tally::BYTES;
use tracing::warn;

/// A board in memory.
struct Words(SharedWords);

impl fold::Board for Words {
    fn load(&self, word: usize) -> u64 {
        self.0.load(word)
    }

    fn store(&self, word: usize, value: u64) {
        self.0.store(word, value);
    }
}

/// The board of another master.
struct Other {
    words: Words,
    /// The master that writes it, while it may live.
    master: Option<u32>,
}

/// Every board.
pub(crate) struct Tallies {
    own: Words,
    others: Vec<Other>,
}

impl Tallies {
    /// A board of our own, and nothing counted.
    pub(crate) fn new() -> io::Result<Self> {
        let tallies = Self { own: Words(SharedWords::create(BYTES)?), others: Vec::new() };
        fold::begin(&tallies.own);
        tallies.begin_life();
        Ok(tallies)
    }

    /// The board that a predecessor has made for us, or a new one; and those whose counts continue. What cannot be
    /// taken is lost, and the service is as good without it.
    pub(crate) fn inherit(own: Option<RawFd>, others: &[RawFd], master: Option<u32>) -> io::Result<Self> {
        let mut tallies = match own.map(|own| adopt(inherit::descriptor(own)?)) {
            Some(Ok(own)) => Self { own, others: Vec::new() },
            Some(Err(error)) => {
                warn!("what was counted so far is lost: {error}");
                Self::new()?
            }
            None => Self::new()?,
        };
        tallies.begin_life();
        for board in others {
            match inherit::descriptor(*board).and_then(adopt) {
                Ok(words) => tallies.others.push(Other { words, master }),
                Err(error) => warn!("what was counted by another master is lost: {error}"),
            }
        }
        Ok(tallies)
    }

    fn begin_life(&self) {
        let word = Counter::StartedAt.word();
        if self.own.0.load(word) == 0 {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            self.own.0.store(word, ferricorn_wire::milliseconds(now));
        }
    }

    /// The own board, for workers and for a program that replaces this one.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.own.0.as_raw_fd()
    }

    /// The boards of others, for a program that replaces this one.
    pub(crate) fn others(&self) -> Vec<RawFd> {
        self.others.iter().map(|other| other.words.0.as_raw_fd()).collect()
    }

    /// Every board so far, and a new one for a successor, which is read here from now on.
    pub(crate) fn prepare_succession(&mut self) -> (Vec<RawFd>, Option<RawFd>) {
        self.absorb();
        let boards = self.others().into_iter().chain([self.descriptor()]).collect();
        let prepared = SharedWords::create(BYTES).map(Words).inspect(fold::begin);
        match prepared {
            Ok(words) => {
                let descriptor = words.0.as_raw_fd();
                self.others.push(Other { words, master: None });
                (boards, Some(descriptor))
            }
            Err(error) => {
                warn!("the new master counts by itself: {error}");
                (boards, None)
            }
        }
    }

    /// The successor runs with this pid, or it could not be started.
    pub(crate) fn succeeded_by(&mut self, pid: Option<u32>) {
        if let Some(other) = self.others.last_mut() {
            other.master = pid;
        }
    }

    /// Adds the boards of masters that have ended to the own one. Their workers have ended with them.
    fn absorb(&mut self) {
        let own = &self.own;
        self.others.retain(|other| {
            let lives = other.master.is_some_and(|pid| fs::exists(format!("/proc/{pid}")).unwrap_or(true));
            if !lives {
                fold::absorb(own, &fold::total(&other.words));
                let mut life = Life::read(|word| own.0.load(word));
                life.add(&Life::read(|word| other.words.0.load(word)));
                life.write(|word, value| own.0.store(word, value));
            }
            lives
        });
    }

    /// A worker gets this row.
    pub(crate) fn take(&self, row: usize) {
        fold::use_row(&self.own, row);
    }

    /// The worker of this row is gone, and what it has counted remains.
    pub(crate) fn keep(&self, row: usize) {
        fold::fold(&self.own, row);
    }

    /// Counts something that the master has seen.
    pub(crate) fn count(&self, counter: Counter) {
        let word = counter.word();
        self.own.0.store(word, self.own.0.load(word) + 1);
    }

    /// Adds to the time that good boots took, in seconds.
    pub(crate) fn add_boot(&self, seconds: f64) {
        self.count(Counter::BootReady);
        let word = Counter::BootSeconds.word();
        let sum = f64::from_bits(self.own.0.load(word)) + seconds;
        self.own.0.store(word, sum.to_bits());
    }

    /// What all workers have counted.
    pub(crate) fn total(&self) -> Tally {
        let mut total = fold::total(&self.own);
        self.others.iter().for_each(|other| total.add(&fold::total(&other.words)));
        total
    }

    /// What one worker has counted.
    pub(crate) fn of_row(&self, row: usize) -> Tally {
        fold::tally(&self.own, row)
    }

    /// What all masters have counted.
    pub(crate) fn life(&self) -> Life {
        let mut life = Life::read(|word| self.own.0.load(word));
        self.others.iter().for_each(|other| life.add(&Life::read(|word| other.words.0.load(word))));
        life
    }
}

fn adopt(board: OwnedFd) -> io::Result<Words> {
    let words = Words(SharedWords::adopt(board, BYTES)?);
    if fold::is_known(&words) {
        Ok(words)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidData, "it has another layout"))
    }
}
