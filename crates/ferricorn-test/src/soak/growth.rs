//! What the master takes, and whether that grows.

use std::fmt;

use crate::processes;

/// What a master took at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The master.
    pub master: i32,
    /// Its resident memory in KiB.
    pub resident_kib: u64,
    /// Its open descriptors.
    pub descriptors: u64,
}

impl Sample {
    /// Looks at a process; zeroes if it is gone.
    pub fn of(master: i32) -> Self {
        Self {
            master,
            resident_kib: processes::resident_kib(master).unwrap_or_default(),
            descriptors: processes::descriptors(master).len() as u64,
        }
    }
}

/// How one number went from the first quarter of a run to the last.
///
/// The first tenth of the samples is left out: until everything has happened once, memory is taken that is used again
/// afterwards. Of each quarter the median counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The median of the first quarter.
    pub first: u64,
    /// The median of the last quarter.
    pub last: u64,
    /// How much more the last may be.
    pub margin: u64,
    /// How many samples there were.
    pub samples: usize,
}

/// Of the memory, in KiB: what an allocator that is used in another order may take more. A leak of a hundred bytes for
/// each request, or of a page for each worker, would be several times as much in ten minutes.
pub const MEMORY_MARGIN: u64 = 384;

impl Growth {
    /// Of samples in the order they were taken.
    pub fn of(samples: &[u64], margin: u64) -> Self {
        let warm = &samples[samples.len() / 10..];
        let quarter = warm.len().div_ceil(4);
        let (first, last) = (&warm[..quarter], &warm[warm.len() - quarter..]);
        Self { first: median(first), last: median(last), margin, samples: samples.len() }
    }

    /// Whether the last quarter is not above the first by more than the margin.
    pub fn is_flat(&self) -> bool {
        self.last <= self.first + self.margin
    }

    pub(super) fn complaint(&self, what: &str) -> Option<String> {
        (!self.is_flat()).then(|| format!("{what} grew: {self}"))
    }
}

impl fmt::Display for Growth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, last, margin, samples } = self;
        write!(f, "{first}, then {last} (at most {margin} more; {samples} samples)")
    }
}

fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The memory and the descriptors of the master that was the last.
pub(super) fn of_last_master(samples: &[Sample]) -> (Growth, Growth) {
    let last = samples.last().map_or(0, |sample| sample.master);
    let column = |of: fn(&Sample) -> u64| -> Vec<u64> {
        samples.iter().filter(|sample| sample.master == last).map(of).collect()
    };
    let memory = Growth::of(&column(|sample| sample.resident_kib), MEMORY_MARGIN);
    (memory, Growth::of(&column(|sample| sample.descriptors), 0))
}

/// How many masters there were.
pub(super) fn masters(samples: &[Sample]) -> usize {
    samples.chunk_by(|before, after| before.master == after.master).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_at_the_beginning_is_no_growth_and_a_leak_is() {
        let warming: Vec<u64> = [5_000, 5_500].into_iter().chain([6_000; 38]).collect();
        let growth = Growth::of(&warming, 100);
        assert_eq!((growth.first, growth.last), (6_000, 6_000));
        assert!(growth.is_flat());
        let leak: Vec<u64> = (0..40).map(|number| 6_000 + number * 10).collect();
        let growth = Growth::of(&leak, 100);
        assert!(!growth.is_flat(), "{growth}");
        assert!(growth.complaint("memory").is_some());
        let peak: Vec<u64> = [20; 39].into_iter().chain([90]).collect();
        assert!(Growth::of(&peak, 0).is_flat(), "one sample is no growth");
        assert!(Growth::of(&[], 0).is_flat());
    }

    #[test]
    fn the_last_master_counts() {
        let sample = |master, resident_kib| Sample { master, resident_kib, descriptors: 20 };
        let samples: Vec<_> = [sample(1, 9_000); 20]
            .into_iter()
            .chain([sample(2, 6_000); 20])
            .chain([sample(2, 6_001)])
            .collect();
        let (memory, descriptors) = of_last_master(&samples);
        assert_eq!((memory.samples, memory.first, descriptors.last), (21, 6_000, 20));
        assert_eq!(masters(&samples), 2);
    }
}
