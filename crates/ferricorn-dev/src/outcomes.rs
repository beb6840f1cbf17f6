//! What became of each test, from what the runners themselves say.

use std::collections::BTreeMap;

/// What became of a test. Of several runs of one test the greatest counts: it passed if it passed somewhere and failed
/// nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It could not show anything here, and said so.
    Skipped,
    /// It has shown what it is there for.
    Passed,
    /// It has not.
    Failed,
}

/// The tests by name: `module::function` in Rust, the function in Python.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcomes(BTreeMap<String, Outcome>);

impl Outcomes {
    /// From the output of `cargo test`, and from the names that `ferricorn_test::skip` has left, one on a line.
    pub(crate) fn of_cargo_test(output: &str, skipped: &str) -> Self {
        let mut outcomes = Self::default();
        for line in output.lines() {
            // What a test's child wrote without a line feed may stand before it.
            let Some((before, after)) = line.split_once(" ... ") else { continue };
            let Some((_, name)) = before.rsplit_once("test ").or(before.rsplit_once("test\t")) else {
                continue;
            };
            let name = name.split(' ').next().unwrap_or(name);
            let outcome = match after.split([' ', ',']).next() {
                Some("ok") if skipped.lines().any(|skipped| skipped == name) => Outcome::Skipped,
                Some("ok") => Outcome::Passed,
                Some("ignored") => Outcome::Skipped,
                Some("FAILED") => Outcome::Failed,
                _ => continue,
            };
            outcomes.add(name, outcome);
        }
        outcomes
    }

    /// From the file that `pytest --junit-xml` writes. The cases of one function count as one test.
    pub(crate) fn of_junit(report: &str) -> Self {
        let mut outcomes = Self::default();
        for case in report.split("<testcase ").skip(1) {
            let case = case.split("</testcase>").next().unwrap_or(case);
            let Some(name) = case.split_once(" name=\"").and_then(|(_, rest)| rest.split('"').next()) else {
                continue;
            };
            let name = name.split('[').next().unwrap_or(name);
            let outcome = if case.contains("<failure") || case.contains("<error") {
                Outcome::Failed
            } else if case.contains("<skipped") {
                Outcome::Skipped
            } else {
                Outcome::Passed
            };
            outcomes.add(name, outcome);
        }
        outcomes
    }

    /// The outcome of a test; `None` if it was not run.
    pub(crate) fn get(&self, name: &str) -> Option<Outcome> {
        self.0.get(name).copied()
    }

    /// The tests that failed, by name.
    pub(crate) fn failed(&self) -> Vec<String> {
        let failed = self.0.iter().filter(|(_, outcome)| **outcome == Outcome::Failed);
        failed.map(|(name, _)| name.clone()).collect()
    }

    /// Puts this outcome in place of the one that is known.
    pub(crate) fn replace(&mut self, name: &str, outcome: Outcome) {
        self.0.insert(name.to_owned(), outcome);
    }

    /// Notes what became of a test in one run of it.
    pub(crate) fn add(&mut self, name: &str, outcome: Outcome) {
        let known = self.0.entry(name.to_owned()).or_insert(outcome);
        *known = outcome.max(*known);
    }

    /// Adds other runs.
    pub(crate) fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|(name, outcome)| self.add(&name, outcome));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rust_test_has_an_outcome_and_those_that_said_so_are_skipped() {
        let output = "running 4 tests\ntest faults::a ... ok\nnoise without an endtest pid1::b ... ok\n\
            test c - should panic ... FAILED\ntest d ... ignored, too slow\ntest result: FAILED. 2 passed; 1 failed\n";
        let outcomes = Outcomes::of_cargo_test(output, "pid1::b\n");
        let found = ["faults::a", "pid1::b", "c", "d", "e"].map(|name| outcomes.get(name));
        let expected = [Outcome::Passed, Outcome::Skipped, Outcome::Failed, Outcome::Skipped].map(Some);
        assert_eq!(found[..4], expected);
        assert_eq!(found[4], None);
    }

    #[test]
    fn the_cases_of_a_python_test_are_one_and_the_worst_counts() {
        let case = |name: &str, inside: &str| {
            format!("<testcase classname=\"tests.test_x\" name=\"{name}\" time=\"0.1\">{inside}</testcase>")
        };
        let report = [
            "<testcase classname=\"tests.test_x\" name=\"test_a\" time=\"0.001\" />".to_owned(),
            case("test_b[1]", "<failure message=\"no\">x</failure>"),
            case("test_b[2]", ""),
            case("test_c", "<skipped type=\"pytest.skip\" message=\"no\"></skipped>"),
        ];
        let outcomes = Outcomes::of_junit(&report.concat());
        let found = ["test_a", "test_b", "test_c"].map(|name| outcomes.get(name));
        assert_eq!(found, [Outcome::Passed, Outcome::Failed, Outcome::Skipped].map(Some));
    }
}
