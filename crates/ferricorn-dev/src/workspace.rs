//! Where things are: the repository, cargo's target folder, cargo itself.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::failure::Failure;

/// The repository and the folder that cargo builds into, both absolute.
pub(crate) struct Workspace {
    /// The folder of the top `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever `CARGO_TARGET_DIR` or cargo's configuration put it.
    pub(crate) target: PathBuf,
}

impl Workspace {
    /// Asks cargo, which alone knows all the ways to move the target folder.
    pub(crate) fn find() -> Result<Self, Failure> {
        let here = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        let metadata = metadata(&here, &["--no-deps"])?;
        let folder = |key: &str| {
            let path = metadata[key].as_str().map(PathBuf::from);
            path.ok_or_else(|| Failure::new(format!("cargo metadata has no `{key}`")))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// The folder for what `cargo dev` makes: environments, logs.
    pub(crate) fn dev_folder(&self) -> PathBuf {
        self.target.join("dev")
    }

    /// A cargo command in the repository.
    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        self.command(cargo(), arguments)
    }

    /// Any command, in the repository.
    pub(crate) fn command<const N: usize>(&self, program: impl AsRef<Path>, arguments: [&str; N]) -> Command {
        let mut command = Command::new(program.as_ref());
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// What `cargo metadata` says about the workspace, with these extra arguments.
    pub(crate) fn metadata(&self, arguments: &[&str]) -> Result<Value, Failure> {
        metadata(&self.root, arguments)
    }
}

/// The cargo that runs us, so that `cargo +toolchain dev …` stays on its toolchain.
fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from)
}

fn metadata(folder: &Path, arguments: &[&str]) -> Result<Value, Failure> {
    let output = Command::new(cargo())
        .args(["metadata", "--format-version", "1"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|error| Failure::new(format!("cannot run cargo: {error}")))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::new(format!("cargo metadata is not JSON: {error}")))
}
