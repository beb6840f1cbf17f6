//! The scoreboard as the master uses it: which row belongs to whom, and what a worker has written into its own.
//!
//! Owns: the shared memory, the rows that are taken. Does not own: the layout (`ferricorn_wire::scoreboard`).
//!
//! Invariant: a row and its page are empty when a worker gets them.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    time::Duration,
};

use ferricorn_sys::{SharedWords, clock};
use ferricorn_wire::scoreboard::{
    BYTES, MAGIC, ROW_WORDS, ROWS, ROWS_USED_WORD, Request, State, Word, index, page, requests,
};

/// The rows.
pub(super) struct Rows {
    board: SharedWords,
    taken: Vec<bool>,
}

impl Rows {
    /// A new scoreboard, of which no row is taken.
    pub(super) fn new() -> io::Result<Self> {
        let board = SharedWords::create(BYTES)?;
        board.store(0, MAGIC);
        Ok(Self { board, taken: vec![false; ROWS] })
    }

    /// The scoreboard of a predecessor in this process, with the rows of the workers that it has left.
    pub(super) fn inherit(board: OwnedFd, taken: impl Iterator<Item = usize>) -> io::Result<Self> {
        let mut rows = Self { board: SharedWords::adopt(board, BYTES)?, taken: vec![false; ROWS] };
        for row in taken {
            let place = rows.taken.get_mut(row).ok_or_else(|| io::Error::other("there is no such row"))?;
            *place = true;
        }
        Ok(rows)
    }

    /// Takes a row for a worker, which marks it itself when it begins to boot.
    pub(super) fn take(&mut self) -> io::Result<usize> {
        let row = self.taken.iter().position(|taken| !taken).ok_or_else(|| {
            io::Error::other(format!("the scoreboard is full: {ROWS} worker processes exist already"))
        })?;
        self.taken[row] = true;
        self.clear(row);
        let used = self.board.load(ROWS_USED_WORD).max(row as u64 + 1);
        self.board.store(ROWS_USED_WORD, used);
        Ok(row)
    }

    /// Gives a row back whose worker is gone.
    pub(super) fn give_back(&mut self, row: usize) {
        self.clear(row);
        self.taken[row] = false;
    }

    fn clear(&self, row: usize) {
        let first = index(row, Word::State);
        for word in first + 1..first + ROW_WORDS {
            self.board.store(word, 0);
        }
        // Only what was written: an untouched page costs nothing.
        page(row).filter(|word| self.board.load(*word) != 0).for_each(|word| self.board.store(word, 0));
        self.board.store(first, State::Free as u64);
    }

    /// One word of a worker's.
    pub(super) fn read(&self, row: usize, word: Word) -> u64 {
        self.board.load(index(row, word))
    }

    /// For how long a worker has not beaten; none before its first heartbeat.
    pub(super) fn silent_for(&self, row: usize) -> Option<Duration> {
        let beat = self.read(row, Word::Heartbeat);
        (beat != 0).then(|| Duration::from_nanos(clock::monotonic_nanos().saturating_sub(beat)))
    }

    /// Which requests a worker was handling when its event loop last ran, and which have begun since.
    pub(super) fn in_flight(&self, row: usize) -> Vec<Request> {
        let page: Vec<u64> = page(row).map(|word| self.board.load(word)).collect();
        requests(&page, self.read(row, Word::Begun), clock::monotonic_nanos())
    }
}

impl AsRawFd for Rows {
    fn as_raw_fd(&self) -> RawFd {
        self.board.as_raw_fd()
    }
}
