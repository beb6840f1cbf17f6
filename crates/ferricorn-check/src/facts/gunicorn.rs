//! gunicorn's configuration files: those that a command names, and those that gunicorn finds by itself.
//!
//! Owns: which files they are. Does not own: how their settings are read (`readers::python`).
//!
//! A path in an image starts at a directory that is not known, so a file belongs to a command if the end of its path fits.

use std::collections::BTreeSet;

use super::{Gather, Program};
use crate::{
    readers::python::{self, Settings},
    sources::has_extension,
    text::FileId,
};

/// The file that gunicorn reads without being told.
const BY_ITSELF: &str = "gunicorn.conf.py";

/// A configuration file.
#[derive(Debug)]
pub struct Config {
    /// The file.
    pub file: FileId,
    /// What it sets.
    pub settings: Settings,
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    let mut names = BTreeSet::new();
    for (deployment, command) in gather.facts.commands().filter(|it| it.1.program == Program::Gunicorn) {
        names.insert(BY_ITSELF.to_owned());
        let arguments = |env: &super::Environment| env.text("GUNICORN_CMD_ARGS").map(str::to_owned);
        let variable = arguments(&command.env).or_else(|| arguments(&deployment.env));
        names.extend(variable.as_deref().and_then(named));
        names.extend(command.value("config").and_then(|it| it.value()).map(|it| last(it)));
    }
    let fits = |name: &str| names.contains(name) && has_extension(name, "py");
    for path in gather.paths(fits) {
        let Some(source) = gather.load(&path) else { continue };
        let settings = python::read(&source).settings();
        gather.facts.gunicorn.push(Config { file: source.id(), settings });
    }
}

/// The file behind `-c` or `--config` in `GUNICORN_CMD_ARGS`.
fn named(arguments: &str) -> Option<String> {
    let mut words = arguments.split_whitespace();
    while let Some(word) = words.next() {
        if matches!(word, "-c" | "--config") {
            return words.next().map(last);
        }
        if let Some(path) = word.strip_prefix("--config=") {
            return Some(last(path));
        }
    }
    None
}

fn last(path: &str) -> String {
    let path = path.strip_prefix("file:").unwrap_or(path);
    path.rsplit('/').next().unwrap_or(path).to_owned()
}
