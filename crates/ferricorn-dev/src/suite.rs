//! The test programs and how they are run: the Rust tests of the workspace, and the shim's on both ends of what is
//! supported.
//!
//! Owns: the environments that tests need, and what became of each test. Does not own: which tests are run, and what
//! follows from it.

use std::{fs, path::PathBuf, thread};

use crate::{
    extension,
    failure::Failure,
    outcomes::Outcomes,
    say::say,
    steps::loudly,
    tally::Tally,
    venv::{Python, Venv},
    workspace::Workspace,
};

/// The shim and its tests; pytest is configured there.
const SHIM: &str = "crates/ferricorn-master/python";

/// Tells tests where the extension module is, with which the program was built.
const EXTENSION: &str = "FERRICORN_TEST_EXTENSION";

/// Everything that tests need.
pub(crate) struct Suite<'a> {
    workspace: &'a Workspace,
    /// The shim's tests run on each: the newest uvicorn, the oldest.
    pub(crate) ends: [(&'static str, Venv); 2],
    references: [Venv; 2],
    /// What applications import that a fork may not survive.
    libraries: Venv,
    extension: PathBuf,
}

/// What a run of some tests has come to.
pub(crate) struct Ran {
    /// Whether the runner was content.
    pub(crate) passed: bool,
    /// Whether every program that began came to its end; a crash takes the tests with it that were still to run.
    pub(crate) complete: bool,
    /// What the runner counted.
    pub(crate) tally: Tally,
    /// What became of each test.
    pub(crate) outcomes: Outcomes,
}

/// How many tests run at once: most of a test is waiting, for a worker's boot or for a time to pass.
fn at_once() -> usize {
    2 * thread::available_parallelism().map_or(1, usize::from)
}

impl<'a> Suite<'a> {
    /// Makes the environments that are missing or out of date.
    pub(crate) fn prepare(workspace: &'a Workspace) -> Result<Self, Failure> {
        let python = Python::find()?;
        say("Preparing Python");
        let ends =
            [("newest", python.venv(workspace, "newest")?), ("oldest", python.venv(workspace, "oldest")?)];
        let references =
            [python.venv(workspace, "reference-newest")?, python.venv(workspace, "reference-oldest")?];
        let libraries = python.venv(workspace, "libraries")?;
        let extension = extension::build(workspace)?;
        Ok(Self { workspace, ends, references, libraries, extension })
    }

    /// Runs `cargo test` with these options, and these arguments for the test programs.
    pub(crate) fn cargo(&self, options: &[&str], arguments: &[String]) -> Result<Ran, Failure> {
        let [(_, newest), _] = &self.ends;
        self.cargo_on(newest, options, arguments)
    }

    /// The same, with this environment in place of that of the newest uvicorn.
    pub(crate) fn cargo_on(
        &self,
        newest: &Venv,
        options: &[&str],
        arguments: &[String],
    ) -> Result<Ran, Failure> {
        let mut cargo = self.workspace.cargo(["test", "--no-fail-fast"]);
        cargo.args(options).arg("--").args(arguments).env("RUST_TEST_THREADS", at_once().to_string());
        let [_, (_, oldest)] = &self.ends;
        cargo.env("FERRICORN_TEST_PYTHON", newest.program("python"));
        cargo.env("FERRICORN_TEST_PYTHON_OLDEST", oldest.program("python"));
        let [newest, oldest] = &self.references;
        cargo.env("FERRICORN_TEST_REFERENCE_NEWEST", newest.program("python"));
        cargo.env("FERRICORN_TEST_REFERENCE_OLDEST", oldest.program("python"));
        cargo.env("FERRICORN_TEST_LIBRARIES", self.libraries.program("python"));
        cargo.env(EXTENSION, &self.extension);
        let skipped = self.file("skipped-tests")?;
        cargo.env(ferricorn_test::SKIPPED, &skipped);
        let (passed, output) = loudly("cargo test", &mut cargo)?;
        let skipped = fs::read_to_string(skipped).unwrap_or_default();
        let lines = |begin: &str| output.lines().filter(|line| line.starts_with(begin)).count();
        Ok(Ran {
            passed,
            complete: lines("running ") == lines("test result: "),
            tally: Tally::of_cargo_test(&output),
            outcomes: Outcomes::of_cargo_test(&output, &skipped),
        })
    }

    /// Runs the shim's tests in an environment of [`Self::ends`]; a filter is a part of a name; without one all tests
    /// run.
    pub(crate) fn pytest(&self, name: &str, venv: &Venv, filters: &[String]) -> Result<Ran, Failure> {
        let report = self.file("pytest.xml")?;
        let mut command = self.workspace.command(venv.program("python"), ["-m", "pytest"]);
        command.current_dir(self.workspace.root.join(SHIM));
        command.args(["-p", "no:cacheprovider", "--numprocesses", &at_once().to_string()]);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env(EXTENSION, &self.extension);
        command.arg("--junit-xml").arg(&report);
        if !filters.is_empty() {
            command.args(["-k", &filters.join(" or ")]);
        }
        let (passed, output) = loudly(name, &mut command)?;
        let nothing_selected = !filters.is_empty() && output.contains("no tests ran in ");
        let tally = Tally::of_pytest(&output);
        let report = fs::read_to_string(report).unwrap_or_default();
        Ok(Ran {
            passed: passed || (nothing_selected && tally == Tally::default()),
            complete: tally != Tally::default(),
            tally,
            outcomes: Outcomes::of_junit(&report),
        })
    }

    /// A file that is not there yet, for what a runner has to say.
    fn file(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.workspace.dev_folder().join("log");
        let path = folder.join(name);
        let made = fs::create_dir_all(&folder);
        made.map_err(|error| Failure::new(format!("cannot make `{}`: {error}", folder.display())))?;
        let _ = fs::remove_file(&path);
        Ok(path)
    }
}
