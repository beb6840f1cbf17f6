//! `cargo dev wheel --all`: a wheel for each system that is supported, and the source distribution.
//!
//! zig is the linker, so that a wheel needs no newer C library than its tag says, whatever this machine has.
//! A system whose wheel cannot be built here is named with the reason, and is no failure.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    failure::Failure,
    say::say,
    steps::{Steps, loudly_checked, quietly},
    venv::{Python, Venv},
    workspace::Workspace,
};

/// Each system by rustc's name, and the tag of its wheel.
const SYSTEMS: [(&str, &str); 4] = [
    ("x86_64-unknown-linux-gnu", "manylinux_2_28"),
    ("aarch64-unknown-linux-gnu", "manylinux_2_28"),
    ("x86_64-unknown-linux-musl", "musllinux_1_2"),
    ("aarch64-unknown-linux-musl", "musllinux_1_2"),
];
/// The newest version of glibc that a program of `manylinux_2_28` may ask for.
const GLIBC: (u32, u32) = (2, 28);

/// Builds all into `target/wheels`, checks what can be checked here, and says how large each is.
pub(crate) fn all(workspace: &Workspace, python: &Python) -> Result<bool, Failure> {
    let tools = python.venv(workspace, "wheels")?;
    let folder = workspace.target.join("wheels");
    let mut steps = Steps::default();
    let mut report = Vec::new();
    for (system, tag) in SYSTEMS {
        if !has_standard_library(workspace, system) {
            report.push(format!("not built here: {system} ({tag}): its standard library is not installed (`rustup target add {system}`)"));
            continue;
        }
        steps.take(&format!("{system}, {tag}"), || {
            let wheel = build(workspace, &tools, &folder, system, tag)?;
            report.push(size(&wheel));
            if system.ends_with("-gnu") { check_glibc(workspace, python, system, &wheel) } else { Ok(()) }
        });
    }
    steps.take("source distribution", || {
        let mut maturin = workspace.command(tools.program("maturin"), ["sdist", "--out"]);
        quietly(workspace, "sdist", maturin.arg(&folder))?;
        let sdist = newest(&folder, ".tar.gz")
            .ok_or_else(|| Failure::new(format!("maturin left no source in `{}`", folder.display())))?;
        report.push(size(&sdist));
        builds(workspace, python, &sdist)
    });
    say(&steps.table());
    for line in &report {
        say(line);
    }
    Ok(steps.all_passed())
}

fn build(
    workspace: &Workspace,
    tools: &Venv,
    folder: &Path,
    system: &str,
    tag: &str,
) -> Result<PathBuf, Failure> {
    extension(workspace, tools, system)?;
    let words =
        ["build", "--release", "--locked", "--zig", "--target", system, "--compatibility", tag, "--out"];
    let mut maturin = workspace.command(tools.program("maturin"), words);
    loudly_checked(system, with_zig(tools, maturin.arg(folder)))?;
    let machine = system.split('-').next().unwrap_or_default();
    let tagged =
        |path: &Path| path.to_string_lossy().contains(tag) && path.to_string_lossy().contains(machine);
    newest(folder, ".whl")
        .filter(|wheel| tagged(wheel))
        .ok_or_else(|| Failure::new(format!("maturin left no wheel of {tag} in `{}`", folder.display())))
}

/// Builds the native protocol's module for a system, and puts it where the master's build script for that system looks.
///
/// It is a shared library of the C library that the system's Python has: musl's is not linked statically into it.
fn extension(workspace: &Workspace, tools: &Venv, system: &str) -> Result<(), Failure> {
    let words =
        ["rustc", "--package", "ferricorn-http", "--lib", "--features", "python", "--profile", "extension"];
    let mut cargo = workspace.command(tools.program("cargo-zigbuild"), words);
    cargo.args(["--crate-type", "cdylib", "--target"]).env("PYO3_NO_PYTHON", "1");
    if system.ends_with("-gnu") {
        cargo.arg(format!("{system}.{}.{}", GLIBC.0, GLIBC.1));
    } else {
        cargo.arg(system).env("RUSTFLAGS", "-C target-feature=-crt-static");
    }
    loudly_checked(&format!("extension for {system}"), with_zig(tools, &mut cargo))?;
    let folder = workspace.target.join(system);
    let place = embedded(workspace, system);
    let copied = fs::create_dir_all(folder.join("embed"))
        .and_then(|()| fs::copy(folder.join("extension/libferricorn_http.so"), &place));
    copied.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", place.display())))?;
    Ok(())
}

