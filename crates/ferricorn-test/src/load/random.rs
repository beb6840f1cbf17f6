//! Think times: xorshift64 is good enough, and a seed repeats it.

/// A source of numbers between 0 and 1.
pub(crate) struct Random(u64);

impl Random {
    /// One source for each pair of numbers.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut new = Self((seed << 32 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        // The first numbers of neighbouring seeds are alike.
        for _ in 0..4 {
            new.next();
        }
        new
    }

    pub(crate) fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are kept")]
        let number = (self.0 >> 11) as f64;
        number / 9_007_199_254_740_992.0
    }

    /// One of so many, from 0.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a few dozen"
    )]
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.next() * count as f64) as usize
    }
}
