//! Counts tests from what the runners themselves say.

use std::ops::AddAssign;

/// How many tests passed and failed. Ignored and skipped ones are in neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl Tally {
    /// From the output of `cargo test`: one `test result: ok. 5 passed; 1 failed; …` for each program.
    pub(crate) fn of_cargo_test(output: &str) -> Self {
        let mut tally = Self::default();
        for result in output.lines().filter_map(|line| line.strip_prefix("test result: ")) {
            tally += Self::of_counts(result.split([';', '.']));
        }
        tally
    }

    /// From the output of `pytest`: the last line that holds counts, `3 passed, 1 failed, 2 errors in 0.52s`.
    pub(crate) fn of_pytest(output: &str) -> Self {
        let counts = |line: &str| {
            let (counts, _time) = line.trim_matches(['=', ' ']).rsplit_once(" in ")?;
            Some(Self::of_counts(counts.split(',')))
        };
        output.lines().rev().find_map(counts).unwrap_or_default()
    }

    fn of_counts<'a>(parts: impl Iterator<Item = &'a str>) -> Self {
        let mut tally = Self::default();
        for part in parts {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(word)) = (words.next().map(str::parse::<u32>), words.next()) else {
                continue;
            };
            match word {
                "passed" => tally.passed += count,
                "failed" | "error" | "errors" => tally.failed += count,
                _ => {}
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_results_of_all_test_programs_are_added_up() {
        let output = "running 2 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        assert_eq!(Tally::of_cargo_test(output), Tally { passed: 15, failed: 2 });
    }

    #[test]
    fn errors_in_fixtures_count_as_failures() {
        let output = "....\n1 failed, 30 passed, 2 skipped, 1 error in 12.50s\n";
        assert_eq!(Tally::of_pytest(output), Tally { passed: 30, failed: 2 });
        assert_eq!(Tally::of_pytest("===== 3 passed in 0.01s =====\n"), Tally { passed: 3, failed: 0 });
        assert_eq!(Tally::of_pytest("no tests ran in 0.00s\n"), Tally::default());
    }
}
