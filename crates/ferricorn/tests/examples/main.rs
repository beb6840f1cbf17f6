//! Each example of a deployment is what it says: the program's own check passes on it, and a page of few lines explains it.

#![allow(missing_docs)]

mod commands;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ferricorn_test::repository;

/// Folders that hold an application and nothing to deploy it with.
const APPLICATIONS: [&str; 3] = ["bare_asgi", "fastapi", "starlette_lifespan"];
/// Deployments of something else than the service: a proxy in front of it.
const PROXIES: [&str; 1] = ["haproxy"];
/// What a reader takes in at once.
const MOST_LINES: usize = 25;

fn examples() -> Vec<PathBuf> {
    let entries = fs::read_dir(repository().join("examples")).expect("there are examples");
    let mut folders: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}

fn name(folder: &Path) -> String {
    folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[test]
fn the_check_passes_on_every_deployment() {
    let deployments: Vec<_> = examples()
        .into_iter()
        .filter(|it| !APPLICATIONS.iter().chain(&PROXIES).any(|other| name(it) == *other))
        .collect();
    assert!(deployments.len() >= 8, "{deployments:?}");
    for folder in deployments {
        let output = Command::new(env!("CARGO_BIN_EXE_ferricorn"))
            .args(["check", "--strict"])
            .arg(&folder)
            .output()
            .expect("it has just been built");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{}:\n{said}", folder.display());
        // A folder in which it finds nothing would pass as well.
        assert!(!said.contains("Nothing to check"), "{}:\n{said}", folder.display());
    }
}

#[test]
fn every_example_has_a_short_page_and_stands_in_the_list() {
    let list = fs::read_to_string(repository().join("examples/README.md")).expect("it is in the repository");
    for folder in examples() {
        let name = name(&folder);
        assert!(list.contains(&format!("| [{name}]({name}) |")), "examples/README.md does not list {name}");
        let page = fs::read_to_string(folder.join("README.md")).expect("each example has a page");
        let lines = page.lines().count();
        assert!(lines <= MOST_LINES, "examples/{name}/README.md has {lines} lines");
    }
}
