//! `cargo dev wheel`: the wheel that pip installs, and the proof that it works on its own.

use std::{
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use clap::Args;

use crate::{
    extension,
    failure::Failure,
    say::say,
    served::Served,
    ship::wheels,
    steps::{loudly_checked, quietly},
    venv::Python,
    workspace::Workspace,
};

/// What the bare ASGI example answers.
const GREETING: &str = "Hello from a bare ASGI application";

/// Build the wheel into target/wheels
#[derive(Args)]
pub(crate) struct Arguments {
    /// Install it into an empty environment and serve a request from there
    #[arg(long)]
    check: bool,
    /// One for each system that is supported, and the source distribution
    #[arg(long, conflicts_with = "check")]
    all: bool,
}

/// Builds the wheel into `target/wheels`, and checks it if asked to.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    let python = Python::find()?;
    if arguments.all {
        let passed = wheels::all(&workspace, &python)?;
        return Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let wheel = build(&workspace, &python)?;
    if arguments.check {
        check(&workspace, &python, &wheel)?;
    }
    say(&wheel.display().to_string());
    Ok(ExitCode::SUCCESS)
}

/// Builds the wheel with the pinned maturin; its path.
pub(crate) fn build(workspace: &Workspace, python: &Python) -> Result<PathBuf, Failure> {
    let tools = python.venv(workspace, "wheel")?;
    extension::build(workspace)?;
    let folder = workspace.target.join("wheels");
    let mut maturin =
        workspace.command(tools.program("maturin"), ["build", "--release", "--locked", "--out"]);
    loudly_checked("wheel", maturin.arg(&folder))?;
    wheels::newest(&folder, ".whl")
        .ok_or_else(|| Failure::new(format!("maturin left no wheel in `{}`", folder.display())))
}

/// Installs the wheel into an environment that has nothing else, and serves a request through each way to start it.
pub(crate) fn check(workspace: &Workspace, python: &Python, wheel: &Path) -> Result<(), Failure> {
    let venv = python.empty_venv(workspace, "venv-wheel-check")?;
    let pins = workspace.root.join("requirements/newest.txt");
    venv.install(workspace, "install the wheel", &[Path::new("--constraint"), &pins, wheel])?;
    quietly(
        workspace,
        "ferricorn --version",
        workspace.command(venv.program("ferricorn"), []).arg("--version"),
    )?;
    serves(workspace, "the program", workspace.command(venv.program("ferricorn"), []))?;
    serves(workspace, "python -m ferricorn", workspace.command(venv.program("python"), ["-m", "ferricorn"]))
}

fn serves(workspace: &Workspace, name: &str, mut command: Command) -> Result<(), Failure> {
    command.args(["main:app", "--bind", "127.0.0.1:0", "--workers", "2"]);
    // The environment of the user must not choose another interpreter, or another number of workers.
    for variable in ["VIRTUAL_ENV", "FERRICORN_PYTHON", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "PORT"] {
        command.env_remove(variable);
    }
    let served = Served::start(command.current_dir(workspace.root.join("examples/bare_asgi")))?;
    let response = served.get("/")?;
    if !response.starts_with("HTTP/1.1 200 ") || !response.contains(GREETING) {
        return Err(Failure::new(format!("{name} does not serve the example, its answer is:\n{response}")));
    }
    served.stop()?;
    say(&format!("  {name}: serves a request and stops with exit code 0"));
    Ok(())
}
