//! Whether uvicorn is installed for an interpreter, by the files: no interpreter is executed.
//!
//! Owns: where the layouts that are in use keep packages: virtual environments, conda, pyenv and other builds
//! (`lib/python3.N/site-packages`), Debian (`lib/python3/dist-packages`, `local/lib/python3.N/dist-packages`), `pip
//! install --user`, `PYTHONPATH`, and folders that a `.pth` file names. Does not own: whether it can be imported.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::PythonSearch;

/// Whether the interpreter, of the environment with this root, would find uvicorn.
pub(super) fn has_uvicorn(python: &Path, root: &Path, search: &PythonSearch) -> bool {
    folders(python, root, search).iter().any(|folder| holds(folder, "uvicorn"))
}

/// The folders in which an interpreter of the environment with this root has its packages, whether they are there or not.
pub(super) fn folders(python: &Path, root: &Path, search: &PythonSearch) -> Vec<PathBuf> {
    let version = version(python);
    let mut roots = vec![root.to_owned()];
    let settings = fs::read_to_string(root.join("pyvenv.cfg")).ok();
    match &settings {
        Some(settings) if has_system_packages(settings) => roots.extend(base(settings)),
        Some(_) => {}
        // Without that file Python follows the links of its own path to find out where it is.
        None => roots.extend(fs::canonicalize(python).ok().and_then(|real| root_of(&real))),
    }
    let sees_users = settings.as_deref().is_none_or(has_system_packages);
    let users = search.user_base.as_ref().filter(|_| sees_users);
    let mut folders: Vec<PathBuf> = search.python_path.clone();
    folders.extend(users.into_iter().flat_map(|base| versioned(&base.join("lib"), version.as_deref())));
    for root in roots {
        folders.push(root.join("lib/python3/dist-packages"));
        for lib in ["lib", "lib64", "local/lib"] {
            folders.extend(versioned(&root.join(lib), version.as_deref()));
        }
    }
    folders
}

/// Whether `pip install --user` has installed this package for the interpreter.
pub(super) fn users_have(package: &str, python: &Path, user_base: &Path) -> bool {
    let version = version(python);
    versioned(&user_base.join("lib"), version.as_deref()).iter().any(|folder| holds(folder, package))
}

/// The folder above the one of the programs.
pub(super) fn root_of(program: &Path) -> Option<PathBuf> {
    program.parent()?.parent().map(Path::to_owned)
}

/// `python3.N` (`python3.Nt` without the lock), if the interpreter's file, or what it links to, is called so.
fn version(python: &Path) -> Option<String> {
    let real = fs::canonicalize(python).ok()?;
    [python, &real].into_iter().find_map(|path| {
        let name = path.file_name()?.to_str()?;
        name.strip_prefix("python3.")?.starts_with(|it: char| it.is_ascii_digit()).then(|| name.to_owned())
    })
}

/// The package folders of one version below a `lib`, or of each that is there if the version is not known.
fn versioned(lib: &Path, version: Option<&str>) -> Vec<PathBuf> {
    let versions: Vec<PathBuf> = match version {
        Some(version) => vec![lib.join(version)],
        None => names(lib, |name| name.starts_with("python3.")),
    };
    let packages = |folder: PathBuf| ["site-packages", "dist-packages"].map(|name| folder.join(name));
    versions.into_iter().flat_map(packages).collect()
}

fn holds(folder: &Path, package: &str) -> bool {
    has_package(folder, package)
        || names(folder, is_path_file).iter().any(|file| {
            let text = fs::read_to_string(file).unwrap_or_default();
            // A line that begins with `import` is code.
            let named = text
                .lines()
                .map(str::trim_end)
                .filter(|line| !line.is_empty() && !line.starts_with("import"));
            named.into_iter().any(|line| has_package(&folder.join(line), package))
        })
}

fn has_package(folder: &Path, package: &str) -> bool {
    let finder = format!("__editable__.{package}-");
    folder.join(package).join("__init__.py").is_file()
        || !names(folder, |name| name.starts_with(&finder) && is_path_file(name)).is_empty()
}

/// Whether Python adds the folders that the file names.
fn is_path_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == "pth")
}

/// The entries of a folder whose names are wanted; nothing if it cannot be read.
fn names(folder: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().to_str().is_some_and(&wanted))
        .map(|entry| entry.path())
        .collect()
}

/// The value of a line `NAME = VALUE` in `pyvenv.cfg`.
fn value<'a>(settings: &'a str, name: &str) -> Option<&'a str> {
    let pairs = settings.lines().filter_map(|line| line.split_once('='));
    pairs.into_iter().find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn has_system_packages(settings: &str) -> bool {
    value(settings, "include-system-site-packages").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The root of the interpreter that a virtual environment was made from.
fn base(settings: &str) -> Option<PathBuf> {
    Path::new(value(settings, "home")?).parent().map(Path::to_owned)
}
