//! `docs/internals/reliability.md`: the table of faults for readers.

use std::fmt::Write as _;

use super::table::{Fault, Table};
use crate::outcomes::Outcome;

/// Where the page is, in the repository.
pub(crate) const PAGE: &str = "docs/internals/reliability.md";

const INTRODUCTION: &str = "\
# Reliability

Made by `cargo dev faults` from `crates/ferricorn/tests/faults.toml` and from the outcome of the tests: do not edit.
`cargo dev test` checks this page against its own run.

This table lists known faults, what ferricorn guarantees for each, and the tests that inject it. `module::name` is a test of
`crates/ferricorn/tests/e2e`, with the real program, uvicorn and clients. `core:` tests the life cycle on a simulated clock; `sys:` and
`shim:` test these parts. If a fault has no test, or only a partial one, the table says why. `cargo dev soak` injects the faults at
random, under load and during other faults.

| # | fault | guarantee | tests |
|---|---|---|---|
";

/// The page, with the outcome of each test. Tests without an outcome were not run.
pub(super) fn render(table: &Table, outcome: impl Fn(&str) -> Option<Outcome>) -> String {
    let mut page = INTRODUCTION.to_owned();
    for fault in &table.faults {
        let Fault { id, what, holds, without, .. } = fault;
        let mut cell: Vec<String> = fault
            .tests()
            .map(|(kind, name)| format!("{} `{}{name}`", word(outcome(name)), kind.prefix()))
            .collect();
        cell.extend((!without.is_empty()).then(|| without.clone()));
        let _ = writeln!(page, "| {id} | {what} | {holds} | {} |", cell.join("<br>"));
    }
    if !table.needs.is_empty() {
        page.push_str("\nThese tests need the following; without it they are skipped, and say so:\n\n");
        for (name, what) in &table.needs {
            let _ = writeln!(page, "- `{name}`: {what}");
        }
    }
    page
}

const fn word(outcome: Option<Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Passed) => "passed:",
        Some(Outcome::Skipped) => "skipped:",
        Some(Outcome::Failed) => "FAILED:",
        None => "not run:",
    }
}

/// The outcome that a text ends with.
pub(super) fn outcome(text: &str) -> Option<Outcome> {
    let outcomes = [Outcome::Passed, Outcome::Skipped, Outcome::Failed];
    outcomes.into_iter().find(|outcome| text.ends_with(&format!("{} ", word(Some(*outcome)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn what_a_page_says_of_each_test_can_be_read_again() {
        let workspace = Workspace::find().expect("cargo knows");
        let table = Table::read(&workspace).expect("it can be read");
        let of = |name: &str| match name.len() % 4 {
            0 => Some(Outcome::Passed),
            1 => Some(Outcome::Skipped),
            2 => Some(Outcome::Failed),
            _ => None,
        };
        let known = Table::known(&render(&table, of));
        for (_, name) in table.faults.iter().flat_map(Fault::tests) {
            assert_eq!(known.get(name), of(name), "{name}");
        }
    }
}
