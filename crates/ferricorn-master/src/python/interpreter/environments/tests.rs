//! Layouts as each tool makes them, without anything in them that works.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use super::*;

/// A file system of its own, in a folder.
struct Disk {
    folder: tempfile::TempDir,
    variables: Vec<(OsString, OsString)>,
}

impl Disk {
    fn new() -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let disk = Self { folder, variables: Vec::new() };
        let home = disk.path("home");
        Ok(disk.with("PATH", "usr/bin").variable("HOME", home.as_os_str()))
    }

    fn path(&self, path: &str) -> PathBuf {
        let root = self.folder.path().canonicalize().unwrap_or_default();
        if path.is_empty() { root } else { root.join(path) }
    }

    fn variable(mut self, name: &str, value: &OsStr) -> Self {
        self.variables.push((name.into(), value.to_owned()));
        self
    }

    /// A variable that names a path on this disk.
    fn with(self, name: &str, path: &str) -> Self {
        let path = self.path(path);
        self.variable(name, path.as_os_str())
    }

    fn file(self, path: &str, text: &str) -> io::Result<Self> {
        let file = self.path(path);
        fs::create_dir_all(file.parent().unwrap_or(Path::new("/")))?;
        fs::write(&file, text)?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
        Ok(self)
    }

    fn package(self, folder: &str, name: &str) -> io::Result<Self> {
        self.file(&format!("{folder}/{name}/__init__.py"), "")
    }

    fn link(self, path: &str, target: &str) -> io::Result<Self> {
        let link = self.path(path);
        fs::create_dir_all(link.parent().unwrap_or(Path::new("/")))?;
        symlink(target, link)?;
        Ok(self)
    }

    /// The Python of a program with this path, on this disk; and whether a line is logged.
    fn found(&self, program: &str) -> (String, bool) {
        let variables = self.variables.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
        let search = PythonSearch::new(&self.path(program), &self.path(""), variables);
        let Ok(found) = search.find(None) else { return (String::new(), false) };
        let python = found.python.strip_prefix(self.path("")).unwrap_or(&found.python);
        (python.display().to_string(), found.note.is_some())
    }
}

fn silently(python: &str) -> (String, bool) {
    (python.to_owned(), false)
}

#[test]
fn debians_packages_are_the_systems_own() -> io::Result<()> {
    for packages in [
        "usr/lib/python3/dist-packages",
        "usr/local/lib/python3.11/dist-packages",
        "home/.local/lib/python3.11/site-packages",
    ] {
        let disk = Disk::new()?
            .with("PATH", "opt/bin")
            .file("opt/bin/python3", "")?
            .file("usr/bin/python3.11", "")?
            .link("usr/bin/python3", "python3.11")?
            .file("usr/bin/ferricorn", "")?
            .package(packages, "uvicorn")?;
        assert_eq!(disk.found("usr/bin/ferricorn"), silently("usr/bin/python3"), "{packages}");
        // The merged `/bin` is a link, and Python lives where it leads.
        let disk = disk.link("bin", "usr/bin")?;
        assert_eq!(disk.found("bin/ferricorn"), silently("usr/bin/python3"), "{packages}");
        // Another version's packages are not this one's.
        let other = packages.replace("3.11", "3.9");
        let disk = Disk::new()?
            .with("PATH", "opt/bin")
            .file("opt/bin/python3", "")?
            .file("usr/bin/python3.11", "")?
            .link("usr/bin/python3", "python3.11")?
            .package(&other, "uvicorn")?;
        let expected = if other == packages { "usr/bin/python3" } else { "opt/bin/python3" };
        assert_eq!(disk.found("usr/bin/ferricorn"), silently(expected), "{other}");
    }
    Ok(())
}

#[test]
fn a_program_that_was_copied_beside_a_python_is_not_installed_there() -> io::Result<()> {
    let disk = Disk::new()?
        .file("usr/local/bin/python3", "")?
        .file("usr/bin/python3", "")?
        .file("venv/pyvenv.cfg", "")?
        .file("venv/bin/python3", "")?
        .with("VIRTUAL_ENV", "venv");
    assert_eq!(disk.found("usr/local/bin/ferricorn"), silently("venv/bin/python3"));
    Ok(())
}

