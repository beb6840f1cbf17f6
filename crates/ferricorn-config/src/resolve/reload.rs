//! What is watched: the application's folder, unless others are named; never a whole machine or home.

use std::path::{Path, PathBuf};

use crate::{
    given::{Choice, Choices, ConfigError, Facts, Input, value_error},
    options::ReloadDraft,
    settings::{PythonFile, PythonTarget, Reload, ReloadEngine},
    values::{Environment, Problem},
};

/// The files to watch; `None` if there is nothing to be watched.
pub(crate) fn reload(
    draft: ReloadDraft,
    input: &Input,
    choices: &Choices,
    app_dir: &Path,
    environment: &Environment,
    facts: &Facts<'_>,
) -> Result<Option<Reload>, ConfigError> {
    let asked = choices.get("reload").and_then(|choices| choices.last());
    let Some(asked) = asked.filter(|_| draft.on == Some(true)) else { return Ok(None) };
    let home = environment.get("HOME").map(Path::new);
    let named = choices.get("reload-dir").map(Vec::as_slice).unwrap_or_default();
    let mut dirs = Vec::new();
    for choice in named {
        let dir = facts.current_directory.join(&choice.text);
        if !(facts.is_directory)(&dir) {
            return Err(value_error(
                choice,
                Problem::meaning("no such directory", "give a directory that exists"),
            ));
        }
        dirs.push(not_everything(&dir, choice, home)?);
    }
    if dirs.is_empty() {
        dirs.push(not_everything(app_dir, asked, home)?);
    }
    // The variables and the configuration are read again at each reload.
    let variables = choices.get("env-file").and_then(|choices| choices.last()).map(|choice| &choice.text);
    let named = draft.extra_files.iter().chain(variables.filter(|text| !text.is_empty()));
    let mut extra_files: Vec<PathBuf> = named.map(|file| facts.current_directory.join(file)).collect();
    if let Some(PythonFile { target: PythonTarget::Path(file), .. }) = &input.python_file {
        extra_files.push(file.clone());
    }
    Ok(Some(Reload {
        dirs,
        includes: draft.includes,
        excludes: draft.excludes,
        extra_files,
        engine: match draft.engine.as_deref() {
            Some("poll") => ReloadEngine::Poll,
            Some("inotify") => ReloadEngine::Inotify,
            _ => ReloadEngine::Auto,
        },
        delay: draft.delay.unwrap_or_default(),
        warm: draft.warm.unwrap_or(true),
    }))
}

/// A folder that is neither the root nor a user's home, which hold more than an application and take long to search.
fn not_everything(dir: &Path, choice: &Choice, home: Option<&Path>) -> Result<PathBuf, ConfigError> {
    let plain: PathBuf = dir.components().collect();
    if plain == Path::new("/") || home.is_some_and(|home| plain == home.components().collect::<PathBuf>()) {
        let reason = format!("`{}` holds more than an application", plain.display());
        return Err(value_error(
            choice,
            Problem::meaning(reason, "name folders to watch with `--reload-dir`"),
        ));
    }
    Ok(plain)
}
