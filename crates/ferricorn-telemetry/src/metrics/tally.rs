//! The counts of workers, as named figures.
//!
//! Owns: adding up, and the meaning of each word. Does not own: the layout (`ferricorn_wire::tally`).

use ferricorn_wire::tally as layout;

use super::Histogram;

/// The counts of one worker, or of many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    words: Vec<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { words: vec![0; layout::TALLY_WORDS] }
    }
}

impl Tally {
    /// From the words of the board, as many as there are.
    pub fn from_words(mut words: Vec<u64>) -> Self {
        words.resize(layout::TALLY_WORDS, 0);
        Self { words }
    }

    /// One word of it.
    pub(super) fn word(&self, index: usize) -> u64 {
        if index == layout::WEBSOCKETS_OPEN { 0 } else { self.words[index] }
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        for (index, (word, other)) in self.words.iter_mut().zip(&other.words).enumerate() {
            *word = plus(index, *word, *other);
        }
    }

    /// Requests by status code, those that there were.
    pub fn codes(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        let codes = layout::CODE_RANGE.zip(&self.words[layout::CODES..]);
        codes
            .filter(|(_, count)| **count != 0)
            .map(|(code, count)| (u16::try_from(code).unwrap_or(0), *count))
    }

    /// All requests.
    pub fn requests(&self) -> u64 {
        self.codes().map(|(_, count)| count).sum()
    }

    /// Requests that were answered with an error of the server's.
    pub fn errors(&self) -> u64 {
        self.codes().filter(|(code, _)| *code >= 500).map(|(_, count)| count).sum()
    }

    /// How long requests took whose code is of a class, 1 to 5.
    pub fn durations(&self, class: usize) -> Histogram {
        self.histogram(class - 1).plus(&self.histogram(class + 4))
    }

    /// How long all requests took.
    pub fn all_durations(&self) -> Histogram {
        (1..=5).fold(Histogram::default(), |all, class| all.plus(&self.durations(class)))
    }

    /// How long it took to the first byte. A response that is not streamed has its first byte with its last.
    pub fn first_bytes(&self) -> Histogram {
        (0..5).fold(self.histogram(layout::FIRST_BYTE), |all, plain| all.plus(&self.histogram(plain)))
    }

    fn histogram(&self, number: usize) -> Histogram {
        let first = layout::HISTOGRAMS + number * layout::HISTOGRAM_WORDS;
        Histogram::from_words(&self.words[first..=first + layout::CELLS])
    }

    /// Requests whose connection was lost before the response was complete: closed by the client, by the worker.
    pub fn aborted(&self) -> [u64; 2] {
        [self.words[layout::ABORTED_BY_CLIENT], self.words[layout::ABORTED_BY_WORKER]]
    }

    /// Requests that were cut since the grace of a drain was over.
    pub fn cut(&self) -> u64 {
        self.words[layout::CUT]
    }

    /// Processor time in seconds: in user mode, in the kernel.
    pub fn processor_seconds(&self) -> [f64; 2] {
        [layout::CPU_USER, layout::CPU_SYSTEM].map(|word| f64::from_bits(self.words[word]))
    }

    /// Connections accepted.
    pub fn accepted(&self) -> u64 {
        self.words[layout::ACCEPTED]
    }

    /// Connections handed to a sibling.
    pub fn handed_over(&self) -> u64 {
        self.words[layout::HANDED_OVER]
    }

    /// WebSockets that are open.
    pub fn websockets_open(&self) -> u64 {
        self.words[layout::WEBSOCKETS_OPEN]
    }

    /// Answers to handshakes of WebSockets by code; 0 stands for every other.
    pub fn handshakes(&self) -> impl Iterator<Item = (u16, u64)> + '_ {
        layout::HANDSHAKE_CODES.into_iter().zip(self.words[layout::HANDSHAKES..].iter().copied())
    }

    /// The lag of the event loops: how many ticks were at most as late as each bound in seconds, how many there were, and
    /// their sum in seconds.
    pub fn lag(&self) -> (Vec<(f64, u64)>, u64, f64) {
        let cells = &self.words[layout::LAG_CELLS..=layout::LAG_CELLS + layout::LAG_BOUNDS.len()];
        let mut so_far = 0;
        let bounds = layout::LAG_BOUNDS.into_iter().map(super::histogram::in_seconds);
        let buckets = bounds.zip(cells).map(|(bound, count)| {
            so_far += count;
            (bound, so_far)
        });
        (buckets.collect(), cells.iter().sum(), f64::from_bits(self.words[layout::LAG_SUM]))
    }
}

/// Adds two words of a tally that have the same index.
///
/// Seconds are rounded before they are added, so that their sum is exact and the same in every order. Otherwise a sum of
/// many workers is less by its last bit after one of them was folded into the totals, and Prometheus takes that for a
/// counter that began anew.
pub(super) fn plus(index: usize, one: u64, other: u64) -> u64 {
    if layout::is_seconds(index) {
        (rounded(f64::from_bits(one)) + rounded(f64::from_bits(other))).to_bits()
    } else {
        one.wrapping_add(other)
    }
}

/// To the next multiple of 2^-20 s, about a microsecond. Such multiples are added without an error up to 2^33 s.
fn rounded(seconds: f64) -> f64 {
    const STEPS: f64 = (1_u32 << 20) as f64;
    (seconds * STEPS).round() / STEPS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Workers are folded into the totals in any order, and the total never falls.
        #[test]
        fn a_sum_of_seconds_is_the_same_in_every_order(seconds in proptest::collection::vec(0.0..1e6_f64, 1..20)) {
            let words: Vec<u64> = seconds.iter().map(|it| it.to_bits()).collect();
            let add = |sum: u64, word: &u64| plus(layout::LAG_SUM, sum, *word);
            let forwards = words.iter().fold(0, add);
            let backwards = words.iter().rev().fold(0, add);
            prop_assert_eq!(forwards, backwards);
            let (one, other) = words.split_at(words.len() / 2);
            let halves = plus(layout::LAG_SUM, one.iter().fold(0, add), other.iter().fold(0, add));
            prop_assert_eq!(forwards, halves);
        }
    }
}
