//! The Python part that every worker runs, embedded in this program.
//!
//! The modules are handed over in one memfd that all workers share: nothing is written to a disk, which may be
//! read-only, and nothing can change between two workers. Booting with `-c` rather than with a path keeps
//! `multiprocessing` working in the application: it re-imports the main module's file in its children (measured:
//! `python /proc/self/fd/N` breaks both spawn and forkserver).

use std::{
    ffi::OsString,
    io,
    os::fd::{AsRawFd, OwnedFd},
    path::{Path, PathBuf},
};

use ferricorn_sys::{Bond, Rights, SpawnPlan, memfd::memfd_with};
use miniz_oxide::inflate::decompress_to_vec;
use serde_json::{Map, Value, json};

use crate::{Command, launch::command::LAUNCHER};

/// The text of `python -c`: runs what stands before the first NUL of the file whose descriptor is its first argument.
/// One line, because it is what `ps` shows of every worker. `pread`, because all workers share the file's offset.
const BOOT: &str = "import os,sys;exec(os.pread(int(sys.argv[1]),1<<20,0).partition(b'\\0')[0])";

/// What that runs.
const BOOT_SOURCE: &str = include_str!("../../python/boot.py");

/// Every module of the shim, deflated: its path without the suffix, NUL, its source, NUL (`build.rs` writes it).
const MODULES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/shim_modules.deflate"));

/// The extension module of `ferricorn-http`, deflated, if this program was built with it (`build.rs` writes the expression).
const EXTENSION: Option<&[u8]> = include!(concat!(env!("OUT_DIR"), "/extension.rs"));

/// Whether this build has the native protocol for HTTP/1.1.
pub fn has_native_http() -> bool {
    EXTENSION.is_some()
}

/// What the processes of a master boot from, and the interpreter's options.
pub(crate) struct Sources {
    file: OwnedFd,
    /// The extension module, in a file of its own: all workers map the same pages.
    extension: Option<OwnedFd>,
    options: Vec<OsString>,
}

/// The memfd that they boot from: `boot.py`, a NUL, and a JSON object with the sources by module path, the command, and the
/// descriptor of the extension module.
pub(crate) fn sources(command: &Command) -> io::Result<Sources> {
    let modules: Map<String, Value> =
        modules()?.into_iter().map(|(name, source)| (name, source.into())).collect();
    let extension = EXTENSION.map(|bytes| memfd_with("ferricorn-http", &inflated(bytes)?)).transpose()?;
    let number = extension.as_ref().map(AsRawFd::as_raw_fd);
    let content = json!({ "modules": modules, "command": command.to_json(), "extension": number });
    let file = memfd_with("ferricorn-shim", format!("{BOOT_SOURCE}\0{content}").as_bytes())?;
    Ok(Sources { file, extension, options: command.options().to_vec() })
}

/// Path and source of every module of the shim.
fn modules() -> io::Result<Vec<(String, String)>> {
    let content = String::from_utf8(inflated(MODULES)?).map_err(io::Error::other)?;
    let parts: Vec<&str> = content.split_terminator('\0').collect();
    let pairs = parts.chunks_exact(2);
    Ok(pairs.map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect())
}

/// What `build.rs` has deflated.
fn inflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    decompress_to_vec(bytes)
        .map_err(|error| io::Error::other(format!("a part of this program is broken: {error}")))
}

/// What a process of the shim is to do, and where.
pub(crate) struct Job {
    /// What its command line says after the descriptors; the first word decides what it does (`boot.py`).
    pub(crate) words: Vec<OsString>,
    /// Its complete environment.
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// The directory that it is started in.
    pub(crate) directory: PathBuf,
    /// Whose rights it has, if not ours.
    pub(crate) rights: Option<Rights>,
}

/// How a process of the shim is started. It inherits the sources and its end of the link to the master: a channel, or a file
/// that the answer is written into.
pub(crate) fn plan(interpreter: &Path, sources: &Sources, link: &impl AsRawFd, mut job: Job) -> SpawnPlan {
    let mut inherit = vec![sources.file.as_raw_fd(), link.as_raw_fd()];
    let mut arguments = sources.options.clone();
    arguments.extend(["-c".into(), BOOT.into()]);
    arguments.extend(inherit.iter().map(|number| number.to_string().into()));
    arguments.extend(job.words);
    inherit.extend(sources.extension.as_ref().map(AsRawFd::as_raw_fd));
    // Another ferricorn that the application starts has options of its own.
    job.environment.retain(|(name, _)| name != LAUNCHER);
    SpawnPlan {
        program: interpreter.to_owned(),
        name: None,
        arguments,
        environment: job.environment,
        directory: Some(job.directory),
        rights: job.rights,
        inherit,
        bond: Bond::DiesWithUs,
    }
}

#[cfg(test)]
mod tests {
    use super::modules;

    #[test]
    fn the_shim_is_embedded_with_its_rooms() {
        let modules = modules().expect("what is embedded can be read");
        for path in [
            "ferricorn_worker/__init__",
            "ferricorn_worker/life/main",
            "ferricorn_worker/logs/access/__init__",
        ] {
            assert!(
                modules.iter().any(|(name, source)| *name == path && !source.is_empty()),
                "{path} is not embedded"
            );
        }
        assert!(
            modules
                .iter()
                .all(|(name, _)| name.starts_with("ferricorn_worker/") && !name.contains("__pycache__"))
        );
        let life = modules.iter().find(|(name, _)| name == "ferricorn_worker/life/main");
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/python/ferricorn_worker/life/main.py");
        assert_eq!(life.map(|(_, source)| source.clone()), std::fs::read_to_string(file).ok());
    }
}
