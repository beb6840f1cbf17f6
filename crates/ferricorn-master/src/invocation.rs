//! How this program was started, so that its successor can be started in the same way.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use ferricorn_sys::{Bond, SpawnPlan};
use ferricorn_wire::upgrade::{Succession, VARIABLE};

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
        let own = env::current_exe().unwrap_or_default();
        let named = arguments.first().and_then(|name| find(name)).filter(|path| same_file(path, &own));
        // What concerns this process alone, or is said anew.
        let private = [VARIABLE, "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];
        Self {
            program: named.unwrap_or(own),
            arguments,
            directory: env::current_dir().ok(),
            environment: env::vars_os().filter(|(name, _)| !private.iter().any(|it| name == it)).collect(),
        }
    }

    /// Where the program is looked for.
    pub(crate) fn program(&self) -> &Path {
        &self.program
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

/// The file that a shell would have started under this name.
fn find(name: &OsStr) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 || path.is_absolute() {
        return std::path::absolute(path).ok();
    }
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(path)).find(|path| path.is_file())
}

fn same_file(one: &Path, other: &Path) -> bool {
    let identity = |path: &Path| fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
    identity(one).is_some_and(|found| Some(found) == identity(other))
}
