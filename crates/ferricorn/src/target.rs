//! Whether the named application can be one, before anything is started for it.
//!
//! Owns: looking whether a module is there, by files, and the errors about words that are no application. Does not own: the
//! advice ([`words`]), nor an import that fails, which only Python can judge (the shim).
//!
//! Invariant: nothing is executed, and a name that may be a module's is let through: a module that is called `run` runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use ferricorn_config::{ConfigError, Settings};
use ferricorn_master::PythonSearch;

use crate::words;

/// Checks the application of these settings. `is_typed`: it stands on the command line, where commands are expected.
pub fn check(settings: &Settings, is_typed: bool, search: &PythonSearch) -> Result<(), ConfigError> {
    let text = &settings.app;
    if let Some(advice) = words::command(text).filter(|_| is_typed && !is_module(text, settings, search)) {
        return Err(ConfigError::UnknownCommand { word: text.clone(), hint: advice });
    }
    let wrong = |reason: &str, hint: String| {
        Err(ConfigError::NoSuchForm { text: text.clone(), reason: reason.to_owned(), hint })
    };
    let (module, colon, attribute) = match text.split_once(':') {
        Some((module, attribute)) => (module, true, attribute),
        None => (text.as_str(), false, ""),
    };
    if (module.contains('/') || is_file_name(module)) && !is_module(module, settings, search) {
        let found = words::module_of(text).map(|it| with_attribute(it, text, settings));
        let hint = found.map_or_else(
            || "name a module that Python can import, as in `ferricorn main:app`".to_owned(),
            |module| format!("write `ferricorn {module}`"),
        );
        return wrong("it is a path, and the name of a module is wanted", hint);
    }
    if !colon {
        return Ok(());
    }
    if module.is_empty() {
        return wrong("no module before the colon", format!("write `ferricorn main:{}`", or_app(attribute)));
    }
    if attribute.trim_matches(':').is_empty() {
        return wrong("no attribute after the colon", format!("write `ferricorn {module}:app`"));
    }
    if attribute.starts_with(':') || attribute.ends_with(':') {
        let attribute = attribute.trim_matches(':');
        return wrong("a colon too many", format!("write `ferricorn {module}:{attribute}`"));
    }
    match attribute.rsplit_once(':') {
        Some((attribute, port)) if port.parse::<u16>().is_ok() && !attribute.contains('(') => wrong(
            "a colon too many",
            format!("write `ferricorn {module}:{attribute} --port {port}`, if that is the port"),
        ),
        _ => Ok(()),
    }
}

fn or_app(attribute: &str) -> &str {
    if attribute.is_empty() { "app" } else { attribute }
}

/// Whether the text of a module looks as if it had a name of its own. Nothing is executed for it.
pub(crate) fn defines(file: &Path, name: &str) -> bool {
    let source = fs::read_to_string(file).unwrap_or_default();
    source.lines().any(|line| {
        let rest = line.strip_prefix("async def ").or(line.strip_prefix("def ")).unwrap_or(line);
        rest.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(['=', ':', '(']))
    })
}

fn is_file_name(module: &str) -> bool {
    Path::new(module).extension().is_some_and(|it| it == "py")
}

/// The attribute that the file has, where the path names none.
fn with_attribute(module: String, path: &str, settings: &Settings) -> String {
    let file = settings.chdir.join(path);
    if module.contains(":app") && !defines(&file, "app") && defines(&file, "application") {
        module.replacen(":app", ":application", 1)
    } else {
        module
    }
}

/// Whether Python would find a module of this name. A folder without `__init__.py` is none that could be an application.
fn is_module(name: &str, settings: &Settings, search: &PythonSearch) -> bool {
    let named = settings.python_path.iter().chain([&settings.app_dir]).cloned();
    let folders: Vec<PathBuf> = named.chain(search.packages(settings.python.as_deref())).collect();
    let path: PathBuf = name.split('.').collect();
    name.split('.').all(words::is_name) && folders.iter().any(|folder| holds(folder, &path))
}

fn holds(folder: &Path, module: &Path) -> bool {
    let path = folder.join(module);
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return false };
    let compiled = || {
        let entries =
            path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
        let is_it = |found: &str| {
            let rest = found.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')).unwrap_or_default();
            let tag = rest.strip_suffix(".so").unwrap_or_default();
            matches!(rest, "pyc" | "so") || tag.starts_with("cpython-") || tag.starts_with("abi3")
        };
        entries.into_iter().any(|entry| entry.file_name().to_str().is_some_and(is_it))
    };
    path.join("__init__.py").is_file() || path.with_file_name(format!("{name}.py")).is_file() || compiled()
}
