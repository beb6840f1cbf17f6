//! Lists the modules of the worker shim for `shim.rs`: every `.py` file below `python/ferricorn_worker`.
//!
//! `include_dir` would embed whatever else lies in the folder, such as `__pycache__` of a test run, and a file that is
//! added would not make cargo build again.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("python");
    let mut modules = Vec::new();
    collect(&root.join("ferricorn_worker"), &mut modules)?;
    modules.sort();
    let mut list = String::from("&[\n");
    for file in &modules {
        let name = file.strip_prefix(&root).expect("it lies below").with_extension("");
        writeln!(list, "({:?}, include_str!({:?})),", name.to_string_lossy(), file.to_string_lossy())
            .expect("a string takes everything");
    }
    list.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("shim_modules.rs"), list)
}

/// Adds the modules of a folder and of the folders in it.
fn collect(folder: &Path, modules: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "__pycache__") {
                collect(&path, modules)?;
            }
        } else if path.extension().is_some_and(|suffix| suffix == "py") {
            modules.push(path);
        }
    }
    Ok(())
}
