//! Builds the extension module of `ferricorn-http` and puts it where the master's build script finds it.
//!
//! Cargo cannot make one package depend on another one's shared library, so that whatever is to have the native protocol
//! inside has to be built after this: `cargo dev` does so, and a plain `cargo build` takes what is there, or nothing.

use std::{fs, path::PathBuf};

use crate::{failure::Failure, steps::loudly_checked, workspace::Workspace};

/// Below cargo's target folder: the folder that the build script looks into, and the file there.
const PLACE: &str = "embed/ferricorn_http.so";

/// Builds it and puts it in place; returns its path.
pub(crate) fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut cargo =
        workspace.cargo(["rustc", "--package", "ferricorn-http", "--lib", "--features", "python"]);
    cargo.args(["--profile", "extension", "--crate-type", "cdylib"]);
    // It uses nothing but the stable ABI: neither an interpreter nor its headers are needed.
    loudly_checked("extension", cargo.env("PYO3_NO_PYTHON", "1"))?;

    let built = workspace.target.join("extension/libferricorn_http.so");
    let place = workspace.target.join(PLACE);
    let cannot = |error| Failure::new(format!("cannot put `{}` in place: {error}", built.display()));
    let bytes = fs::read(&built).map_err(cannot)?;
    // The same file is left alone, because cargo would rebuild the master.
    if fs::read(&place).ok().as_ref() != Some(&bytes) {
        fs::create_dir_all(place.parent().unwrap_or(&workspace.target)).map_err(cannot)?;
        fs::write(&place, bytes).map_err(cannot)?;
    }
    Ok(place)
}
