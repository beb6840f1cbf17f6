//! Tests that failed once and passed when they were run again.
//!
//! Owns: when a failed run is run again, and what the second run makes of the first. Does not own: how tests are run.
//! Invariant: an unsteady test is named at the end of the run, whatever else happened, because it is a fault that
//! somebody has to mend: of the test, or of the program on a busy machine.

use crate::{failure::Failure, outcomes::Outcome, say::say, suite::Ran, tally::Tally};

/// With more failures than this, the program is broken and not the machine busy.
const AT_MOST: usize = 4;

/// Runs failed tests again if that was asked for, and remembers those that passed then.
pub(crate) struct Reruns {
    wanted: bool,
    unsteady: Vec<String>,
}

impl Reruns {
    pub(crate) fn new(wanted: bool) -> Self {
        Self { wanted, unsteady: Vec::new() }
    }

    /// The run itself if it passed, if too much failed, or if a program of it did not come to its end; otherwise what it
    /// comes to with the failed tests run again.
    ///
    /// # Errors
    /// The tests cannot be run again.
    pub(crate) fn judge(
        &mut self,
        mut first: Ran,
        again: impl FnOnce(&[String]) -> Result<Ran, Failure>,
    ) -> Result<Ran, Failure> {
        let mut failed = first.outcomes.failed();
        let hopeless = failed.is_empty() || failed.len() > AT_MOST || !first.complete;
        if first.passed || !self.wanted || hopeless {
            return Ok(first);
        }
        say(&format!("Running once more what failed: {}", failed.join(", ")));
        let second = again(&failed)?;
        failed.retain(|name| second.outcomes.get(name) == Some(Outcome::Passed));
        for name in &failed {
            first.outcomes.replace(name, Outcome::Passed);
        }
        self.unsteady.extend(failed);
        first.passed = second.passed && first.outcomes.failed().is_empty();
        if first.passed {
            let Tally { passed, failed } = first.tally;
            first.tally = Tally { passed: passed + failed, failed: 0 };
        }
        Ok(first)
    }

    /// For the last line: the unsteady tests by name; nothing if there are none.
    pub(crate) fn summary(&self) -> String {
        if self.unsteady.is_empty() {
            return String::new();
        }
        format!("\nunsteady (failed once, passed when run again): {}", self.unsteady.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcomes::Outcomes;

    fn ran(outcomes: &[(&str, Outcome)]) -> Ran {
        let mut all = Outcomes::default();
        for (name, outcome) in outcomes {
            all.add(name, *outcome);
        }
        let failed = u32::try_from(all.failed().len()).expect("few");
        let passed = u32::try_from(outcomes.len()).expect("few") - failed;
        Ran { passed: failed == 0, complete: true, tally: Tally { passed, failed }, outcomes: all }
    }

    const FIRST: [(&str, Outcome); 3] =
        [("a", Outcome::Passed), ("b", Outcome::Failed), ("c", Outcome::Failed)];

    #[test]
    fn a_test_that_passes_the_second_time_is_named_and_fails_nothing() {
        let mut reruns = Reruns::new(true);
        let judged = reruns.judge(ran(&FIRST), |names| {
            assert_eq!(names, ["b", "c"]);
            Ok(ran(&[("b", Outcome::Passed), ("c", Outcome::Passed)]))
        });
        let judged = judged.expect("it ran");
        assert!(judged.passed);
        assert_eq!(judged.tally, Tally { passed: 3, failed: 0 });
        assert!(reruns.summary().ends_with(": b, c"), "{}", reruns.summary());
    }

    #[test]
    fn a_test_that_fails_twice_has_failed_and_so_has_one_that_was_not_found_again() {
        for second in [&[("b", Outcome::Passed), ("c", Outcome::Failed)][..], &[("b", Outcome::Passed)]] {
            let mut reruns = Reruns::new(true);
            let judged = reruns.judge(ran(&FIRST), |_| Ok(ran(second))).expect("it ran");
            assert!(!judged.passed);
            assert_eq!(judged.outcomes.failed(), ["c"]);
            assert_eq!(judged.tally.failed, 2);
        }
    }

    #[test]
    fn nothing_is_run_again_unasked_nor_after_a_crash_nor_if_much_fails() {
        let never = |_: &[String]| -> Result<Ran, Failure> { panic!("it is not run again") };
        assert!(!Reruns::new(false).judge(ran(&FIRST), never).expect("it ran").passed);
        let crashed = Ran { complete: false, ..ran(&FIRST) };
        assert!(!Reruns::new(true).judge(crashed, never).expect("it ran").passed);
        let many = ["a", "b", "c", "d", "e"].map(|name| (name, Outcome::Failed));
        assert!(!Reruns::new(true).judge(ran(&many), never).expect("it ran").passed);
    }
}
