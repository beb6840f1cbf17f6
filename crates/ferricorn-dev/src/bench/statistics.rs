//! Numbers from rounds: the middle, how sure it is, and how far the middle half spreads.

use std::fmt;

/// The median and the quartiles of some measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    /// A quarter of the measurements is smaller.
    pub(crate) lower: f64,
    /// Half of the measurements is smaller.
    pub(crate) median: f64,
    /// Three quarters of the measurements are smaller.
    pub(crate) upper: f64,
    /// The true median lies between these two in 95 of 100 cases.
    pub(crate) sure: (f64, f64),
}

impl Summary {
    /// Of any measurements; not-a-number when there are none.
    pub(crate) fn of(measurements: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = measurements.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self { lower: at(&sorted, 1), median: at(&sorted, 2), upper: at(&sorted, 3), sure: sure(&sorted) }
    }

    /// Of one divided by the other, round by round: what disturbs both sides of a round cancels out.
    pub(crate) fn of_ratios(of: &[f64], to: &[f64]) -> Self {
        Self::of(of.iter().zip(to).map(|(of, to)| of / to))
    }

    /// Of one less the other, round by round.
    pub(crate) fn of_differences(of: &[f64], to: &[f64]) -> Self {
        Self::of(of.iter().zip(to).map(|(of, to)| of - to))
    }
}

impl fmt::Display for Summary {
    /// `1.012 ± 0.004 (0.950 to 1.080)`: the quartiles in brackets. The precision given holds for all.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = formatter.precision().unwrap_or(3);
        let doubt = (self.sure.1 - self.sure.0) / 2.0;
        write!(
            formatter,
            "{:.digits$} ± {doubt:.digits$} ({:.digits$} to {:.digits$})",
            self.median, self.lower, self.upper
        )
    }
}

/// The interval for the true median: how many of the values lie below it follows the binomial distribution, whatever
/// theirs is, so its ends are sorted values, 0.98 times the root of their number away from the middle.
fn sure(sorted: &[f64]) -> (f64, f64) {
    let count = sorted.len();
    let Some(last) = count.checked_sub(1) else { return (f64::NAN, f64::NAN) };
    let lower = (0..count).rev().find(|below| {
        let distance = count.saturating_sub(2 * below + 1);
        10_000 * distance * distance >= 4 * 9604 * count
    });
    let lower = lower.unwrap_or(0);
    (sorted[lower], sorted[last - lower])
}

/// The value below which `quarter` quarters of the sorted values lie, between neighbours by proportion.
fn at(sorted: &[f64], quarter: usize) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let below = last * quarter / 4;
    let beyond = [0.0, 0.25, 0.5, 0.75][last * quarter % 4];
    let above = sorted[(below + 1).min(last)];
    sorted[below] + (above - sorted[below]) * beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_lie_between_neighbours() {
        assert_eq!(
            Summary::of([4.0, 1.0, 3.0, 2.0]),
            Summary { lower: 1.75, median: 2.5, upper: 3.25, sure: (1.0, 4.0) }
        );
        assert_eq!(Summary::of([7.0]), Summary { lower: 7.0, median: 7.0, upper: 7.0, sure: (7.0, 7.0) });
        assert!(Summary::of([]).median.is_nan());
    }

    #[test]
    fn a_disturbance_of_a_whole_round_leaves_the_ratio_alone() {
        let ratio = Summary::of_ratios(&[11.0, 110.0, 22.0], &[10.0, 100.0, 20.0]);
        assert!((ratio.lower - 1.1).abs() < 1e-9 && (ratio.upper - 1.1).abs() < 1e-9);
    }

    #[test]
    fn many_measurements_make_the_median_sure() {
        let sure = Summary::of((1..=100).map(f64::from)).sure;
        assert!((39.0..=41.0).contains(&sure.0) && (60.0..=62.0).contains(&sure.1));
    }

    #[test]
    fn it_is_shown_with_its_spread() {
        assert_eq!(format!("{:.1}", Summary::of([1.0, 2.0, 3.0])), "2.0 ± 1.0 (1.5 to 2.5)");
    }
}
