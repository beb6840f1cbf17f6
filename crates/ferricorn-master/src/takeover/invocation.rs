//! How this program was started, so that its successor can be started in the same way.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use ferricorn_sys::{Bond, SpawnPlan};
use ferricorn_wire::upgrade::{Succession, VARIABLE};

use crate::{
    Command, PythonSearch,
    launch::{
        command::LAUNCHER,
        working_directory::{plain, same_file, seen_from, working_directory},
    },
};

/// A command line with all that belongs to it, as it was before the program changed anything.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Where the program is looked for: links are kept, so that a link that is set to a new version leads there.
    program: PathBuf,
    arguments: Vec<OsString>,
    directory: Option<PathBuf>,
    environment: Vec<(OsString, OsString)>,
}

impl Invocation {
    /// Of this process, with these arguments, of which the first is the program's name. Call it before the working
    /// directory is changed.
    pub fn of_this_process(arguments: Vec<OsString>) -> Self {
        let directory = working_directory().ok();
        // What concerns this process alone, or is set again.
        let private = [VARIABLE, "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];
        Self {
            program: program(arguments.first(), directory.as_deref()),
            arguments,
            directory,
            environment: env::vars_os().filter(|(name, _)| !private.iter().any(|it| name == it)).collect(),
        }
    }

    /// Where the program is looked for.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Finds the interpreter that a program started in this way would use.
    pub fn python_search(&self) -> PythonSearch {
        let variables = self.environment.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
        PythonSearch::new(&self.program, self.directory.as_deref().unwrap_or(Path::new("/")), variables)
    }

    /// What Python processes show of it.
    pub fn command(&self) -> Command {
        let launcher = self.environment.iter().find(|(name, _)| name == LAUNCHER);
        let arguments = self.arguments.iter().skip(1).cloned().collect();
        Command::new(&self.program, arguments, launcher.map(|(_, value)| value.as_os_str()))
    }

    /// The same again, from what is at the program's path by now, as a successor.
    pub(crate) fn plan(&self, succession: Succession, inherit: Vec<i32>) -> SpawnPlan {
        let mut environment = self.environment.clone();
        environment.push((VARIABLE.into(), succession.to_text().into()));
        SpawnPlan {
            program: self.program.clone(),
            name: self.arguments.first().cloned(),
            arguments: self.arguments.iter().skip(1).cloned().collect(),
            environment,
            directory: self.directory.clone(),
            rights: None,
            inherit,
            bond: Bond::LivesOn,
        }
    }
}

/// The program as it was called. The kernel's answer, which has no links, counts only if the name leads elsewhere.
fn program(name: Option<&OsString>, directory: Option<&Path>) -> PathBuf {
    let own = env::current_exe().unwrap_or_default();
    let called = |name: &OsString| named(name, directory).into_iter().find(|path| same_file(path, &own));
    let below = || seen_from(directory?, &own);
    name.and_then(called).or_else(below).unwrap_or(own)
}

/// The files that a shell could have started under this name, absolute, in its order.
fn named(name: &OsStr, directory: Option<&Path>) -> Vec<PathBuf> {
    let path = Path::new(name);
    let here = directory.unwrap_or(Path::new("/"));
    if path.components().count() > 1 || path.is_absolute() {
        // `./` in the middle of a path is noise for a reader.
        return vec![plain(here.join(path).components().collect())];
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&folders).map(|folder| plain(here.join(folder).join(path))).collect()
}
