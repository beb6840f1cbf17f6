//! `cargo dev ci`: everything that is checked besides the tests. Every check runs, whatever the ones before it said.

use std::{fs, path::PathBuf, process::ExitCode};

use crate::{
    docs,
    failure::Failure,
    layers, licences,
    say::say,
    ship::{links, plots, release, site},
    steps::{Steps, loudly_checked, quietly},
    venv::{Python, Venv},
    wheel,
    workspace::Workspace,
};

/// Runs all checks; the exit code says whether all passed.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let python = Python::find()?;
    say("Preparing Python");
    let lint = python.venv(&workspace, "lint")?;
    let newest = python.venv(&workspace, "newest")?;

    say("Checking");
    let mut steps = Steps::default();
    steps.take("format", || {
        quietly(&workspace, "cargo fmt", &mut workspace.cargo(["fmt", "--all", "--check"]))
    });
    steps.take("layers", || layers::check(&workspace));
    steps.take("python", || lint_python(&workspace, &lint));
    steps.take("python types", || check_types(&workspace, &lint, &newest));
    steps.take("generated pages", || docs::check(&workspace));
    steps.take("clippy", || {
        let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        loudly_checked("clippy", &mut workspace.cargo(clippy))
    });
    steps.take("clippy of the extension", || {
        let clippy =
            ["clippy", "--package", "ferricorn-http", "--features", "python", "--", "--deny", "warnings"];
        loudly_checked("clippy", workspace.cargo(clippy).env("PYO3_NO_PYTHON", "1"))
    });
    steps.take("licences", || licences::check(&workspace));
    steps.take("documentation", || {
        // With private items: the readers are those who work on the code, and module texts link to what they introduce.
        let mut doc = workspace.cargo(["doc", "--workspace", "--no-deps", "--document-private-items"]);
        loudly_checked("documentation", doc.env("RUSTDOCFLAGS", "--deny warnings"))
    });
    steps.take("links", || links::check(&workspace));
    steps.take("site", || site::build(&workspace, &python));
    steps.take("pictures", || plots::check(&workspace));
    match python.venv(&workspace, "release") {
        Ok(tools) => release::check(&workspace, &tools, &mut steps),
        Err(failure) => steps.take("release files", || Err(failure)),
    }
    steps.take("wheel", || {
        let wheel = wheel::build(&workspace, &python)?;
        wheel::check(&workspace, &python, &wheel)
    });

    say(&steps.table());
    Ok(if steps.all_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn lint_python(workspace: &Workspace, lint: &Venv) -> Result<(), Failure> {
    let ruff = lint.program("ruff");
    quietly(workspace, "ruff check", &mut workspace.command(&ruff, ["check", "--no-cache", "."]))?;
    quietly(workspace, "ruff format", &mut workspace.command(&ruff, ["format", "--no-cache", "--check", "."]))
}

/// One run of mypy for each program: the examples all have a module of the same name, and the shim has its own settings.
fn check_types(workspace: &Workspace, lint: &Venv, newest: &Venv) -> Result<(), Failure> {
    let mypy = |name: &str, folder: PathBuf, what: &[&str]| {
        let mut command = workspace.command(lint.program("mypy"), ["--strict", "--no-error-summary"]);
        command.arg("--python-executable").arg(newest.program("python"));
        command.arg("--cache-dir").arg(workspace.dev_folder().join("mypy"));
        quietly(workspace, &format!("mypy {name}"), command.args(what).current_dir(folder))
    };
    mypy("python", workspace.root.join("python"), &["ferricorn"])?;
    mypy("shim", workspace.root.join("crates/ferricorn-master/python"), &[])?;
    mypy("test application", workspace.root.join("crates/ferricorn-test/python"), &["."])?;
    let examples = workspace.root.join("examples");
    let listed = fs::read_dir(&examples);
    let listed =
        listed.map_err(|error| Failure::new(format!("cannot list `{}`: {error}", examples.display())))?;
    for example in
        listed.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.join("main.py").is_file())
    {
        mypy(&example.file_name().unwrap_or_default().to_string_lossy(), example.clone(), &["."])?;
    }
    Ok(())
}
