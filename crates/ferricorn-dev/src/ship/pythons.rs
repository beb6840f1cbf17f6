//! `cargo dev pythons`: the worker shim's suite, and a short end-to-end set, on every Python that can be had, with the
//! newest and the oldest uvicorn.

use std::{fmt::Write as _, fs, process::ExitCode};

use clap::Args;

use super::interpreters::{self, Interpreter, VERSIONS};
use crate::{failure::Failure, say::say, steps::Steps, suite::Suite, tally::Tally, workspace::Workspace};

/// The page that a complete run writes.
const PAGE: &str = "docs/reference/pythons.md";
/// End-to-end tests in which the version of Python or uvicorn might matter: what the shim does to both.
pub(super) const END_TO_END: [&str; 11] = [
    "serve::bodies_streams_and_websockets_pass",
    "serve::term_lets_a_request_in_flight_end",
    "serve::the_mixed_line_of_the_issue_serves_health",
    "crash::a_worker_killed_under_load_loses_only_what_it_had_begun",
    "crash::a_broken_reload_loses_nothing_and_a_good_one_after_it_rolls",
    "recycle::a_single_worker_is_recycled_without_a_gap",
    "hang::a_blocked_worker_is_killed_explained_and_replaced_and_the_other_serves_on",
    "deaths::eight_deaths_have_eight_true_causes",
    "hooks::",
    "module_form::",
    "upgrade::a_new_program_takes_over_from_the_old_one_without_loss",
];
/// Both ends of the supported uvicorn, by their requirements.
const ENDS: [&str; 2] = ["newest", "oldest"];

const INTRODUCTION: &str = "\
# Versions of Python

Made by `cargo dev pythons` from what its run has shown: do not edit.

ferricorn needs Python 3.10 or newer and uvicorn 0.24 or newer. The program itself is the same for every Python. Each row
is a run of the worker's own tests and of a short end-to-end set (serve, reload, recycle, hang, crash, hooks, upgrade) on
that interpreter. A Python without a row was not tried.

| Python | from | newest uvicorn (0.54) | oldest uvicorn (0.24) |
|---|---|---|---|
";

const FLOORS: &str = "
## Where an old uvicorn cannot go

| Python | uvicorn | why |
|---|---|---|
| 3.14, 3.15 | 0.24 to 0.35 serve, and each of their workers prints a `DeprecationWarning` where warnings are shown | uvicorn calls `asyncio.iscoroutinefunction` |
| 3.16 | 0.36 or newer | that function is gone |

Free-threaded builds are not among these runs. On PyPy ferricorn was not tried.
";

/// Run the shim's tests and a short end-to-end set on every Python that can be had, and write the page of what holds
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these, as `3.14`; the rows of others stay as they are
    #[arg(value_parser = VERSIONS, hide_possible_values = true)]
    versions: Vec<String>,
    /// Only the lowest and the highest that can be had, with the newest uvicorn; the page is not written
    #[arg(long, conflicts_with = "versions")]
    ends: bool,
}

/// Runs what was asked for. A version that is not to be had is named, and is no failure.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let suite = Suite::prepare(&workspace)?;
    let wanted: Vec<&'static str> = VERSIONS
        .into_iter()
        .filter(|minor| arguments.versions.is_empty() || arguments.versions.iter().any(|it| it == minor))
        .collect();
    interpreters::fetch(&workspace, &wanted)?;
    let mut found: Vec<Interpreter> =
        wanted.iter().filter_map(|minor| interpreters::find(&workspace, minor)).collect();
    if arguments.ends && found.len() > 2 {
        found.drain(1..found.len() - 1);
    }
    let pins = if arguments.ends { &ENDS[..1] } else { &ENDS[..] };
    let mut steps = Steps::default();
    let mut rows = Vec::new();
    for interpreter in found {
        let tried = |pins: &&str| try_on(&workspace, &suite, &interpreter, pins, !arguments.ends, &mut steps);
        let cells: Vec<String> = pins.iter().map(tried).collect();
        rows.push(format!("| {} | {} | {} |", interpreter.version, interpreter.origin, cells.join(" | ")));
    }
    say(&steps.table());
    if !arguments.ends {
        let path = workspace.root.join(PAGE);
        let page = page(&fs::read_to_string(&path).unwrap_or_default(), &rows);
        fs::write(path, page).map_err(|error| Failure::new(format!("cannot write `{PAGE}`: {error}")))?;
        say(PAGE);
    }
    Ok(if steps.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The end-to-end set, and before it the shim's suite if that is wanted, on one Python with one end of uvicorn; the cell of
/// the page.
fn try_on(
    workspace: &Workspace,
    suite: &Suite<'_>,
    interpreter: &Interpreter,
    pins: &str,
    shim_too: bool,
    steps: &mut Steps,
) -> String {
    let name = format!("Python {}, {pins} uvicorn", interpreter.version);
    let venv = match interpreter.venv(workspace, pins) {
        Ok(venv) => venv,
        Err(failure) => {
            steps.take(&name, || Err(failure));
            return "its packages cannot be installed".to_owned();
        }
    };
    let mut shim = Tally::default();
    if shim_too {
        steps.take_counted(&format!("{name}: shim"), || {
            let ran = suite.pytest(&format!("{name}: shim"), &venv, &[])?;
            shim = ran.tally;
            Ok((ran.passed, ran.tally))
        });
    }
    let mut whole = Tally::default();
    let names = END_TO_END.map(str::to_owned);
    steps.take_counted(&format!("{name}: end to end"), || {
        let ran = suite.cargo_on(&venv, &["--package", "ferricorn", "--test", "e2e"], &names)?;
        whole = ran.tally;
        Ok((ran.passed, ran.tally))
    });
    format!("{}, end to end {}", counted(shim), counted(whole))
}

fn counted(Tally { passed, failed }: Tally) -> String {
    if failed == 0 { format!("{passed} passed") } else { format!("{passed} passed, **{failed} failed**") }
}

/// The page with these rows in place of older ones for the same minor versions.
fn page(old: &str, rows: &[String]) -> String {
    let mut page = INTRODUCTION.to_owned();
    for minor in VERSIONS {
        let beginning = format!("| {minor}.");
        let of_it = |row: &&str| row.starts_with(&beginning);
        let new = rows.iter().map(String::as_str).find(of_it);
        if let Some(row) = new.or_else(|| old.lines().find(of_it)) {
            let _ = writeln!(page, "{row}");
        }
    }
    page + FLOORS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_some_versions_leaves_the_rows_of_others() {
        let row = |version: &str, text: &str| format!("| {version} | pyenv | {text} |");
        let first = page("", &[row("3.14.1", "old"), row("3.10.2", "kept")]);
        let second = page(&first, &[row("3.14.2", "new")]);
        let rows: Vec<&str> = second.lines().filter(|line| line.contains("pyenv")).collect();
        assert_eq!(rows, [row("3.10.2", "kept"), row("3.14.2", "new")]);
    }
}
