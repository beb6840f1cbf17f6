//! The layout of the scoreboard: one memfd, mapped by the master and by every worker.
//!
//! It is an array of native-endian, 8-byte aligned `u64` words: a header of [`HEADER_WORDS`], then [`ROWS`] rows of
//! [`ROW_WORDS`]. A *row* belongs to one worker process from spawn to exit; a slot that is being replaced holds two.
//! Each word has one writer at a time, and is written with one plain aligned store, so no reader sees half a value.
//! The worker writes its own row; the master clears a row before it gives it to a new worker.
//!
//! A reader needs no lock, and the master needs no system call to learn how all workers are.
//!
//! After the rows comes a page of [`PAGE_BYTES`] for each of them: which requests the worker handles, for the case that it
//! cannot say so itself any more. A page holds [`SEEN_PLACES`] *places* for requests that were in flight when its event
//! loop last ran, then [`NEWEST_PLACES`] for the newest requests, whether answered or not. A place is a word that is 0
//! while it is free, then text, filled up with NUL.

use std::time::Duration;

/// Words before the first row. Word 0 is [`MAGIC`]; word 1 is the number of rows ever used (a reader scans no more).
pub const HEADER_WORDS: usize = 16;

/// Words of a row: two cache lines of 64 bytes, so that neighbours do not share one.
pub const ROW_WORDS: usize = 16;

/// Rows of the board. Enough for every live worker twice over; untouched pages of the memfd cost nothing.
pub const ROWS: usize = 4096;

/// The word with which the first page begins: the first after the rows that begins a page of memory.
pub const PAGES_WORD: usize = (HEADER_WORDS + ROWS * ROW_WORDS).next_multiple_of(PAGE_BYTES / 8);

/// Places for the requests that were in flight when the event loop last ran, oldest first. Their word says since when,
/// on `CLOCK_MONOTONIC` in nanoseconds, to a heartbeat's precision; their text is `METHOD /path`.
pub const SEEN_PLACES: usize = 24;

/// Places for the newest requests. Their word is the number of the request, from 1, which also says the place; their text
/// is [`METHOD_BYTES`] of method, then the path.
pub const NEWEST_PLACES: usize = 8;

/// The size of a place.
pub const PLACE_BYTES: usize = 128;

/// The part of a new request's text that is its method.
pub const METHOD_BYTES: usize = 10;

/// The size of a page.
pub const PAGE_BYTES: usize = (SEEN_PLACES + NEWEST_PLACES) * PLACE_BYTES;

/// The size of the whole board in bytes.
pub const BYTES: usize = PAGES_WORD * 8 + ROWS * PAGE_BYTES;

/// The first word of the header: "FERRI" and the version of this layout.
pub const MAGIC: u64 = 0x4645_5252_4900_0002;

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
    /// Requests begun since the worker began, when its event loop last ran.
    Begun = 9,
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

/// The words of one row's page.
pub const fn page(row: usize) -> std::ops::Range<usize> {
    let first = PAGES_WORD + row * PAGE_BYTES / 8;
    first..first + PAGE_BYTES / 8
}

/// A request that a worker has not finished, as far as its page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `METHOD /path`, made printable.
    pub name: String,
    /// How long it has been under way; none: at most since the event loop last ran, and it may be answered already.
    pub age: Option<Duration>,
}

/// What a page shows at the time `now`, of a worker that had `begun` so many requests when its event loop last ran:
/// those that it was handling then, oldest first, and those that have begun since, newest first.
pub fn requests(page: &[u64], begun: u64, now: u64) -> Vec<Request> {
    let places: Vec<(u64, Vec<u8>)> = page
        .chunks(PLACE_BYTES / 8)
        .map(|place| (place[0], place[1..].iter().flat_map(|word| word.to_ne_bytes()).collect()))
        .collect();
    let (seen, newest) = places.split_at(SEEN_PLACES.min(places.len()));
    let seen = seen.iter().filter(|(since, _)| *since != 0).map(|(since, text)| Request {
        name: printable(text),
        age: Some(Duration::from_nanos(now.saturating_sub(*since))),
    });
    let mut newest: Vec<_> = newest.iter().filter(|(number, _)| *number > begun).collect();
    newest.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    let newest = newest.into_iter().map(|(_, text)| {
        let (method, path) = text.split_at(METHOD_BYTES);
        Request {
            name: format!("{} {}", printable(method), printable(path)).trim_start().to_owned(),
            age: None,
        }
    });
    seen.chain(newest).collect()
}

/// Text up to the first NUL. It is the user's, or half written by a worker that was killed over it.
fn printable(text: &[u8]) -> String {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    String::from_utf8_lossy(&text[..end]).chars().map(|it| if it.is_control() { '?' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(word: u64, text: &[u8]) -> Vec<u64> {
        let mut bytes = text.to_vec();
        bytes.resize(PLACE_BYTES - 8, 0);
        let words = bytes.chunks(8).map(|word| u64::from_ne_bytes(word.try_into().expect("8 bytes")));
        [word].into_iter().chain(words).collect()
    }

    fn new(number: u64, path: &str) -> Vec<u64> {
        place(number, format!("GET\0\0\0\0\0\0\0{path}").as_bytes())
    }

    #[test]
    fn a_page_tells_what_was_in_flight_and_what_has_begun_since() {
        let free = SEEN_PLACES - 2;
        let page = [
            place(1_000_000_000, b"POST /slow"),
            place(3_000_000_000, b"GET /\nodd"),
            place(0, b"").repeat(free),
            new(17, "/newest"),
            new(10, "/answered long ago"),
            new(16, "/new"),
            place(0, b"").repeat(NEWEST_PLACES - 3),
        ];
        let found = requests(&page.concat(), 15, 4_000_000_000);
        let known =
            |name: &str, seconds| Request { name: name.into(), age: Some(Duration::from_secs(seconds)) };
        let since = |name: &str| Request { name: name.into(), age: None };
        let expected =
            [known("POST /slow", 3), known("GET /?odd", 1), since("GET /newest"), since("GET /new")];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_empty_page_tells_of_nothing() {
        assert_eq!(requests(&vec![0; PAGE_BYTES / 8], 0, 0), []);
    }
}
