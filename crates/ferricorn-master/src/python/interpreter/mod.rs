//! Which Python runs the workers, the helpers and the hooks.
//!
//! `--python` or `FERRICORN_PYTHON` always wins (both arrive as a named interpreter). Otherwise, in this order:
//!
//! 1. the environment that the program is installed in, if uvicorn is installed there too. This makes an absolute path to
//!    `venv/bin/ferricorn` mean that environment whatever is active, as a script's first line does for gunicorn;
//! 2. the active environment (`VIRTUAL_ENV`, then `CONDA_PREFIX`);
//! 3. `python3`, then `python`, on the `PATH`; if neither sees uvicorn, the environment of 1 although it has none.
//!
//! Owns: the search, and its log line. [`environments`] finds what there is on the disk, [`packages`] looks for
//! uvicorn there, [`choice`] decides.
//!
//! Invariant: no interpreter is executed to choose one: that would cost every start the time of one more interpreter.
//! What the chosen one can do (its version, whether uvicorn can be imported) is for the shim to find out.

mod choice;
mod environments;
mod packages;

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use ferricorn_config::Settings;
use tracing::{info, warn};

use crate::launch::working_directory::plain;

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

/// What decides which interpreter is found if none is named: facts of the process as it was started.
#[derive(Clone, Debug, Default)]
pub struct PythonSearch {
    /// The program, as it was called: links are kept.
    program: PathBuf,
    virtual_env: Option<PathBuf>,
    conda_prefix: Option<PathBuf>,
    /// The folders of `PATH`.
    path: Vec<PathBuf>,
    /// Where `pip install --user` installs, unless Python is configured not to look there.
    user_base: Option<PathBuf>,
    /// The folders of `PYTHONPATH`, which every interpreter looks into.
    python_path: Vec<PathBuf>,
}

/// An interpreter, and what to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its absolute path; links are kept: a virtual environment's interpreter is one, and finds its packages by it.
    pub python: PathBuf,
    /// Which one was taken and why, if another could have been meant.
    pub note: Option<Note>,
}

/// One line about the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line.
    pub text: String,
    /// A variable names an environment that has no Python: that is a mistake, whichever is taken.
    pub is_warning: bool,
}

impl Note {
    /// Logs it.
    pub(crate) fn log(&self) {
        if self.is_warning { warn!("{}", self.text) } else { info!("{}", self.text) }
    }
}

impl PythonSearch {
    /// For a program at this path that was started in this directory with these variables.
    pub fn new<'a>(
        program: &Path,
        directory: &Path,
        variables: impl IntoIterator<Item = (&'a OsStr, &'a OsStr)>,
    ) -> Self {
        let mut search = Self { program: program.to_owned(), ..Self::default() };
        let (mut home, mut user_base, mut no_user_site) = (None, None, false);
        for (name, value) in variables.into_iter().filter(|(_, value)| !value.is_empty()) {
            let absolute = || Some(directory.join(value));
            let folders = || std::env::split_paths(value).map(|folder| directory.join(folder)).collect();
            match name.to_str() {
                Some("VIRTUAL_ENV") => search.virtual_env = absolute(),
                Some("CONDA_PREFIX") => search.conda_prefix = absolute(),
                Some("PATH") => search.path = folders(),
                Some("PYTHONPATH") => search.python_path = folders(),
                Some("PYTHONUSERBASE") => user_base = absolute(),
                Some("PYTHONNOUSERSITE") => no_user_site = true,
                Some("HOME") => home = absolute(),
                _ => {}
            }
        }
        search.user_base = user_base.or_else(|| Some(home?.join(".local"))).filter(|_| !no_user_site);
        search
    }

    /// Finds the interpreter. `named`: what the user says; a name without a slash is looked up on the `PATH`.
    pub fn find(&self, named: Option<&Path>) -> Result<Found, InterpreterError> {
        if let Some(named) = named {
            let found = if named.components().count() == 1 { self.on_path(named) } else { executable(named) };
            let python = found.ok_or_else(|| InterpreterError::NotExecutable { path: named.to_owned() })?;
            return Ok(Found { python, note: None });
        }
        choice::choose(&self.environments()).ok_or(InterpreterError::NotFound)
    }

    /// The folders that hold the packages of the interpreter that would be found, as far as files show.
    pub fn packages(&self, named: Option<&Path>) -> Vec<PathBuf> {
        let Ok(found) = self.find(named) else { return self.python_path.clone() };
        let root = packages::root_of(&found.python).unwrap_or_default();
        packages::folders(&found.python, &root, self)
    }

    fn on_path(&self, name: &Path) -> Option<PathBuf> {
        self.path.iter().find_map(|folder| executable(&folder.join(name)))
    }
}

/// Finds the interpreter of these settings, and names it there: from then on every process of theirs has the same. Gives
/// what is to be logged about it. The error is for the log.
pub(crate) fn settle(settings: &mut Settings, search: &PythonSearch) -> Result<Option<Note>, String> {
    let found = search.find(settings.python.as_deref());
    let Found { python, note } = found.map_err(|error| format!("{error}\nhint: {}", error.hint()))?;
    settings.python = Some(python);
    Ok(note)
}

/// The absolute path, links kept, if it can be executed.
fn executable(path: &Path) -> Option<PathBuf> {
    let data = fs::metadata(path).ok()?;
    let is_program = data.is_file() && data.permissions().mode() & 0o111 != 0;
    is_program.then(|| std::path::absolute(path).ok().map(plain)).flatten()
}
