//! Think times and choices that a seed repeats.

use rand::{RngExt as _, SeedableRng as _, rngs::SmallRng};

/// A source of random numbers.
pub(crate) struct Random(SmallRng);

impl Random {
    /// One source for each pair of numbers.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        Self(SmallRng::seed_from_u64(seed << 32 ^ number))
    }

    /// A number from 0 to 1, without 1.
    pub(crate) fn next(&mut self) -> f64 {
        self.0.random()
    }

    /// One of so many, from 0.
    ///
    /// # Panics
    /// `count` is 0.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count)
    }
}
