//! The tally of a worker that is gone becomes part of the totals, exactly once.
//!
//! Owns: the order of the stores. Does not own: the memory ([`Board`]), which row is whose.
//!
//! There are two buffers of totals, and one word ([`layout::FOLD_WORD`]) that says which of them counts and whether a row is
//! in it already. The spare buffer is written first; then one store of that word makes it count, and the row not; then the
//! row is cleared; then a second store says that no row is in it any more.
//!
//! Invariant: whenever the writer stops for good, between whichever two stores, a reader finds every count once. So the
//! master may be killed at any moment while another one, which succeeds it, reads the same board.

use ferricorn_wire::tally as layout;

use super::{Tally, tally::plus};

/// The shared memory of a tally board.
pub trait Board {
    /// Reads a word.
    fn load(&self, word: usize) -> u64;
    /// Writes a word, after all that was written before.
    fn store(&self, word: usize, value: u64);
}

/// Which buffer counts, and which row is in it already.
#[derive(Clone, Copy)]
struct Fold {
    sequence: u64,
    row: Option<usize>,
    buffer: usize,
}

impl Fold {
    fn read(board: &impl Board) -> Self {
        let word = board.load(layout::FOLD_WORD);
        let row = usize::try_from((word & 0xffff_ffff) >> 1).unwrap_or(0);
        Self { sequence: word >> 32, row: row.checked_sub(1), buffer: usize::from(word & 1 == 1) }
    }

    fn commit(self, board: &impl Board) {
        let row = self.row.map_or(0, |row| row as u64 + 1);
        board.store(layout::FOLD_WORD, (self.sequence & 0xffff_ffff) << 32 | row << 1 | self.buffer as u64);
    }
}

/// Begins a board: a new one holds nothing but 0.
pub fn begin(board: &impl Board) {
    board.store(0, layout::MAGIC);
}

/// Notes that a worker may write this row from now on.
pub fn use_row(board: &impl Board, row: usize) {
    let used = board.load(layout::ROWS_USED_WORD).max(row as u64 + 1);
    board.store(layout::ROWS_USED_WORD, used);
}

/// Whether a board has the layout of this program.
pub fn is_known(board: &impl Board) -> bool {
    board.load(0) == layout::MAGIC
}

/// Adds a row to the totals, and clears it. Its worker is gone, so nothing writes it.
pub fn fold(board: &impl Board, row: usize) {
    let before = Fold::read(board);
    let spare = before.buffer ^ 1;
    let places = layout::totals(before.buffer).zip(layout::totals(spare)).zip(layout::tally(row)).enumerate();
    for (index, ((from, to), counted)) in places {
        // What is open ends with the worker.
        let counted = if index == layout::WEBSOCKETS_OPEN { 0 } else { board.load(counted) };
        let total = plus(index, board.load(from), counted);
        // To store what is there already would take memory for nothing.
        if board.load(to) != total {
            board.store(to, total);
        }
    }
    let after = Fold { sequence: before.sequence + 1, row: Some(row), buffer: spare };
    after.commit(board);
    clear(board, row);
    Fold { sequence: after.sequence + 1, row: None, ..after }.commit(board);
}

fn clear(board: &impl Board, row: usize) {
    layout::tally(row).filter(|word| board.load(*word) != 0).for_each(|word| board.store(word, 0));
}

/// Adds what another board has counted, for good, to the totals of this one. Nobody writes the other one any more, and it is
/// not to be read again.
pub fn absorb(board: &impl Board, other: &Tally) {
    let before = Fold::read(board);
    let spare = before.buffer ^ 1;
    let places = layout::totals(before.buffer).zip(layout::totals(spare)).enumerate();
    for (index, (from, to)) in places {
        board.store(to, plus(index, board.load(from), other.word(index)));
    }
    Fold { sequence: before.sequence + 1, row: None, buffer: spare }.commit(board);
}

