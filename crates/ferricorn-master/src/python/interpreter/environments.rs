//! The available environments: the one that the program is installed in, the active ones, and the
//! first Python on the `PATH`.
//!
//! Owns: following the program's links, one at a time: `~/.local/bin/ferricorn` is a link into an environment where pipx
//! or uv has installed it, and each folder on the way may be that environment.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use super::{
    PythonSearch,
    choice::{Environment, Reason},
    executable,
    packages::{has_uvicorn, root_of, users_have},
};
use crate::launch::working_directory::{plain, same_file};

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;

impl PythonSearch {
    /// Every environment, at most one for each reason.
    pub(super) fn environments(&self) -> Vec<Environment> {
        let active = [(Reason::VirtualEnv, &self.virtual_env), (Reason::Conda, &self.conda_prefix)];
        let active = active.into_iter().filter_map(|(reason, root)| {
            let root = root.as_ref()?;
            Some(self.environment(reason, root.clone(), python_in(&root.join("bin"))))
        });
        self.installed().into_iter().chain(active).chain(self.first_on_path()).collect()
    }

    fn environment(&self, reason: Reason, root: PathBuf, python: Option<PathBuf>) -> Environment {
        let identity = fs::metadata(&root).ok().map(|it| (it.dev(), it.ino()));
        let has_uvicorn = python.as_ref().is_some_and(|python| has_uvicorn(python, &root, self));
        Environment { reason, root, identity, python, has_uvicorn }
    }

    fn first_on_path(&self) -> Option<Environment> {
        let python = ["python3", "python"].iter().find_map(|name| self.on_path(Path::new(name)))?;
        let root = root_of(&python)?;
        Some(self.environment(Reason::OnPath, root, Some(python)))
    }

    /// The environment that the program is installed in: the first one on its way that has uvicorn, else the first.
    fn installed(&self) -> Option<Environment> {
        let mut found = self.places().into_iter().filter_map(|folder| self.installed_in(&folder));
        let first = found.next()?;
        if first.has_uvicorn {
            return Some(first);
        }
        Some(found.find(|it| it.has_uvicorn).unwrap_or(first))
    }

    /// The environment whose programs are in this folder. A Python alone makes none: a program that was copied to
    /// `/usr/local/bin` is not installed in the system's environment.
    fn installed_in(&self, folder: &Path) -> Option<Environment> {
        if let Some(python) = python_in(folder) {
            let root = folder.parent()?.to_owned();
            let is_made = root.join("pyvenv.cfg").is_file() || root.join("conda-meta").is_dir();
            let environment = self.environment(Reason::Installed, root, Some(python));
            if environment.has_uvicorn || is_made {
                return Some(environment);
            }
        }
        self.installed_for_user(folder)
    }

    /// `pip install --user` puts packages below `lib/python3.N` and no Python beside the program: the one that installed it
    /// has that version.
    fn installed_for_user(&self, folder: &Path) -> Option<Environment> {
        let base = self.user_base.as_ref().filter(|base| same_file(&base.join("bin"), folder))?;
        let installed = |python: &PathBuf| users_have("ferricorn", python, base);
        let python = self.system_pythons().into_iter().find(installed)?;
        Some(self.environment(Reason::Installed, base.clone(), Some(python)))
    }

    /// Every Python on the `PATH` that is none of a virtual environment, which would not see what users have installed.
    fn system_pythons(&self) -> Vec<PathBuf> {
        let mut folders: Vec<&PathBuf> = self.path.iter().collect();
        folders.retain(|folder| !folder.parent().is_some_and(|root| root.join("pyvenv.cfg").is_file()));
        let mut found: Vec<PathBuf> = Vec::new();
        for folder in folders {
            found.extend(executable(&folder.join("python3")));
            let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            let is_version = |path: &PathBuf| {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let minor = name.strip_prefix("python3.").unwrap_or_default();
                !minor.is_empty() && minor.trim_end_matches('t').bytes().all(|it| it.is_ascii_digit())
            };
            let mut versions: Vec<PathBuf> = entries.filter(is_version).collect();
            versions.sort();
            found.extend(versions.iter().rev().filter_map(|path| executable(path)));
        }
        found
    }

    /// The folders that the program lies in, link by link. Links above a folder are kept, since one may be set to another
    /// release later; the folder itself is no link, since Python looks for its environment above the folder that it was
    /// started from.
    fn places(&self) -> Vec<PathBuf> {
        let mut places = Vec::new();
        let mut program = Some(self.program.clone());
        while let Some(path) = program.take_if(|_| places.len() < MOST_LINKS) {
            places.extend(path.parent().map(|folder| linked(folder).unwrap_or_else(|| folder.to_owned())));
            program = linked(&path);
        }
        places
    }
}

/// Where a link leads, by one step.
fn linked(link: &Path) -> Option<PathBuf> {
    Some(plain(link.parent()?.join(fs::read_link(link).ok()?)))
}

/// The Python that lies in a folder of programs.
fn python_in(folder: &Path) -> Option<PathBuf> {
    executable(&folder.join("python3")).or_else(|| executable(&folder.join("python")))
}

#[cfg(test)]
mod tests;
