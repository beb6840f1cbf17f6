//! The Pythons that can be had on this machine: on the PATH, of a pyenv, of Debian's newer suite.
//!
//! Invariant: the system stays as it is. What is fetched lies in the folder of `cargo dev`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    failure::Failure,
    say::say,
    steps::quietly,
    venv::{Python, Venv},
    workspace::Workspace,
};

/// The minor versions that are tried, oldest first; the first is the one that `requires-python` names.
pub(crate) const VERSIONS: [&str; 6] = ["3.10", "3.11", "3.12", "3.13", "3.14", "3.15"];
/// Programs that `packaging/pythons.sh` needs.
const FETCHED_WITH: [&str; 3] = ["apt-get", "dpkg-deb", "patchelf"];

/// A Python that was found.
pub(crate) struct Interpreter {
    /// `3.14`.
    pub(crate) minor: &'static str,
    /// `3.14.10`.
    pub(crate) version: String,
    /// Where it is from, in words.
    pub(crate) origin: &'static str,
    program: PathBuf,
}

/// The interpreter of a minor version, from the first place that has it. `None` if no place has it.
pub(crate) fn find(workspace: &Workspace, minor: &'static str) -> Option<Interpreter> {
    let name = format!("python{minor}");
    let fetched = workspace.dev_folder().join("pythons/root/usr/bin").join(&name);
    let places = [(pyenvs(minor), "pyenv"), (fetched.is_file().then_some(fetched), "Debian's newer suite")];
    let places = places.into_iter().filter_map(|(program, origin)| Some((program?, origin)));
    let mut candidates = places.chain([(PathBuf::from(name), "the PATH")]);
    candidates.find_map(|(program, origin)| {
        let version = version(&program)?;
        (version.starts_with(&format!("{minor}."))).then_some(Interpreter { minor, version, origin, program })
    })
}

/// Fetches from Debian what no other place has. If that is not possible, prints it and continues.
pub(crate) fn fetch(workspace: &Workspace, minors: &[&'static str]) -> Result<(), Failure> {
    let missing: Vec<&str> =
        minors.iter().copied().filter(|minor| find(workspace, minor).is_none()).collect();
    // Debian keeps the newest three.
    let (old, missing): (Vec<&str>, Vec<&str>) =
        missing.iter().partition(|minor| minor.len() < 4 || **minor < "3.13");
    if !old.is_empty() {
        say(&format!("  not to be had here: Python {}", old.join(", ")));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let absent: Vec<&str> = FETCHED_WITH.into_iter().filter(|program| !runs(program)).collect();
    if !absent.is_empty() {
        say(&format!("  Python {} needs {} to be fetched", missing.join(", "), absent.join(", ")));
        return Ok(());
    }
    let script = workspace.root.join("packaging/pythons.sh");
    let mut fetch = workspace.command(script, []);
    fetch.arg(workspace.dev_folder().join("pythons")).args(&missing);
    quietly(workspace, "fetch Pythons", &mut fetch)
}

impl Interpreter {
    /// An environment with the packages of a requirements file, made now if it is not there or out of date.
    pub(crate) fn venv(&self, workspace: &Workspace, pins: &str) -> Result<Venv, Failure> {
        let file = workspace.root.join("requirements").join(format!("{pins}.txt"));
        let pinned = fs::read_to_string(&file)
            .map_err(|error| Failure::new(format!("cannot read `{}`: {error}", file.display())))?;
        let arguments = [Path::new("--only-binary"), Path::new(":all:"), Path::new("-r"), &file];
        self.environment(workspace, &format!("{}-{pins}", self.minor), &pinned, &arguments)
    }

    /// An environment of this name with what `pip install` makes of these arguments, which `made_from` stands for.
    ///
    /// An interpreter that was unpacked and not installed has no pip of its own: another's installs, in a version that
    /// runs on the newest Python.
    pub(crate) fn environment(
        &self,
        workspace: &Workspace,
        name: &str,
        made_from: &str,
        arguments: &[&Path],
    ) -> Result<Venv, Failure> {
        let folder = workspace.dev_folder().join("pythons").join(name);
        let stamp = folder.join("made-from");
        let text = format!("{} {}\n{made_from}", self.version, self.program.display());
        let venv = Venv::at(folder.clone());
        if fs::read_to_string(&stamp).is_ok_and(|found| found == text) {
            return Ok(venv);
        }
        let mut make = workspace.command(&self.program, ["-m", "venv", "--without-pip", "--clear"]);
        quietly(workspace, &format!("make {name}"), make.arg(&folder))?;
        let installer = Python::find()?.venv(workspace, "pythons")?;
        let mut pip = workspace.command(installer.program("python"), ["-m", "pip", "--python"]);
        pip.arg(venv.program("python"));
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(arguments);
        quietly(workspace, &format!("install {name}"), &mut pip)?;
        fs::write(&stamp, text)
            .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", stamp.display())))?;
        Ok(venv)
    }
}

/// The newest installed pyenv's of a minor version.
fn pyenvs(minor: &str) -> Option<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    let root = root.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")))?;
    let versions = fs::read_dir(root.join("versions")).ok()?;
    let names = versions.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let patch = |name: &String| name.strip_prefix(minor)?.strip_prefix('.')?.parse::<u32>().ok();
    let newest = names.filter(|name| patch(name).is_some()).max_by_key(patch)?;
    Some(root.join("versions").join(newest).join("bin/python"))
}

fn version(program: &Path) -> Option<String> {
    let question = "import platform, venv; print(platform.python_version())";
    let asked = Command::new(program).args(["-c", question]).stdin(Stdio::null()).output().ok()?;
    asked.status.success().then(|| String::from_utf8_lossy(&asked.stdout).trim().to_owned())
}

fn runs(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}