/// All that was ever counted on a board. Correct even while another process folds.
pub fn total(board: &impl Board) -> Tally {
    let used =
        usize::try_from(board.load(layout::ROWS_USED_WORD)).map_or(layout::ROWS, |it| it.min(layout::ROWS));
    let rows = 0..used;
    loop {
        let before = board.load(layout::FOLD_WORD);
        let fold = Fold::read(board);
        let mut sum = read(board, layout::totals(fold.buffer));
        rows.clone().filter(|row| Some(*row) != fold.row).for_each(|row| sum.add(&tally(board, row)));
        if board.load(layout::FOLD_WORD) == before {
            return sum;
        }
    }
}

/// What the worker of a row has counted.
pub fn tally(board: &impl Board, row: usize) -> Tally {
    read(board, layout::tally(row))
}

fn read(board: &impl Board, words: std::ops::Range<usize>) -> Tally {
    Tally::from_words(words.map(|word| board.load(word)).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use proptest::prelude::*;

    use super::*;

    const ROWS: usize = 3;

    /// A board whose writer may stop for good after so many stores.
    struct Memory {
        words: RefCell<Vec<u64>>,
        stores_left: Cell<usize>,
    }

    impl Memory {
        fn new() -> Self {
            let words = RefCell::new(vec![0; layout::tally(ROWS).start]);
            Self { words, stores_left: Cell::new(usize::MAX) }
        }

        fn counts(&self) -> u64 {
            total(self).requests()
        }
    }

    impl Board for Memory {
        fn load(&self, word: usize) -> u64 {
            self.words.borrow()[word]
        }

        fn store(&self, word: usize, value: u64) {
            if let Some(left) = self.stores_left.get().checked_sub(1) {
                self.stores_left.set(left);
                self.words.borrow_mut()[word] = value;
            }
        }
    }

    fn count(board: &Memory, row: usize, code: usize, times: u64) {
        use_row(board, row);
        let word = layout::tally(row).start + layout::CODES + code - 100;
        board.store(word, board.load(word) + times);
        let sum = layout::tally(row).start + layout::HISTOGRAMS + layout::HISTOGRAM_WORDS;
        board.store(sum, plus(layout::HISTOGRAMS, board.load(sum), 0.5f64.to_bits()));
    }

    #[test]
    fn every_count_is_there_once_wherever_the_writer_stops() {
        let filled = || {
            let board = Memory::new();
            begin(&board);
            for (row, code, times) in [(0, 200, 7), (1, 404, 3), (1, 200, 2)] {
                count(&board, row, code, times);
            }
            fold(&board, 0);
            count(&board, 0, 200, 5);
            board
        };
        let mut stops = 0;
        loop {
            let board = filled();
            board.stores_left.set(stops);
            fold(&board, 1);
            let finished = board.stores_left.get() > 0;
            assert_eq!(board.counts(), 17, "stopped after {stops} stores");
            if finished {
                break;
            }
            stops += 1;
        }
        assert!(stops > 5, "there was nothing to stop at");
    }

    #[test]
    fn what_another_board_has_counted_is_added() {
        let (board, other) = (Memory::new(), Memory::new());
        count(&board, 0, 200, 2);
        count(&other, 1, 404, 5);
        fold(&board, 0);
        absorb(&board, &total(&other));
        assert_eq!(board.counts(), 7);
        assert!((total(&board).durations(2).sum() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_open_does_not_outlive_its_worker() {
        let board = Memory::new();
        use_row(&board, 0);
        board.store(layout::tally(0).start + layout::WEBSOCKETS_OPEN, 4);
        assert_eq!(total(&board).websockets_open(), 4);
        fold(&board, 0);
        assert_eq!(total(&board).websockets_open(), 0);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_told_twice(steps in prop::collection::vec((0..ROWS, 0..500usize, 0..9u64, any::<bool>()), 1..60)) {
            let board = Memory::new();
            begin(&board);
            let (mut expected, mut seconds) = (0, 0.0);
            for (row, code, times, ends) in steps {
                count(&board, row, code + 100, times);
                expected += times;
                seconds += 0.5;
                if ends {
                    fold(&board, row);
                }
                prop_assert_eq!(board.counts(), expected);
            }
            prop_assert!((total(&board).durations(2).sum() - seconds).abs() < 1e-6);
            prop_assert!(is_known(&board));
        }
    }
}
