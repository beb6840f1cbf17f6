//! The unit of systemd that the docs quote is one file, and systemd understands it.

#![allow(missing_docs)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use ferricorn_test::{repository, skip};

const UNIT: &str = "examples/systemd/ferricorn.service";

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(repository().join(path)).expect("it is in the repository")
}

/// The indented blocks of a document, without their indentation.
fn blocks(document: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in document.lines() {
        match (line.strip_prefix("    "), blocks.last_mut()) {
            (Some(line), Some(block)) => block.extend([line, "\n"]),
            _ => blocks.push(String::new()),
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// The documents below a folder.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("there are documents");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    let documents = files.into_iter().filter(|path| path.extension().is_some_and(|it| it == "md"));
    documents.chain(folders.iter().flat_map(|folder| self::documents(folder))).collect()
}

#[test]
fn what_documents_quote_of_the_unit_stands_in_it() {
    let unit = text(UNIT);
    let mut quoting = BTreeSet::new();
    for path in documents(&repository().join("docs")).into_iter().chain([repository().join("README.md")]) {
        for block in blocks(&text(&path)) {
            if !block.contains("ExecStart=") && !block.contains("ExecReload=") {
                continue;
            }
            assert!(unit.contains(&block), "{}: this is not in {UNIT}:\n{block}", path.display());
            quoting.insert(path.file_name().expect("a file").to_string_lossy().into_owned());
        }
    }
    let expected = ["control.md", "systemd.md", "upgrades.md"].map(str::to_owned);
    assert_eq!(quoting, BTreeSet::from(expected));
}

#[test]
fn systemd_understands_the_unit() {
    let Ok(version) = Command::new("systemd-analyze").arg("--version").output() else {
        return skip("systemd-analyze");
    };
    assert!(version.status.success(), "{version:?}");
    let folder = std::env::temp_dir().join(format!("ferricorn-unit-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("made");
    // The program has to be there.
    let unit = text(UNIT).replace("/srv/shop/.venv/bin/ferricorn", env!("CARGO_BIN_EXE_ferricorn"));
    let path = folder.join("shop.service");
    fs::write(&path, unit.replace("/srv/shop", "/tmp")).expect("written");
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&path).output();
    let output = output.expect("it has just been there");
    fs::remove_dir_all(&folder).expect("removed");
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    // Of other units, which it loads as well, it may say what it likes.
    let complaints: Vec<_> = complaints.lines().filter(|line| line.contains("shop.service")).collect();
    assert_eq!(complaints, [""; 0]);
}
