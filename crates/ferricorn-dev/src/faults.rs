//! `cargo dev faults`: injects the faults of `crates/ferricorn/tests/faults.toml` by running their tests, and writes
//! `docs/internals/reliability.md` from what became of them.
//!
//! Invariant: what the page says of a test is what a run has shown. A run of some rows leaves what the page says of the
//! others.

mod page;
mod table;

use std::{fs, process::ExitCode};

use clap::Args;

pub(crate) use page::PAGE;
use table::{Kind, Table};

use crate::{
    failure::Failure,
    outcomes::{Outcome, Outcomes},
    say::say,
    suite::Suite,
    workspace::Workspace,
};

/// Inject faults by running their tests, and write docs/internals/reliability.md from the results
#[derive(Args)]
pub(crate) struct Arguments {
    /// Rows of faults.toml, such as F07; all of them by default
    rows: Vec<String>,
}

/// Runs the tests of the rows that are named (`F07`), or of all, and writes the page.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let rows = &arguments.rows;
    let workspace = Workspace::find()?;
    let table = Table::read(&workspace)?;
    if let Some(unknown) = rows.iter().find(|row| table.faults.iter().all(|fault| fault.id != **row)) {
        return Err(Failure::new(format!("unknown fault `{unknown}`")).hint("the rows are F01 to F35"));
    }
    let selected = |kinds: &[Kind]| -> Vec<String> {
        let faults = table.faults.iter().filter(|fault| rows.is_empty() || rows.contains(&fault.id));
        let tests = faults.flat_map(table::Fault::tests).filter(|(kind, _)| kinds.contains(kind));
        tests.map(|(_, name)| name.to_owned()).collect()
    };
    let suite = Suite::prepare(&workspace)?;
    let mut outcomes = Outcomes::default();
    let mut all_passed = true;
    let rust = selected(&[Kind::EndToEnd, Kind::Core, Kind::Sys]);
    if !rust.is_empty() {
        let packages = ["ferricorn", "ferricorn-core", "ferricorn-sys"].map(|name| ["--package", name]);
        let ran = suite.cargo(
            &[&packages.concat()[..], &["--tests"]].concat(),
            &[&["--exact".to_owned()], &rust[..]].concat(),
        )?;
        all_passed &= ran.passed;
        outcomes.extend(ran.outcomes);
    }
    let python = selected(&[Kind::Shim]);
    for (end, venv) in suite.ends.iter().filter(|_| !python.is_empty()) {
        let ran = suite.pytest(&format!("pytest, {end} uvicorn"), venv, &python)?;
        all_passed &= ran.passed;
        outcomes.extend(ran.outcomes);
    }
    let known = Table::known(&committed(&workspace));
    let page = page::render(&table, |name| outcomes.get(name).or_else(|| known.get(name)));
    let path = workspace.root.join(PAGE);
    fs::write(path, page).map_err(|error| Failure::new(format!("cannot write `{PAGE}`: {error}")))?;
    say(PAGE);
    let complaints = complaints(&table, &outcomes, |name| rust.iter().chain(&python).any(|it| it == name));
    for complaint in &complaints {
        say(complaint);
    }
    Ok(if all_passed && complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Fails unless the page is what a complete run has shown.
///
/// If a test is skipped because a listed requirement is missing, the page keeps its last result: it was
/// shown on another machine.
pub(crate) fn check(workspace: &Workspace, outcomes: &Outcomes) -> Result<(), Failure> {
    let table = Table::read(workspace)?;
    let complaints = complaints(&table, outcomes, |_| true);
    if !complaints.is_empty() {
        return Err(Failure::new(complaints.join("\n")));
    }
    let committed = committed(workspace);
    let known = Table::known(&committed);
    let outcome = |name: &str| {
        let here = outcomes.get(name);
        let tolerated = table.needs.contains_key(name) && here != Some(Outcome::Failed);
        if tolerated { known.get(name).or(here) } else { here }
    };
    if page::render(&table, outcome) == committed {
        return Ok(());
    }
    Err(Failure::new(format!("`{PAGE}` is not what this run has shown")).hint("run `cargo dev faults`"))
}

/// What is wrong with a run whatever the page says: tests that are not there, and such as skip for no known reason.
fn complaints(table: &Table, outcomes: &Outcomes, was_run: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for fault in &table.faults {
        for (_, name) in fault.tests().filter(|(_, name)| was_run(name)) {
            match outcomes.get(name) {
                None => complaints.push(format!("{}: there is no test `{name}`", fault.id)),
                Some(Outcome::Skipped) if !table.needs.contains_key(name) => {
                    complaints.push(format!(
                        "{}: `{name}` was skipped, and the table does not say what it needs",
                        fault.id
                    ));
                }
                Some(_) => {}
            }
        }
    }
    complaints
}

fn committed(workspace: &Workspace) -> String {
    fs::read_to_string(workspace.root.join(PAGE)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_that_of_the_table_and_any_other_result_is_told() {
        let workspace = Workspace::find().expect("cargo knows");
        let shown = Table::known(&committed(&workspace));
        check(&workspace, &shown).expect("`cargo dev faults` was run after the last change of the table");
        let table = Table::read(&workspace).expect("it can be read");
        let outcomes = |skipped: &str| {
            let mut outcomes = Outcomes::default();
            for (_, name) in table.faults.iter().flat_map(table::Fault::tests) {
                let known = shown.get(name).expect("it is on the page");
                outcomes.add(name, if name == skipped { Outcome::Skipped } else { known });
            }
            outcomes
        };
        let needy = table.needs.keys().next().expect("some tests need something");
        check(&workspace, &outcomes(needy)).expect("it may be skipped");
        let other = "crash::a_killed_worker_is_replaced_and_the_others_are_untouched";
        let error = check(&workspace, &outcomes(other)).expect_err("it may not").to_string();
        assert!(error.contains(&format!("F01: `{other}` was skipped")), "{error}");
        let mut failed = outcomes("");
        failed.add(other, Outcome::Failed);
        assert!(
            check(&workspace, &failed).expect_err("it failed").to_string().contains("is not what this run")
        );
        assert!(check(&workspace, &Outcomes::default()).expect_err("none").to_string().contains("no test"));
    }
}
