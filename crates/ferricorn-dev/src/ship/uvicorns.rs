//! `cargo dev uvicorns`: a short set of tests on each minor version of uvicorn that is supported, oldest first.

use std::{fmt::Write as _, fs, path::Path, process::ExitCode};

use clap::Args;

use super::{interpreters, pythons::END_TO_END};
use crate::{
    failure::Failure,
    say::say,
    steps::Steps,
    suite::Suite,
    tally::Tally,
    venv::{Python, Venv},
    workspace::Workspace,
};

/// The page that a complete run writes.
const PAGE: &str = "docs/reference/uvicorns.md";
/// The minor versions of uvicorn 0.x that are supported: the ends of requirements/oldest.txt and newest.txt.
const MINORS: std::ops::RangeInclusive<u32> = 24..=54;
/// The Python that they are tried on: the newest for which all of them have been made.
const PYTHON: &str = "3.11";

const INTRODUCTION: &str = "\
# Versions of uvicorn

Made by `cargo dev uvicorns` from what its run has shown: do not edit.

The minor versions that were tried, each in its last release, by a short end-to-end set on Python 3.11.
The worker's own tests run on the first and the last with every change.

| uvicorn | end to end |
|---|---|
";

/// Run a short end-to-end set on each minor version of uvicorn, and write the page of what holds
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only these minor versions, as `0.31`; the rows of others stay as they are
    #[arg(value_parser = supported)]
    versions: Vec<String>,
}

/// Runs the set on each version; a failure stops nothing.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let suite = Suite::prepare(&workspace)?;
    let names = END_TO_END.map(str::to_owned);
    let mut steps = Steps::default();
    let path = workspace.root.join(PAGE);
    let old = fs::read_to_string(&path).unwrap_or_default();
    let mut page = INTRODUCTION.to_owned();
    for version in minors() {
        if !arguments.versions.is_empty() && !arguments.versions.contains(&version) {
            if let Some(row) = old.lines().find(|row| row.starts_with(&format!("| {version} |"))) {
                let _ = writeln!(page, "{row}");
            }
            continue;
        }
        let mut tally = Tally::default();
        steps.take_counted(&format!("uvicorn {version}"), || {
            let venv = environment(&workspace, &version)?;
            let ran = suite.cargo_on(&venv, &["--package", "ferricorn", "--test", "e2e"], &names)?;
            tally = ran.tally;
            Ok((ran.passed, ran.tally))
        });
        let failed = if tally.failed == 0 { String::new() } else { format!(", **{} failed**", tally.failed) };
        let _ = writeln!(page, "| {version} | {} passed{failed} |", tally.passed);
    }
    say(&steps.table());
    fs::write(&path, page).map_err(|error| Failure::new(format!("cannot write `{PAGE}`: {error}")))?;
    say(PAGE);
    Ok(if steps.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn minors() -> impl Iterator<Item = String> {
    MINORS.map(|minor| format!("0.{minor}"))
}

fn supported(version: &str) -> Result<String, String> {
    let (first, last) = (MINORS.start(), MINORS.end());
    let known = minors().find(|known| known == version);
    known.ok_or_else(|| format!("not a minor version from 0.{first} to 0.{last}"))
}

/// An environment with nothing but this uvicorn in front of the packages of `requirements/newest.txt`: thirty whole ones
/// would take minutes and a gigabyte.
fn environment(workspace: &Workspace, version: &str) -> Result<Venv, Failure> {
    let python = interpreters::find(workspace, PYTHON)
        .ok_or_else(|| Failure::new(format!("there is no Python {PYTHON} on this machine")))?;
    let pin = format!("uvicorn=={version}.*");
    let venv = python.environment(
        workspace,
        &format!("uvicorn-{version}"),
        &pin,
        &[Path::new("--no-deps"), Path::new(&pin)],
    )?;
    let shared = Python::find()?.venv(workspace, "newest")?;
    // A line of a `.pth` file goes behind the environment's own packages.
    let packages = |venv: &Venv| venv.program("..").join(format!("lib/python{PYTHON}/site-packages"));
    let path = packages(&venv).join("shared.pth");
    fs::write(&path, format!("{}\n", packages(&shared).display()))
        .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?;
    Ok(venv)
}
