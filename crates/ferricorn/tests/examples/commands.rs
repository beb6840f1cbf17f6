//! Each command of ours in the README, in the docs and in the pages of examples is one that the program takes.
//!
//! A line that serves is given `--print-config` as well, and has to come to settings. Any other runs as it stands, and may
//! find no service, but has to be understood. Commands of other programs (`docker`, `systemctl`, `pip`, `curl`) are not
//! run: they change the machine, or need the network.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use ferricorn_test::{python, repository};

/// What a user writes in place of these words.
const PLACEHOLDERS: [(&str, &str); 3] = [("SLOT", "0"), ("LEVEL", "debug"), ("N", "2")];

/// What stands in front of a command in files of other programs.
const KEYS: [&str; 4] = ["ExecStart=", "ExecReload=", "startCommand: ", "CMD "];

/// The exit code for a line that is not understood.
const USAGE: i32 = 2;

#[test]
fn every_command_in_the_docs_is_understood() {
    let folder = tempfile::tempdir().expect("a folder");
    symlink(env!("CARGO_BIN_EXE_ferricorn"), folder.path().join("ferricorn")).expect("linked");
    fs::write(folder.path().join("main.py"), "async def app(scope, receive, send): ...\n").expect("written");
    fs::write(folder.path().join("gunicorn.conf.py"), "workers = 2\n").expect("written");
    let mut run = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        for command in commands(&text) {
            run += 1;
            if let Err(said) = try_out(&command, folder.path()) {
                panic!("{}: `{command}`:\n{said}", page.display());
            }
        }
    }
    assert!(run > 40, "the docs have more commands than {run}");
}

/// Every page but those of the checker's rules, whose examples are tried by its own tests.
fn pages() -> Vec<PathBuf> {
    let root = repository();
    let mut pages = vec![root.join("README.md"), root.join("CONTRIBUTING.md")];
    let mut folders = vec![root.join("docs"), root.join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "md") && !path.ends_with("reference/rules.md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

/// The commands of ours in the blocks of a page, each in one line.
fn commands(page: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut lines = page.lines().filter_map(|line| line.strip_prefix("    "));
    while let Some(line) = lines.next() {
        let mut line = line.trim_start().to_owned();
        while let Some(begun) = line.strip_suffix('\\') {
            let Some(next) = lines.next() else { break };
            line = format!("{begun}{}", next.trim());
        }
        let key = KEYS.iter().find_map(|key| line.strip_prefix(key));
        let line = key.or_else(|| line.strip_prefix("$ ")).unwrap_or(&line);
        commands.extend(ours(line));
    }
    commands
}

/// The part of a line that is a command of ours, with values in place of placeholders.
fn ours(line: &str) -> Option<String> {
    let list = line.strip_prefix("[\"").and_then(|it| it.strip_suffix("\"]"));
    let line = list.map_or_else(|| line.to_owned(), |words| words.replace("\", \"", " "));
    let (program, rest) = line.split_once(' ').unwrap_or((&line, ""));
    if program.rsplit('/').next() != Some("ferricorn") || rest.starts_with('(') {
        return None;
    }
    // An explanation stands behind two blanks, and another command behind a semicolon.
    let rest = rest.split("  ").next()?.split(';').next()?.split(" #").next()?;
    let words = rest.split(' ').map(|word| {
        let bare = word.trim_start_matches('[').trim_end_matches(']').split('|').next().unwrap_or_default();
        let known = PLACEHOLDERS.iter().find(|(placeholder, _)| *placeholder == bare);
        known.map_or(bare, |(_, value)| value).to_owned()
    });
    Some(words.collect::<Vec<_>>().join(" "))
}

fn try_out(command: &str, folder: &Path) -> Result<(), String> {
    let first = command.split(' ').next().unwrap_or_default();
    let serves = first == "dev" || first.is_empty() || first.contains(':');
    let application = if command.contains(':') { "" } else { "main:app" };
    let more = if serves {
        format!("{application} --print-config --python {}", python().display())
    } else {
        String::new()
    };
    // What another program would say is a pid that is not ours.
    let line = match command.split_once("$(") {
        Some((before, rest)) => format!("{before}1{}", rest.split_once(')').map_or("", |(_, after)| after)),
        None => command.to_owned(),
    };
    let output = Command::new("sh")
        .args(["-c", &format!("exec ./ferricorn {line} {more}")])
        .current_dir(folder)
        .env("PORT", "8000")
        .env("MAINPID", "1")
        .env_remove("WEB_CONCURRENCY")
        .output()
        .expect("a shell");
    let code = output.status.code();
    let understood = if serves { code == Some(0) } else { code.is_some_and(|code| code != USAGE) };
    if understood {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    Err(format!("exit code {code:?}: {}", String::from_utf8_lossy(&said)))
}
