//! The directories and paths that follow from options: where to work, and where Python looks for modules.

use std::path::{Component, Path, PathBuf};

use crate::{
    given::{Choices, ConfigError, Facts, value_error},
    options::Draft,
    values::Problem,
};

/// The working directory and the one that goes first on `sys.path`, both absolute.
pub(crate) fn directories(
    draft: &Draft,
    choices: &Choices,
    facts: &Facts<'_>,
) -> Result<(PathBuf, PathBuf), ConfigError> {
    let chdir = match &draft.chdir {
        Some(directory) => upwards(facts.current_directory.join(directory), facts),
        None => facts.current_directory.clone(),
    };
    if let Some(choice) = choices.get("chdir").and_then(|choices| choices.last())
        && !(facts.is_directory)(&chdir)
    {
        let problem = Problem::meaning("no such directory", "give a directory that exists");
        return Err(value_error(choice, problem));
    }
    // Joining an empty path would add a slash.
    let app_dir = match draft.app_dir.as_deref() {
        None | Some("") => chdir.clone(),
        Some(directory) => chdir.join(directory),
    };
    Ok((chdir, app_dir))
}

/// `..` goes up by the letters of the path, as in gunicorn and a shell: from inside a link to where that lies. If there is no
/// such directory, to where it leads.
fn upwards(path: PathBuf, facts: &Facts<'_>) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            part => plain.push(part),
        }
    }
    if (facts.is_directory)(&plain) { plain } else { path }
}

/// A name without a slash is looked for on the path when it is needed; a relative path is one from where we started.
pub(crate) fn interpreter(path: &str, facts: &Facts<'_>) -> PathBuf {
    if path.contains('/') { facts.current_directory.join(path) } else { PathBuf::from(path) }
}

/// The directories for `sys.path`, in the order that gunicorn's insertion at its head gives them.
pub(crate) fn python_paths(given: Option<&str>, chdir: &Path) -> Vec<PathBuf> {
    let parts = given.unwrap_or_default().split(',').filter(|part| !part.is_empty());
    let mut paths: Vec<PathBuf> = parts.map(|part| chdir.join(part)).collect();
    paths.reverse();
    paths
}