/// Where the module of a system is, to be embedded.
fn embedded(workspace: &Workspace, system: &str) -> PathBuf {
    workspace.target.join(system).join("embed/ferricorn_http.so")
}

/// zig is looked for as a module of the Python on the PATH.
fn with_zig<'a>(tools: &Venv, command: &'a mut Command) -> &'a mut Command {
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", tools.program("").display()))
}

/// Fails if the program in the wheel, or the module in the program, needs a newer glibc than the tag promises.
fn check_glibc(workspace: &Workspace, python: &Python, system: &str, wheel: &Path) -> Result<(), Failure> {
    let folder = workspace.dev_folder().join("wheel-content");
    let _ = fs::remove_dir_all(&folder);
    let tools = python.venv(workspace, "wheels")?;
    let mut unpack = workspace.command(tools.program("python"), ["-m", "zipfile", "-e"]);
    quietly(workspace, "unpack the wheel", unpack.arg(wheel).arg(&folder))?;
    let program = folder.join(format!("ferricorn-{}.data/scripts/ferricorn", env!("CARGO_PKG_VERSION")));
    for file in [program, embedded(workspace, system)] {
        let Ok(output) = Command::new("objdump").arg("-T").arg(&file).output() else {
            say(
                "  the version of glibc is not checked: objdump is not installed (Debian's package binutils)",
            );
            return Ok(());
        };
        let symbols = String::from_utf8_lossy(&output.stdout);
        let needed = newest_glibc(&symbols)
            .ok_or_else(|| Failure::new(format!("objdump finds no glibc in `{}`", file.display())))?;
        let ((major, minor), name) = (needed, file.file_name().unwrap_or_default().to_string_lossy());
        say(&format!("  {name} needs glibc {major}.{minor}"));
        if needed > GLIBC {
            let (most, least) = GLIBC;
            return Err(Failure::new(format!(
                "`{name}` needs glibc {major}.{minor}, and the wheel's tag says {most}.{least}"
            )));
        }
    }
    Ok(())
}

/// The newest version of glibc among the symbols that `objdump -T` lists.
fn newest_glibc(symbols: &str) -> Option<(u32, u32)> {
    let versions = symbols.split("GLIBC_").skip(1).filter_map(|rest| {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(rest.len());
        let mut numbers = rest[..end].split('.').map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    versions.max()
}

/// Installs from the source distribution, in an empty environment: it holds everything that a build needs.
fn builds(workspace: &Workspace, python: &Python, sdist: &Path) -> Result<(), Failure> {
    let venv = python.empty_venv(workspace, "venv-sdist-check")?;
    let pins = workspace.root.join("requirements/newest.txt");
    venv.install(workspace, "install from source", &[Path::new("--constraint"), &pins, sdist])?;
    quietly(workspace, "its version", workspace.command(venv.program("ferricorn"), []).arg("--version"))
}

fn has_standard_library(workspace: &Workspace, system: &str) -> bool {
    let mut rustc = workspace.command("rustc", ["--print", "target-libdir", "--target", system]);
    let folder = rustc.stderr(Stdio::null()).output().map(|output| output.stdout).unwrap_or_default();
    let folder = String::from_utf8_lossy(&folder).trim().to_owned();
    let files = fs::read_dir(folder).map(|entries| entries.filter_map(Result::ok).collect::<Vec<_>>());
    files.unwrap_or_default().iter().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
}

fn size(file: &Path) -> String {
    let hundredths = fs::metadata(file).map_or(0, |metadata| metadata.len()) / 10_000;
    let (whole, part) = (hundredths / 100, hundredths % 100);
    format!("{whole}.{part:02} MB  {}", file.file_name().unwrap_or_default().to_string_lossy())
}

/// The file that was written last, of those whose names end so.
pub(crate) fn newest(folder: &Path, ending: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(ending));
    let written = |entry: &fs::DirEntry| entry.metadata().and_then(|metadata| metadata.modified()).ok();
    named.max_by_key(written).map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_is_found_by_number_and_not_by_text() {
        let symbols = "0 DF *UND* 0 (GLIBC_2.9) a\n0 DF *UND* 0 (GLIBC_2.28) b\n0 DF *UND* 0 GLIBC_2.2.5 c\n0 (GCC_3.0) d";
        assert_eq!(newest_glibc(symbols), Some((2, 28)));
        assert_eq!(newest_glibc("0 (GCC_3.0) d"), None);
    }
}
