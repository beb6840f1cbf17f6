//! Every message about a wrong setting, to the letter: the value, its source, the right form.
//!
//! `messages.txt` has each input after `>`: variables, words, and after ` | ` the text of a `ferricorn.toml` (`\n` for its
//! line breaks). What is said stands below it, after the exit code. `FERRICORN_TEST_UPDATE=1` writes the file anew, to be
//! read before it is committed. Messages about Python files are in `command_line.rs`.

#![allow(missing_docs)]

use std::{
    ffi::OsString,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use ferricorn::{
    cli::{self, Request},
    configuration::{Configuration, ProcessStart},
};
use ferricorn_config::ConfigError;
use ferricorn_master::{Command, PythonSearch};

/// A system with the user and the group `web`, and a process that may not become either.
struct Accounts;

impl ferricorn_config::Accounts for Accounts {
    fn user(&self, name: &str) -> io::Result<Option<u32>> {
        Ok((name == "web").then_some(33))
    }

    fn name(&self, _user: u32) -> io::Result<Option<String>> {
        Ok(Some("web".to_owned()))
    }

    fn group(&self, name: &str) -> io::Result<Option<u32>> {
        self.user(name)
    }

    fn groups(&self, _name: &str, group: u32) -> io::Result<Vec<u32>> {
        Ok(vec![group])
    }

    fn own(&self) -> (u32, u32) {
        (1000, 1000)
    }

    fn may_change_user(&self) -> bool {
        false
    }

    fn may_change_group(&self) -> bool {
        false
    }
}

const SNAPSHOT: &str = include_str!("messages.txt");

#[test]
fn every_message_is_as_written_down() {
    let mut found = String::new();
    for line in SNAPSHOT.lines() {
        if let Some(input) = line.strip_prefix("> ") {
            let _ = write!(found, "> {input}\n{}\n", said(input));
        }
    }
    if std::env::var_os("FERRICORN_TEST_UPDATE").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages/messages.txt");
        fs::write(path, &found).expect("the snapshot can be written");
    }
    for (found, expected) in found.split("\n\n").zip(SNAPSHOT.split("\n\n")) {
        assert_eq!(found.trim(), expected.trim());
    }
    assert_eq!(found.trim(), SNAPSHOT.trim());
}

/// Nobody adds a message without a line here.
#[test]
fn every_text_of_an_error_is_in_a_snapshot() {
    // What depends on the machine's memory is a test of the crate that has the texts.
    let resolving = include_str!("../../../ferricorn-config/tests/precedence/measures.rs");
    let all = [SNAPSHOT, include_str!("../command_line.rs"), resolving].concat();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ferricorn-config/src");
    let mut missing = Vec::new();
    for path in sources_below(&sources) {
        let text = fs::read_to_string(&path).expect("a source can be read");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for opening in ["Problem::syntax(", "Problem::meaning(", "#[error("] {
            for call in code.split(opening).skip(1) {
                let fragment = longest_fragment(call);
                if !fragment.is_empty() && !all.contains(&fragment) {
                    missing.push(format!("{}: {fragment}", path.display()));
                }
            }
        }
    }
    assert!(missing.is_empty(), "no snapshot has:\n{}", missing.join("\n"));
}

/// Every Rust file below a folder.
fn sources_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the sources are there").map_while(Result::ok);
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.map(|entry| entry.path()).partition(|path| path.is_dir());
    let mut found: Vec<PathBuf> =
        files.into_iter().filter(|path| path.extension().is_some_and(|it| it == "rs")).collect();
    found.extend(folders.iter().flat_map(|folder| sources_below(folder)));
    found
}

/// The longest piece of the first text of a call that holds no value.
fn longest_fragment(call: &str) -> String {
    let Some((before, text)) = call.split_once('"') else { return String::new() };
    // Something else than a text comes first.
    if before.contains([',', ')']) {
        return String::new();
    }
    let text = text.split('"').next().unwrap_or_default();
    let pieces = text.split(['{', '}']).step_by(2);
    pieces.max_by_key(|piece| piece.len()).unwrap_or_default().trim().to_owned()
}

fn said(input: &str) -> String {
    match resolve(input) {
        Ok(()) => "[0]\n".to_owned(),
        Err(error) => {
            let hint = error.hint().map(|hint| format!("hint: {hint}\n")).unwrap_or_default();
            visible(&format!("[{}] {error}\n{hint}", error.exit_code()))
        }
    }
}

/// A text file holds no control characters.
fn visible(text: &str) -> String {
    let letter = |letter: char| match letter {
        '\n' => letter.to_string(),
        _ if letter.is_control() => letter.escape_unicode().to_string(),
        _ => letter.to_string(),
    };
    text.chars().map(letter).collect()
}

fn resolve(input: &str) -> Result<(), ConfigError> {
    let folder = tempfile::tempdir().expect("a folder for the case");
    let (line, file) = input.split_once(" | ").unwrap_or((input, ""));
    if !file.is_empty() {
        let written = fs::write(folder.path().join("ferricorn.toml"), file.replace("\\n", "\n"));
        written.expect("the folder can be written");
    }
    fs::write(folder.path().join("bad.env"), "A=1\nB C=2\n").expect("the folder can be written");
    let words: Vec<String> = ferricorn_config::split(line)?;
    let is_variable = |word: &&String| word.split_once('=').is_some_and(|(name, _)| is_name(name));
    let variables: Vec<&String> = words.iter().take_while(is_variable).collect();
    let arguments: Vec<OsString> = words[variables.len()..].iter().map(OsString::from).collect();
    let variables = variables.iter().filter_map(|word| word.split_once('='));
    let variables = variables.map(|(name, value)| (name.into(), value.into())).collect();
    let directory = folder.path().to_owned();
    let process = ProcessStart {
        command: Command::new(Path::new("ferricorn"), arguments, None),
        variables,
        directory,
        python: PythonSearch::default(),
        accounts: Box::new(Accounts),
    };
    let all = std::iter::once("ferricorn".into()).chain(process.command.arguments().iter().cloned());
    if let Request::Start(request) = cli::parse(all, &process.environment())? {
        let configuration = Configuration::new(request, process);
        let source = configuration.source()?;
        let resolved = configuration.resolve(source, None)?;
        configuration.look_for_target(&resolved.settings)?;
    }
    Ok(())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}
