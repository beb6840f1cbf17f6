//! Installations as their tools make them: a virtual environment, a prefix without one (conda, pyenv, the system), and the
//! program in either.
//!
//! Owns: the files, with the packages of [`crate::python`] in them, so that what is installed works. Does not own:
//! which of them the program takes.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{deploy::write_program, python};

/// Makes a virtual environment with all packages of the tests' own.
pub fn virtual_environment(root: &Path) {
    let packages = empty_virtual_environment(root);
    fs::remove_dir(&packages).expect("it is empty");
    symlink(tests_packages(), packages).expect("its folder was made");
}

/// Makes a virtual environment without packages, and gives the folder for them.
pub fn empty_virtual_environment(root: &Path) -> PathBuf {
    let base = base_python();
    let packages = packages_of(root);
    fs::create_dir_all(&packages).expect("the test's folder can be written");
    fs::create_dir_all(root.join("bin")).expect("the test's folder can be written");
    let home = base.parent().expect("a Python lies in a folder").display();
    let settings = format!("home = {home}\ninclude-system-site-packages = false\n");
    fs::write(root.join("pyvenv.cfg"), settings).expect("its folder was made");
    symlink(&base, root.join("bin/python3")).expect("its folder was made");
    packages
}

/// Makes a prefix that is no virtual environment: a Python that works, and uvicorn where such a Python has it.
pub fn plain_prefix(root: &Path) {
    let uvicorn = packages_of(root).join("uvicorn");
    fs::create_dir_all(&uvicorn).expect("the test's folder can be written");
    fs::write(uvicorn.join("__init__.py"), "").expect("its folder was made");
    fs::create_dir_all(root.join("bin")).expect("the test's folder can be written");
    shim(&root.join("bin/python3"));
}

/// A shell script that runs the tests' Python, as those of pyenv do.
pub fn shim(path: &Path) {
    write_program(path, &format!("#!/bin/sh\nexec '{}' \"$@\"\n", python().display()), "755");
}

/// Puts the program among those of the environment, as a file of its own name. Gives its path.
pub fn install(root: &Path, program: &Path) -> PathBuf {
    let path = root.join("bin/ferricorn");
    fs::create_dir_all(root.join("bin")).expect("the test's folder can be written");
    // By another process, for the reason that `write_program` gives.
    let linked = Command::new("ln").arg(program).arg(&path).stderr(std::process::Stdio::null()).status();
    if !linked.is_ok_and(|status| status.success()) {
        let copied = Command::new("cp").arg(program).arg(&path).status();
        assert!(copied.is_ok_and(|status| status.success()), "{} can be copied", program.display());
    }
    path
}

/// Where the Python of the tests would have its packages in an environment with this root.
pub fn packages_of(root: &Path) -> PathBuf {
    let version = base_python();
    let version = version.file_name().and_then(|name| name.to_str()).expect("a name like `python3.11`");
    assert!(version.starts_with("python3."), "`{version}` does not say its version");
    root.join("lib").join(version).join("site-packages")
}

fn tests_packages() -> PathBuf {
    let root = python().parent().and_then(Path::parent).expect("the environment of the tests").to_owned();
    packages_of(&root)
}

/// The interpreter that the environment of the tests was made from.
fn base_python() -> PathBuf {
    python().canonicalize().expect("the Python of the tests is there")
}
