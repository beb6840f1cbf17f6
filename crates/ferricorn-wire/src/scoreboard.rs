//! The layout of the scoreboard: one memfd, mapped by the master and by every worker.
//!
//! It is an array of native-endian, 8-byte aligned `u64` words: a header of [`HEADER_WORDS`], then [`ROWS`] rows of
//! [`ROW_WORDS`]. A *row* belongs to one worker process from spawn to exit; a slot that is being replaced holds two.
//! Each word has one writer at a time, and is written with one plain aligned store, so no reader sees half a value.
//! The worker writes its own row; the master clears a row before it gives it to a new worker.
//!
//! A reader needs no lock, and the master needs no system call to learn how all workers are.

/// Words before the first row. Word 0 is [`MAGIC`]; word 1 is the number of rows ever used (a reader scans no more).
pub const HEADER_WORDS: usize = 16;

/// Words of a row: two cache lines of 64 bytes, so that neighbours do not share one.
pub const ROW_WORDS: usize = 16;

/// Rows of the board. Enough for every live worker twice over; untouched pages of the memfd cost nothing.
pub const ROWS: usize = 4096;

/// The size of the whole board in bytes.
pub const BYTES: usize = (HEADER_WORDS + ROWS * ROW_WORDS) * 8;

/// The first word of the header: "FERRI" and the version of this layout.
pub const MAGIC: u64 = 0x4645_5252_4900_0001;

/// The header's word that counts the rows ever used.
pub const ROWS_USED_WORD: usize = 1;

/// The words of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Word {
    /// One of [`State`]'s numbers.
    State = 0,
    /// `CLOCK_MONOTONIC` in nanoseconds when the event loop last ran its tick; 0 before the loop runs.
    Heartbeat = 1,
    /// Open connections.
    Connections = 2,
    /// Requests answered since the worker began (and WebSockets opened, if asked to count them).
    Requests = 3,
    /// Requests being handled now.
    InFlight = 4,
    /// How late the last tick of the event loop was, in nanoseconds.
    LoopLag = 5,
    /// Connections accepted since the worker began.
    Accepted = 6,
    /// Idle connections handed to a sibling.
    HandedOver = 7,
    /// Connections taken over from a sibling.
    TakenOver = 8,
}

/// What a worker is doing, as its siblings need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum State {
    /// Nobody writes this row.
    Free = 0,
    /// The application is starting.
    Booting = 1,
    /// The worker accepts connections.
    Accepting = 2,
    /// The worker is full (`--worker-connections`) and accepts nothing for now.
    Full = 3,
    /// The worker drains.
    Draining = 4,
}

/// The index of a row's word in the array of words.
pub const fn index(row: usize, word: Word) -> usize {
    HEADER_WORDS + row * ROW_WORDS + word as usize
}
