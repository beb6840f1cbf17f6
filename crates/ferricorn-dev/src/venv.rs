//! Virtual environments inside the target folder, each made from one file of pinned requirements.
//!
//! Invariant: an environment whose `made-from` file equals what it would be made from now is complete, because that
//! file is written last. Anything else is rebuilt.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{failure::Failure, steps::quietly, workspace::Workspace};

const STAMP: &str = "made-from";

/// The Python that environments are made with: `python3` of the PATH.
pub(crate) struct Python {
    /// The path that the interpreter itself reports.
    program: PathBuf,
    /// Version and path, so that another interpreter means another environment.
    identity: String,
}

impl Python {
    /// Looks whether `python3` is there, is 3.10 or newer, and can make environments.
    pub(crate) fn find() -> Result<Self, Failure> {
        let question = "import sys; print(*sys.version_info[:3], sys.executable)\nimport ensurepip, venv";
        let asked = Command::new("python3").args(["-c", question]).stdin(Stdio::null()).output();
        let output = asked.map_err(|error| {
            Failure::new(format!("cannot run `python3`: {error}")).hint("install Python 3.10 or newer")
        })?;
        let answer = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let mut words = answer.split(' ').map_while(|word| word.parse::<u32>().ok());
        let version = (words.next().unwrap_or(0), words.next().unwrap_or(0));
        if version < (3, 10) {
            let complaint = String::from_utf8_lossy(&output.stderr);
            let told = if answer.is_empty() { complaint.trim() } else { answer.as_str() };
            return Err(Failure::new(format!("`python3` is not Python 3.10 or newer: {told}"))
                .hint("put a newer python3 first on the PATH"));
        }
        if !output.status.success() {
            return Err(Failure::new(
                "`python3` cannot make virtual environments: venv or ensurepip is missing",
            )
            .hint("on Debian and Ubuntu: apt install python3-venv"));
        }
        let program = answer.splitn(4, ' ').last().unwrap_or("python3").into();
        Ok(Self { program, identity: answer })
    }

    /// A new, empty environment with pip.
    pub(crate) fn empty_venv(&self, workspace: &Workspace, name: &str) -> Result<Venv, Failure> {
        let venv = Venv { folder: workspace.dev_folder().join(name) };
        let mut make = workspace.command(&self.program, ["-m", "venv", "--clear"]);
        quietly(workspace, &format!("make {name}"), make.arg(&venv.folder))?;
        Ok(venv)
    }

    /// The environment of `requirements/<requirements>.txt`, made now if the file or the interpreter has changed.
    pub(crate) fn venv(&self, workspace: &Workspace, requirements: &str) -> Result<Venv, Failure> {
        let file = workspace.root.join("requirements").join(format!("{requirements}.txt"));
        let unreadable = |error| Failure::new(format!("cannot read `{}`: {error}", file.display()));
        let pinned = fs::read_to_string(&file).map_err(unreadable)?;
        let stamp = format!("{}\n{pinned}", self.identity);
        let name = format!("venv-{requirements}");
        let made_from = workspace.dev_folder().join(&name).join(STAMP);
        if fs::read_to_string(&made_from).is_ok_and(|found| found == stamp) {
            return Ok(Venv { folder: workspace.dev_folder().join(name) });
        }
        let venv = self.empty_venv(workspace, &name)?;
        venv.install(workspace, &format!("install {requirements}.txt"), &[Path::new("-r"), &file])?;
        let written = fs::write(&made_from, stamp);
        written.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", made_from.display())))?;
        Ok(venv)
    }
}

/// A virtual environment.
#[derive(Clone)]
pub(crate) struct Venv {
    folder: PathBuf,
}

impl Venv {
    /// The environment in a folder, which the caller creates.
    pub(crate) const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A program of the environment: `python`, `ruff`.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join("bin").join(name)
    }

    /// Runs `pip install` with these arguments, as a quiet step of this name.
    pub(crate) fn install(
        &self,
        workspace: &Workspace,
        name: &str,
        arguments: &[&Path],
    ) -> Result<(), Failure> {
        let pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input"];
        quietly(workspace, name, workspace.command(self.program("python"), pip).args(arguments))
    }
}
