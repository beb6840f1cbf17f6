//! The cases, and the references' answers to them.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) program: String,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) words: Vec<String>,
}

/// What a reference says about a case.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Its settings by name.
    Settings(Value),
    /// It does not accept it.
    Refused,
}

/// The folder that every case is asked in: the configuration files, and what lines name.
pub(crate) fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder for the cases");
        let files = folder.path().join("files");
        for made in
            [&files, &folder.path().join("sub"), &folder.path().join("src"), &folder.path().join("lib")]
        {
            fs::create_dir(made).expect("the folder can be written");
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/files");
        for file in fs::read_dir(source).expect("the files are there").map_while(Result::ok) {
            if file.path().is_file() {
                fs::copy(file.path(), files.join(file.file_name())).expect("a file can be copied");
            }
        }
        for (name, text) in [
            ("app.env", "COLOUR=red\nWEB_CONCURRENCY=6\n"),
            (
                "logging.ini",
                "[loggers]\nkeys=root\n[handlers]\nkeys=\n[formatters]\nkeys=\n[logger_root]\nhandlers=\n",
            ),
            ("logging.json", "{\"version\": 1}\n"),
            ("main.py", "async def app(scope, receive, send): pass\n"),
            ("key.pem", ""),
            ("cert.pem", ""),
            ("ca.pem", ""),
        ] {
            fs::write(folder.path().join(name), text).expect("the folder can be written");
        }
        folder
    });
    folder.path()
}

/// Reads the table.
pub(crate) fn read() -> Vec<Case> {
    let lines = include_str!("cases.txt").lines();
    lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')).map(parse).collect()
}

fn parse(line: &str) -> Case {
    let mut parts = line.splitn(3, '|').map(str::trim);
    let mut part = || parts.next().unwrap_or_else(|| panic!("three parts: {line}"));
    let words = |text: &str| ferricorn_config::split(text).unwrap_or_else(|error| panic!("{error}: {line}"));
    let (program, variables, arguments) = (part(), part(), part());
    let environment = words(variables)
        .iter()
        .map(|word| word.split_once('=').unwrap_or_else(|| panic!("NAME=VALUE: {line}")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Case { text: line.to_owned(), program: program.to_owned(), environment, words: words(arguments) }
}

/// Asks the references of one age about all cases.
pub(crate) fn ask(age: &str, cases: &[Case]) -> Vec<Answer> {
    let asked: Vec<Value> = cases
        .iter()
        .map(|it| {
            json!({"program": it.program, "words": it.words, "environment": it.environment, "folder": folder()})
        })
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/reference.py");
    let mut python = Command::new(python(age))
        .arg(script)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the Python of the references starts");
    let mut stdin = python.stdin.take().expect("a pipe was asked for");
    stdin.write_all(Value::from(asked).to_string().as_bytes()).expect("the cases can be told");
    drop(stdin);
    let output = python.wait_with_output().expect("the references answer");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("the answers are JSON");
    assert_eq!(answers.len(), cases.len());
    answers
        .into_iter()
        .map(|mut answer| match answer.get_mut("settings") {
            Some(settings) => Answer::Settings(settings.take()),
            None => Answer::Refused,
        })
        .collect()
}

/// The Python of the references, which `cargo dev test` sets up.
fn python(age: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(format!("FERRICORN_TEST_REFERENCE_{}", age.to_uppercase())) {
        return path.into();
    }
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| ferricorn_test::repository().join("target"), PathBuf::from);
    let path = target.join(format!("dev/venv-reference-{age}/bin/python"));
    assert!(path.exists(), "no gunicorn to compare with: run `cargo dev test`");
    path
}
