//! What `shim.rs` embeds: every `.py` file below `python/ferricorn_worker`, and the extension module of `ferricorn-http`
//! if `cargo dev` has built it.
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
    fs::write(out.join("shim_modules.rs"), list)?;
    fs::write(out.join("extension.rs"), extension(&out)?)
}

/// The extension module as an expression. It lies in the target folder, in which `OUT_DIR` is `PROFILE/build/NAME/out`.
fn extension(out: &Path) -> io::Result<String> {
    let folder = out.ancestors().nth(4).expect("cargo puts it there").join("embed");
    // Cargo would run this again at each build if the folder was not there.
    fs::create_dir_all(&folder)?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let file = folder.join("ferricorn_http.so");
    let path = file.to_string_lossy();
    Ok(if file.is_file() { format!("Some(include_bytes!({path:?}))") } else { "None".to_owned() })
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
