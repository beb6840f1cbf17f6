//! What `shim.rs` embeds, deflated: every `.py` file below `python/ferricorn_worker`, and the extension module of
//! `ferricorn-http` if `cargo dev` has built it. A master inflates both once, in some milliseconds.
//!
//! `include_dir` would embed whatever else lies in the folder, such as `__pycache__` of a test run, and a file that is
//! added would not make cargo build again.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use miniz_oxide::deflate::compress_to_vec;

/// The slowest and smallest.
const LEVEL: u8 = 10;

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("python");
    let mut modules = Vec::new();
    collect(&root.join("ferricorn_worker"), &mut modules)?;
    modules.sort();
    // Name and source of one module after the other, with a NUL behind each: neither has one in it.
    let mut content = Vec::new();
    for file in &modules {
        let name = file.strip_prefix(&root).expect("it lies below").with_extension("");
        println!("cargo::rerun-if-changed={}", file.display());
        for part in [name.to_string_lossy().as_bytes(), &fs::read(file)?] {
            content.extend_from_slice(part);
            content.push(0);
        }
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("shim_modules.deflate"), compress_to_vec(&content, LEVEL))?;
    fs::write(out.join("extension.rs"), extension(&out)?)
}

/// The extension module as an expression. It lies in the target folder, in which `OUT_DIR` is `PROFILE/build/NAME/out`.
fn extension(out: &Path) -> io::Result<String> {
    let folder = out.ancestors().nth(4).expect("cargo puts it there").join("embed");
    // Cargo would run this again at each build if the folder was not there.
    fs::create_dir_all(&folder)?;
    println!("cargo::rerun-if-changed={}", folder.display());
    let file = folder.join("ferricorn_http.so");
    if !file.is_file() {
        return Ok("None".to_owned());
    }
    let deflated = out.join("extension.deflate");
    fs::write(&deflated, compress_to_vec(&fs::read(&file)?, LEVEL))?;
    let path = deflated.to_string_lossy();
    Ok(format!("Some(include_bytes!({path:?}))"))
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
