//! `cargo dev vm`: the tests that need systemd as PID 1 and control groups of version 2, in an emulated machine of their own.
//!
//! Owns: what goes into the machine, and the verdict on what comes out. Does not own: the machine and the checks, which are
//! scripts in `packaging/vm`.
//! Invariant: the image of the machine belongs to the script that makes it; a changed script means another image.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
};

use clap::Args;
use serde_json::Value;

use crate::{
    failure::Failure,
    say::say,
    steps::{loudly, loudly_checked, quietly},
    venv::Python,
    workspace::Workspace,
};

/// Programs that the machine is made and run with, and Debian's packages that have them.
const NEEDED: [(&str, &str); 3] =
    [("qemu-system-x86_64", "qemu-system-x86"), ("mmdebstrap", "mmdebstrap"), ("mke2fs", "e2fsprogs")];
/// The end-to-end tests that are skipped on most machines and run in this one.
const END_TO_END: &str = "control_groups:: systemd::";
/// The Python of the machine's Debian.
const PYTHON: &str = "3.11";

/// Run the tests of control groups, systemd and hardening in an emulated machine (x86-64, about five minutes)
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only checks whose names begin with one of these words, and no end-to-end tests
    checks: Vec<String>,
}

/// Makes the machine if it is not there, boots it, and says what holds. Without qemu it says so, and that is no failure.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let missing = NEEDED.iter().filter(|(program, _)| !runs(program)).map(|(_, package)| *package);
    let missing: Vec<&str> = missing.collect();
    if !missing.is_empty() {
        say(&format!(
            "skipped: it needs {}, and root (Debian's packages of these names)",
            missing.join(", ")
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let workspace = Workspace::find()?;
    let folder = workspace.dev_folder().join("vm");
    let machine = machine(&workspace, &folder)?;
    let packages = packages(&workspace, &folder)?;
    let job = job(&workspace, &folder, &packages, &arguments.checks)?;
    say("Booting (emulated: all of it takes some minutes)");
    let script = workspace.root.join("packaging/vm/boot.sh");
    let mut boot = workspace.command("sh", []);
    let (_, output) = loudly("boot", boot.arg(script).args([&machine, &job]))?;
    if output.lines().any(|line| line == "exit code 0") {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::new("something does not hold in the machine, or it did not come to its end, see above"))
}

fn runs(program: &str) -> bool {
    let mut command = Command::new("sh");
    command.args(["-c", "command -v \"$0\"", program]).stdout(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The folder of the machine's image and kernel, made if the script that makes them has changed.
fn machine(workspace: &Workspace, folder: &Path) -> Result<PathBuf, Failure> {
    let machine = folder.join("machine");
    let script = workspace.root.join("packaging/vm/root.sh");
    once(&machine.join("made-by"), &read(&script)?, || {
        let mut make = workspace.command("sh", []);
        quietly(workspace, "make the machine", make.arg(&script).arg(&machine))
    })?;
    Ok(machine)
}

/// A folder with the packages of `requirements/newest.txt` for the Python of the machine.
fn packages(workspace: &Workspace, folder: &Path) -> Result<PathBuf, Failure> {
    let packages = folder.join("packages");
    let pins = workspace.root.join("requirements/newest.txt");
    once(&folder.join("packages-made-from"), &read(&pins)?, || {
        let _ = fs::remove_dir_all(&packages);
        let tools = Python::find()?.venv(workspace, "newest")?;
        let pip =
            ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"];
        let mut install = workspace.command(tools.program("python"), pip);
        install.args(["--python-version", PYTHON, "--target"]).arg(&packages).arg("-r").arg(&pins);
        quietly(workspace, "packages for the machine", &mut install)
    })?;
    Ok(packages)
}

/// Builds what is tested and puts it together with the checks.
fn job(workspace: &Workspace, folder: &Path, packages: &Path, checks: &[String]) -> Result<PathBuf, Failure> {
    loudly_checked("build", &mut workspace.cargo(["build", "--workspace", "--bin", "ferricorn"]))?;
    let mut build = workspace.cargo(["test", "--no-run", "--package", "ferricorn", "--test", "e2e"]);
    let output = build.args(["--message-format", "json"]).stderr(Stdio::inherit()).output();
    let output = output.map_err(|error| Failure::new(format!("cannot run cargo: {error}")))?;
    let tests = test_program(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| Failure::new("cargo has not built the end-to-end tests"))?;
    let job = folder.join("job");
    let mut make = workspace.command("sh", []);
    make.arg(workspace.root.join("packaging/vm/job.sh")).arg(&workspace.root);
    make.arg(workspace.target.join("debug/ferricorn"))
        .arg(tests)
        .args([packages, job.as_path()])
        .args(checks);
    make.env("E2E", if checks.is_empty() { END_TO_END } else { "" });
    quietly(workspace, "job for the machine", &mut make)?;
    Ok(job)
}

/// The program that cargo has built, of its messages.
fn test_program(messages: &str) -> Option<String> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    messages.filter_map(|message| message["executable"].as_str().map(str::to_owned)).next_back()
}

/// Does work whose result belongs to `made_from`, unless it has been done; the stamp is written last.
fn once(stamp: &Path, made_from: &str, work: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    if fs::read_to_string(stamp).is_ok_and(|found| found == made_from) {
        return Ok(());
    }
    let _ = fs::remove_file(stamp);
    let folder = stamp.parent().expect("a stamp lies in a folder");
    let cannot = |error| Failure::new(format!("cannot write `{}`: {error}", stamp.display()));
    fs::create_dir_all(folder).map_err(cannot)?;
    work()?;
    fs::write(stamp, made_from).map_err(cannot)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path)
        .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_program_is_the_last_executable_that_cargo_names() {
        let messages = "{\"reason\":\"compiler-artifact\",\"executable\":null}\nno JSON\n\
                        {\"executable\":\"/t/ferricorn\"}\n{\"executable\":\"/t/e2e-1\"}\n{\"reason\":\"build-finished\"}";
        assert_eq!(test_program(messages).as_deref(), Some("/t/e2e-1"));
        assert_eq!(test_program(""), None);
    }
}