#[test]
fn what_is_installed_for_a_user_belongs_to_the_python_of_its_version() -> io::Result<()> {
    let packages = "home/.local/lib/python3.9/site-packages";
    let disk = Disk::new()?
        .with("PATH", "usr/bin")
        .file("usr/bin/python3.11", "")?
        .link("usr/bin/python3", "python3.11")?
        .file("usr/bin/python3.9", "")?
        .file("home/.local/bin/ferricorn", "")?
        .package(packages, "ferricorn")?
        .package(packages, "uvicorn")?;
    assert_eq!(disk.found("home/.local/bin/ferricorn"), silently("usr/bin/python3.9"));
    let disk = disk.file("venv/pyvenv.cfg", "")?.file("venv/bin/python3", "")?.with("VIRTUAL_ENV", "venv");
    assert_eq!(disk.found("home/.local/bin/ferricorn"), ("usr/bin/python3.9".to_owned(), true));
    // Without it in that place the program was copied there.
    fs::remove_dir_all(disk.path(packages).join("ferricorn"))?;
    assert_eq!(disk.found("home/.local/bin/ferricorn"), silently("venv/bin/python3"));
    Ok(())
}

#[test]
fn a_script_without_packages_beside_it_is_no_environment() -> io::Result<()> {
    let disk = Disk::new()?
        .with("PATH", "usr/bin")
        .file("usr/bin/python3", "")?
        .file("home/.pyenv/shims/python3", "#!/usr/bin/env bash")?
        .link("home/.pyenv/shims/ferricorn", "../versions/3.12.1/bin/ferricorn")?
        .file("home/.pyenv/versions/3.12.1/bin/ferricorn", "")?;
    assert_eq!(disk.found("home/.pyenv/shims/ferricorn"), silently("usr/bin/python3"));
    let disk = disk
        .file("home/.pyenv/versions/3.12.1/bin/python3", "")?
        .package("home/.pyenv/versions/3.12.1/lib/python3.12/site-packages", "uvicorn")?;
    let version = "home/.pyenv/versions/3.12.1/bin/python3";
    assert_eq!(disk.found("home/.pyenv/shims/ferricorn"), silently(version));
    Ok(())
}

#[test]
fn a_conda_environment_is_one_also_without_uvicorn() -> io::Result<()> {
    let disk = Disk::new()?
        .file("usr/bin/python3", "")?
        .file("conda/envs/shop/bin/python3", "")?
        .file("conda/envs/shop/conda-meta/history", "")?;
    let shop = "conda/envs/shop/bin/python3";
    assert_eq!(disk.found("conda/envs/shop/bin/ferricorn"), silently(shop));
    let disk = disk.with("CONDA_PREFIX", "conda/envs/shop");
    assert_eq!(disk.found("conda/envs/shop/bin/ferricorn"), silently(shop));
    let disk = disk.file("conda/bin/python3", "")?.with("CONDA_PREFIX", "conda");
    assert_eq!(disk.found("conda/envs/shop/bin/ferricorn"), ("conda/bin/python3".to_owned(), true));
    Ok(())
}

#[test]
fn uvicorn_may_come_from_the_system_from_a_path_file_or_from_an_editable_project() -> io::Result<()> {
    let venv = |settings: &str| {
        Disk::new()?
            .with("PATH", "usr/bin")
            .file("usr/bin/python3.11", "")?
            .link("usr/bin/python3", "python3.11")?
            .file("own/pyvenv.cfg", settings)?
            .link("own/bin/python3", "../../usr/bin/python3")?
            .file("active/bin/python3", "")?
            .with("VIRTUAL_ENV", "active")
            .package("usr/lib/python3/dist-packages", "uvicorn")
    };
    let own = || ("own/bin/python3".to_owned(), true);
    let disk = venv("")?;
    assert_eq!(disk.found("own/bin/ferricorn"), ("active/bin/python3".to_owned(), true));
    let home = format!("home = {}\ninclude-system-site-packages = TRUE\n", disk.path("usr/bin").display());
    assert_eq!(disk.file("own/pyvenv.cfg", &home)?.found("own/bin/ferricorn"), own());
    let packages = "own/lib/python3.11/site-packages";
    for (file, line) in
        [("workspace.pth", "import os\n../../../../src\n"), ("__editable__.uvicorn-1.pth", "x")]
    {
        let disk = venv("")?.package("src", "uvicorn")?.file(&format!("{packages}/{file}"), line)?;
        assert_eq!(disk.found("own/bin/ferricorn"), own(), "{file}");
    }
    let disk = venv("")?.package("extra", "uvicorn")?.with("PYTHONPATH", "extra");
    assert_eq!(disk.found("own/bin/ferricorn"), own());
    Ok(())
}

#[test]
fn a_folder_of_programs_that_is_a_link_is_looked_at_where_it_leads() -> io::Result<()> {
    let disk = Disk::new()?
        .file("usr/bin/python3.11", "")?
        .file("srv/venv/pyvenv.cfg", "")?
        .link("srv/venv/bin/python3", "../../../usr/bin/python3.11")?
        .package("srv/venv/lib/python3.11/site-packages", "uvicorn")?
        .link("home/bin", "../srv/venv/bin")?;
    assert_eq!(disk.found("home/bin/ferricorn"), silently("srv/venv/bin/python3"));
    Ok(())
}
