//! Times of requests: how many fell into each cell, and what follows from it.
//!
//! Owns: cells and sum of one histogram, percentiles, the cumulative buckets that are shown. Does not own: the bounds of
//! the cells (`ferricorn_wire::tally`).
//!
//! Invariant: every bound that is shown is the bound of a cell, so that what is shown is exact.

use std::sync::LazyLock;

use ferricorn_wire::tally::{CELLS, SHOWN_BOUNDS, bounds};

static BOUNDS: LazyLock<Vec<u64>> = LazyLock::new(bounds);

/// How many buckets are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resolution {
    /// The bounds that people write alerts with.
    #[default]
    Usual,
    /// Every cell: eighths of an octave, which give a percentile to within a few percent.
    Fine,
}

/// A histogram of seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    cells: Vec<u64>,
    sum: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { cells: vec![0; CELLS], sum: 0.0 }
    }
}

impl Histogram {
    /// From the words of a tally: the sum, then the cells.
    pub fn from_words(words: &[u64]) -> Self {
        let mut cells = words.get(1..).unwrap_or_default().to_vec();
        cells.resize(CELLS, 0);
        Self { cells, sum: words.first().map_or(0.0, |sum| f64::from_bits(*sum)) }
    }

    /// Notes one request that took so many seconds.
    pub fn note(&mut self, seconds: f64) {
        let cell = BOUNDS.partition_point(|bound| in_seconds(*bound) < seconds);
        self.cells[cell] += 1;
        self.sum += seconds;
    }

    /// This and another one.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let cells = self.cells.iter().zip(&other.cells).map(|(one, other)| one + other).collect();
        Self { cells, sum: self.sum + other.sum }
    }

    /// What has come since an earlier reading of the same histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let cells = self.cells.iter().zip(&earlier.cells);
        let cells = cells.map(|(now, then)| now.saturating_sub(*then)).collect();
        Self { cells, sum: (self.sum - earlier.sum).max(0.0) }
    }

    /// From cells by their number, those that are not empty.
    pub fn from_cells(cells: &[(usize, u64)], sum: f64) -> Self {
        let mut histogram = Self { sum, ..Self::default() };
        for (cell, count) in cells {
            if let Some(place) = histogram.cells.get_mut(*cell) {
                *place = *count;
            }
        }
        histogram
    }

    /// The cells that are not empty, by their number.
    pub fn cells(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.cells.iter().copied().enumerate().filter(|(_, count)| *count != 0)
    }

    /// How many requests there were.
    pub fn count(&self) -> u64 {
        self.cells.iter().sum()
    }

    /// The sum of their seconds.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// How many took at most as long as each bound, in seconds; what is above the last bound is in [`Self::count`] alone.
    pub fn buckets(&self, resolution: Resolution) -> Vec<(f64, u64)> {
        let mut so_far = 0;
        let mut buckets = Vec::new();
        for (bound, count) in BOUNDS.iter().zip(&self.cells) {
            so_far += count;
            if resolution == Resolution::Fine || SHOWN_BOUNDS.contains(bound) {
                buckets.push((in_seconds(*bound), so_far));
            }
        }
        buckets
    }

    /// The time in seconds that a share of the requests (0 to 1) did not exceed: the middle of the cell in which it lies,
    /// which is wrong by 4.5 % at most from 122 us to 64 s, however the times are spread inside it. `None` without a
    /// request. What lies above the last bound is taken for the last bound.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are far below 2^52"
    )]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let rank = (share.clamp(0.0, 1.0) * self.count() as f64).ceil().max(1.0) as u64;
        let mut so_far = 0;
        let cell = self.cells.iter().position(|inside| {
            so_far += inside;
            so_far >= rank
        })?;
        Some(middle(cell))
    }
}

/// The middle of a cell on a scale of octaves.
fn middle(cell: usize) -> f64 {
    let bound = |cell: usize| BOUNDS.get(cell).or(BOUNDS.last()).map_or(0.0, |bound| in_seconds(*bound));
    match cell.checked_sub(1) {
        None => bound(0) / 2.0,
        Some(below) => (bound(below) * bound(cell)).sqrt(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most 6.4e10")]
pub(super) fn in_seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_at_a_bound_is_below_it_as_prometheus_has_it() {
        let mut histogram = Histogram::default();
        for it in [0.2, 0.200_001, 0.0, 1000.0] {
            histogram.note(it);
        }
        let buckets = histogram.buckets(Resolution::Usual);
        let at = |bound: f64| buckets.iter().find(|it| (it.0 - bound).abs() < 1e-9).map(|it| it.1);
        assert_eq!((at(0.1), at(0.2), at(0.25), at(60.0)), (Some(1), Some(2), Some(3), Some(3)));
        assert_eq!((buckets.len(), histogram.count()), (17, 4));
        assert!(histogram.buckets(Resolution::Fine).len() > 150);
    }

    #[test]
    fn without_requests_there_is_no_percentile() {
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    proptest! {
        /// Times over four decades, many of them alike or few and far between.
        #[test]
        fn percentiles_are_right_within_five_percent(
            mut times in prop::collection::vec((-3.9f64..1.8).prop_map(|power| 10f64.powf(power)), 1..600),
            share in prop::sample::select(vec![0.5, 0.9, 0.99]),
        ) {
            let mut histogram = Histogram::default();
            for time in &times {
                histogram.note(*time);
            }
            times.sort_by(f64::total_cmp);
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
            let rank = (share * times.len() as f64).ceil() as usize - 1;
            let told = histogram.quantile(share).expect("there are times");
            prop_assert!((told / times[rank] - 1.0).abs() < 0.05, "told {} for {}", told, times[rank]);
        }

        #[test]
        fn buckets_count_what_the_times_say(times in prop::collection::vec(0.0f64..100.0, 0..200)) {
            let mut histogram = Histogram::default();
            for time in &times {
                histogram.note(*time);
            }
            for (bound, count) in histogram.buckets(Resolution::Fine) {
                prop_assert_eq!(count, times.iter().filter(|time| **time <= bound).count() as u64);
            }
            let half = histogram.plus(&histogram).since(&histogram);
            prop_assert_eq!(half.count(), histogram.count());
        }
    }
}
