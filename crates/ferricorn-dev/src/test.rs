//! `cargo dev test`: the Rust tests of the workspace, then the worker shim's own on both ends of what is supported.

use std::process::ExitCode;

use clap::Args;

use crate::{
    failure::Failure,
    faults,
    outcomes::Outcomes,
    say::say,
    steps::Steps,
    suite::{Ran, Suite},
    tally::Tally,
    unsteady::Reruns,
    workspace::Workspace,
};

/// Run the tests, Rust and Python, on the newest and the oldest uvicorn
#[derive(Args)]
pub(crate) struct Arguments {
    /// Run tests that failed once more, alone; tests that pass then are listed as unsteady
    #[arg(long)]
    rerun_failed: bool,
    /// Only tests whose name contains one of these words
    filters: Vec<String>,
}

/// Runs every test whose name contains one of the filters; all of them without a filter, and then the page that tells of
/// them has to be up to date.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let filters = &arguments.filters;
    let workspace = Workspace::find()?;
    let suite = Suite::prepare(&workspace)?;

    say("Testing");
    let mut steps = Steps::default();
    let mut outcomes = Outcomes::default();
    let mut reruns = Reruns::new(arguments.rerun_failed);
    let mut note = |ran: Ran| {
        outcomes.extend(ran.outcomes);
        (ran.passed, ran.tally)
    };
    steps.take_counted("cargo test", || {
        let ran = suite.cargo(&["--workspace"], filters)?;
        let again = |names: &[String]| {
            let alone = ["--exact", "--test-threads=1"].map(str::to_owned);
            suite.cargo(&["--workspace"], &[&alone, names].concat())
        };
        reruns.judge(ran, again).map(&mut note)
    });
    for (end, venv) in &suite.ends {
        let name = format!("pytest, {end} uvicorn");
        steps.take_counted(&name, || {
            let ran = suite.pytest(&name, venv, filters)?;
            reruns.judge(ran, |names| suite.pytest(&name, venv, names)).map(&mut note)
        });
    }
    if filters.is_empty() {
        steps.take(faults::PAGE, || faults::check(&workspace, &outcomes));
    }

    let Tally { passed, failed } = steps.tally();
    say(&format!("{}\n{passed} passed, {failed} failed{}", steps.table(), reruns.summary()));
    Ok(if steps.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
