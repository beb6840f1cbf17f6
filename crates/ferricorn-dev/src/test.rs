//! `cargo dev test`: the Rust tests of the workspace, then the worker shim's own on both ends of what is supported.

use std::process::ExitCode;

use crate::{
    failure::Failure,
    say::say,
    steps::{Steps, loudly},
    tally::Tally,
    venv::{Python, Venv},
    workspace::Workspace,
};

/// The shim and its tests; pytest is configured there.
const SHIM: &str = "crates/ferricorn-master/python";

/// Runs every test whose name contains one of the filters; all of them without a filter.
pub(crate) fn run(filters: &[String]) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let python = Python::find()?;
    say("Preparing Python");
    let newest = python.venv(&workspace, "newest")?;
    let oldest = python.venv(&workspace, "oldest")?;
    let references =
        [python.venv(&workspace, "reference-newest")?, python.venv(&workspace, "reference-oldest")?];

    say("Testing");
    let mut steps = Steps::default();
    steps.take_counted("cargo test", || {
        let mut cargo = workspace.cargo(["test", "--workspace", "--no-fail-fast", "--"]);
        cargo.args(filters);
        cargo.env("FERRICORN_TEST_PYTHON", newest.program("python"));
        cargo.env("FERRICORN_TEST_PYTHON_OLDEST", oldest.program("python"));
        let [newest, oldest] = &references;
        cargo.env("FERRICORN_TEST_REFERENCE_NEWEST", newest.program("python"));
        cargo.env("FERRICORN_TEST_REFERENCE_OLDEST", oldest.program("python"));
        let (passed, output) = loudly("cargo test", &mut cargo)?;
        Ok((passed, Tally::of_cargo_test(&output)))
    });
    steps.take_counted("pytest, newest uvicorn", || {
        pytest(&workspace, "pytest, newest uvicorn", &newest, filters)
    });
    steps.take_counted("pytest, oldest uvicorn", || {
        pytest(&workspace, "pytest, oldest uvicorn", &oldest, filters)
    });

    let Tally { passed, failed } = steps.tally();
    say(&format!("{}\n{passed} passed, {failed} failed", steps.table()));
    Ok(if steps.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn pytest(
    workspace: &Workspace,
    name: &str,
    venv: &Venv,
    filters: &[String],
) -> Result<(bool, Tally), Failure> {
    let mut command = workspace.command(venv.program("python"), ["-m", "pytest"]);
    command.current_dir(workspace.root.join(SHIM));
    // Two at once: most of a test is waiting.
    command.args(["-p", "no:cacheprovider", "--numprocesses", "2"]).env("PYTHONDONTWRITEBYTECODE", "1");
    if !filters.is_empty() {
        command.args(["-k", &filters.join(" or ")]);
    }
    let (passed, output) = loudly(name, &mut command)?;
    let nothing_selected = !filters.is_empty() && output.contains("no tests ran in ");
    let tally = Tally::of_pytest(&output);
    Ok((passed || (nothing_selected && tally == Tally::default()), tally))
}
