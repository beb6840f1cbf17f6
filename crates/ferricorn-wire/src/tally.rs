//! The layout of the tally board: one memfd in which workers count their requests, and in which the counts of workers that
//! are gone are kept.
//!
//! It is an array of native-endian, 8-byte aligned words: a header, the master's own counters, two buffers of totals, then
//! one *tally* for each row of the scoreboard. A worker maps its own tally alone and writes only there; a word has one
//! writer and is written with one plain aligned store, so a worker that is killed leaves exact counts behind. The master
//! adds the tally of a worker that is gone to the totals (`ferricorn_telemetry::fold`).
//!
//! A word is a count, unless [`is_seconds`] says that it is a sum of seconds (an `f64`).

use std::ops::Range;

/// Words of a tally, of a buffer of totals and of the header with the master's counters: 20 KiB, a multiple of every usual
/// size of a page.
pub const TALLY_WORDS: usize = 2560;

/// The first word of the board: "FERRT" and the version of this layout.
pub const MAGIC: u64 = 0x4645_5252_5400_0001;

/// The word of the header that commits a fold: `sequence << 32 | (row + 1) << 1 | buffer`; row part 0 means none.
pub const FOLD_WORD: usize = 1;

/// The word of the header that counts the rows ever used: a reader looks at no more.
pub const ROWS_USED_WORD: usize = 2;

/// The first of the master's own counters.
pub const MASTER_WORD: usize = 64;

/// How many words the master has for them.
pub const MASTER_WORDS: usize = 128;

/// Tallies of the board: one for each row of the scoreboard. Untouched pages of the memfd cost nothing.
pub const ROWS: usize = crate::scoreboard::ROWS;

/// The size of the board in bytes.
pub const BYTES: usize = (3 + ROWS) * TALLY_WORDS * 8;

/// Requests whose connection the client has closed before the response was complete.
pub const ABORTED_BY_CLIENT: usize = 0;
/// Requests whose connection the worker has closed before the response was complete: an error in the middle of a response.
pub const ABORTED_BY_WORKER: usize = 1;
/// Requests that were cut because the grace of a drain was over.
pub const CUT: usize = 2;
/// Connections that the worker has accepted.
pub const ACCEPTED: usize = 3;
/// Idle connections that it has handed to a sibling.
pub const HANDED_OVER: usize = 4;
/// WebSockets that are open now; not part of any total.
pub const WEBSOCKETS_OPEN: usize = 5;
/// The sum of the lags of the event loop, in seconds.
pub const LAG_SUM: usize = 6;
/// Ticks of the event loop by their lag: one word for each of [`LAG_BOUNDS`], and one for what is above.
pub const LAG_CELLS: usize = 8;

/// Processor time in user mode that the worker has taken, as of its last heartbeat, in seconds.
pub const CPU_USER: usize = 24;
/// The same in the kernel.
pub const CPU_SYSTEM: usize = 25;

/// Upper bounds of the lag of the event loop, in nanoseconds.
pub const LAG_BOUNDS: [u64; 13] = [
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Requests by status code: one word for each of 100 to 599.
pub const CODES: usize = 32;
/// The lowest and the highest code that is counted; a code beyond counts as 599.
pub const CODE_RANGE: Range<usize> = 100..600;
/// Handshakes of WebSockets: one word for each of [`HANDSHAKE_CODES`].
pub const HANDSHAKES: usize = 540;
/// The answers to a handshake that are counted one by one; the last one stands for every other.
pub const HANDSHAKE_CODES: [u16; 8] = [101, 400, 401, 403, 404, 500, 503, 0];

/// The first histogram.
pub const HISTOGRAMS: usize = 576;
/// Words of a histogram: the sum of seconds, then the cells.
pub const HISTOGRAM_WORDS: usize = 176;
/// Cells of a histogram: one for each of [`bounds`], and one for what is above.
pub const CELLS: usize = 168;
/// Histograms of a tally: plain responses by class of their code (1xx to 5xx), streamed ones likewise, and the time to the
/// first byte of streamed ones.
pub const HISTOGRAM_COUNT: usize = 11;
/// The histogram of the time to the first byte of streamed responses.
pub const FIRST_BYTE: usize = 10;

/// The bounds that `/metrics` shows, in nanoseconds: those of OpenTelemetry's `http.server.request.duration`, 0.2 s as a usual
/// goal, 30 and 60 s as usual limits.
pub const SHOWN_BOUNDS: [u64; 17] = [
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    75_000_000,
    100_000_000,
    200_000_000,
    250_000_000,
    500_000_000,
    750_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    7_500_000_000,
    10_000_000_000,
    30_000_000_000,
    60_000_000_000,
];

/// The first and the last of the fine bounds, as powers of the eighth root of 2 in seconds: 122 us and 64 s.
const EIGHTHS: std::ops::RangeInclusive<i32> = -104..=48;

/// The upper bounds of a histogram's cells in nanoseconds, ascending: eighths of an octave, and every bound that is shown.
pub fn bounds() -> Vec<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "from 1e5 to 1e11, rounded down"
    )]
    let fine = EIGHTHS.map(|eighth| (2f64.powf(f64::from(eighth) / 8.0) * 1e9) as u64);
    let mut bounds: Vec<u64> = fine.chain(SHOWN_BOUNDS).collect();
    bounds.sort_unstable();
    bounds.dedup();
    bounds
}

/// Whether a word of a tally is a sum of seconds.
pub const fn is_seconds(word: usize) -> bool {
    matches!(word, LAG_SUM | CPU_USER | CPU_SYSTEM)
        || (word >= HISTOGRAMS
            && word < HISTOGRAMS + HISTOGRAM_COUNT * HISTOGRAM_WORDS
            && (word - HISTOGRAMS).is_multiple_of(HISTOGRAM_WORDS))
}

/// The words of a row's tally on the board.
pub const fn tally(row: usize) -> Range<usize> {
    let first = (3 + row) * TALLY_WORDS;
    first..first + TALLY_WORDS
}

/// The words of one of the two buffers of totals.
pub const fn totals(buffer: usize) -> Range<usize> {
    let first = (1 + (buffer & 1)) * TALLY_WORDS;
    first..first + TALLY_WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_tally_has_a_place_of_its_own() {
        assert_eq!(bounds().len() + 1, CELLS);
        assert!(LAG_CELLS + LAG_BOUNDS.len() < CPU_USER);
        const { assert!(CPU_SYSTEM < CODES) };
        assert!(CODES + CODE_RANGE.len() <= HANDSHAKES);
        assert!(HANDSHAKES + HANDSHAKE_CODES.len() <= HISTOGRAMS);
        const { assert!(CELLS < HISTOGRAM_WORDS) };
        const { assert!(HISTOGRAMS + HISTOGRAM_COUNT * HISTOGRAM_WORDS <= TALLY_WORDS) };
        const { assert!(MASTER_WORD + MASTER_WORDS <= TALLY_WORDS) };
        const { assert!((TALLY_WORDS * 8).is_multiple_of(4096)) };
        assert_eq!(totals(1).end, tally(0).start);
        assert_eq!(tally(ROWS - 1).end * 8, BYTES);
    }
}
