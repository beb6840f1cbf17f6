//! Which Python runs the workers.
//!
//! In this order: `--python` or `FERRICORN_PYTHON` (both arrive in the settings); the active virtual environment
//! (`VIRTUAL_ENV`); the virtual environment that the program itself is installed in, which makes an absolute path to
//! `venv/bin/ferricorn` work without activation, as a script's first line does for gunicorn; `python3`, then
//! `python`, on the `PATH`.
//!
//! What the interpreter can do (its version, whether uvicorn is there) is for the shim to find out: asking here would
//! cost every start the time of one more interpreter.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use ferricorn_config::Settings;
use tracing::warn;

/// Why no interpreter was found.
#[derive(Debug, thiserror::Error)]
pub enum InterpreterError {
    /// The one that the user named is not there or cannot be executed.
    #[error("the Python that is to be used, `{}`, is not an executable file", path.display())]
    NotExecutable {
        /// What the user named.
        path: PathBuf,
    },
    /// There is none on the `PATH`.
    #[error("no Python interpreter found: neither `python3` nor `python` is on the PATH")]
    NotFound,
}

impl InterpreterError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotExecutable { .. } => {
                "give `--python` (or FERRICORN_PYTHON, or `python` in the file) the path of a Python interpreter, 3.10 or newer"
            }
            Self::NotFound => {
                "activate the virtual environment of the app, or name its interpreter with --python"
            }
        }
    }
}

/// Finds the interpreter of these settings, and names it there: from then on every process of theirs has the same. The
/// error is for the log.
pub(crate) fn settle(settings: &mut Settings) -> Result<(), String> {
    if settings.python.is_none()
        && active_environment().is_none()
        && let Some(root) = active_root()
    {
        warn!("VIRTUAL_ENV is `{}`, where there is no Python: another one is used", root.display());
    }
    let found =
        find(settings.python.as_deref()).map_err(|error| format!("{error}\nhint: {}", error.hint()))?;
    settings.python = Some(found);
    Ok(())
}

/// Finds the interpreter. A name without a slash is looked up on the `PATH`.
pub(crate) fn find(chosen: Option<&Path>) -> Result<PathBuf, InterpreterError> {
    if let Some(chosen) = chosen {
        let found = if chosen.components().count() == 1 { on_path(chosen) } else { executable(chosen) };
        return found.ok_or_else(|| InterpreterError::NotExecutable { path: chosen.to_owned() });
    }
    active_environment()
        .or_else(own_environment)
        .or_else(|| on_path(Path::new("python3")))
        .or_else(|| on_path(Path::new("python")))
        .ok_or(InterpreterError::NotFound)
}

fn active_root() -> Option<PathBuf> {
    env::var_os("VIRTUAL_ENV").filter(|root| !root.is_empty()).map(PathBuf::from)
}

fn active_environment() -> Option<PathBuf> {
    python_in(&active_root()?.join("bin"))
}

fn own_environment() -> Option<PathBuf> {
    let binary = env::current_exe().ok()?;
    let bin = binary.parent()?;
    bin.parent()?.join("pyvenv.cfg").is_file().then(|| python_in(bin)).flatten()
}

fn python_in(bin: &Path) -> Option<PathBuf> {
    executable(&bin.join("python3")).or_else(|| executable(&bin.join("python")))
}

fn on_path(name: &Path) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find_map(|folder| executable(&folder.join(name)))
}

/// The absolute path, links kept: a virtual environment's interpreter is a link, and finds its packages by it.
fn executable(path: &Path) -> Option<PathBuf> {
    let data = fs::metadata(path).ok()?;
    (data.is_file() && data.permissions().mode() & 0o111 != 0)
        .then(|| std::path::absolute(path).ok())
        .flatten()
}
