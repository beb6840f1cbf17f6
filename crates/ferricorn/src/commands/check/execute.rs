//! `--run-config`: the files of gunicorn's settings, executed as the server does it.
//!
//! Owns: which files those are, and their values. It is the only part of the check that executes anything, and it says so.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use ferricorn_check::{Report, config::Executed};
use ferricorn_config::{FileContent, FileValue, PythonFile, PythonTarget};
use ferricorn_master::{Invocation, Question};

use super::walk::Disk;
use crate::report;

/// Executes every file that a command of the report loads. `python` is the interpreter that the user names.
pub(super) fn run(report: &Report, disk: &Disk, python: Option<&Path>) -> Result<Executed, String> {
    let mut executed = Executed::new();
    for file in report.facts.applications.iter().filter_map(|it| it.settings.as_ref()) {
        if !executed.contains_key(&file.path) {
            executed.insert(file.path.clone(), one(&file.path, &disk.path(&file.path), python)?);
        }
    }
    Ok(executed)
}

fn one(name: &str, path: &Path, python: Option<&Path>) -> Result<BTreeMap<String, FileValue>, String> {
    let failed =
        |reason: &dyn std::fmt::Display| format!("--run-config: `{name}` cannot be executed: {reason}");
    let invocation = Invocation::of_this_process(std::env::args_os().collect::<Vec<OsString>>());
    let found = invocation.python_search().find(python);
    let found = found.map_err(|error| format!("{}\nhint: {}", failed(&error), error.hint()))?;
    report::remark(&format!("--run-config executes `{name}` with `{}`\n", found.python.display()));
    let question = Question {
        python: found.python,
        file: PythonFile {
            target: PythonTarget::Path(path.to_owned()),
            directory: path.parent().unwrap_or(path).to_owned(),
        },
        command: invocation.command(),
        variables: std::env::vars_os().collect(),
    };
    let answer = ferricorn_master::execute(&question).map_err(|error| failed(&error))?;
    let content = FileContent::from_answer(name, &answer).map_err(|error| error.to_string())?;
    Ok(content.entries.into_iter().map(|entry| (entry.name, entry.value)).collect())
}
