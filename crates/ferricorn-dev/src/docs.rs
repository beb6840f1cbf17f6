//! `cargo dev docs`: the pages that are made from the code, so that they cannot say anything else than it does.

mod rules;

use std::{fmt::Write as _, fs, process::ExitCode};

use clap::Args;
use ferricorn_config::options::{self, DIFFERENCES, Entry, Group, Kind, Standing};

use crate::{failure::Failure, say::say, workspace::Workspace};

/// A page by its path, and what makes its text.
type Page = (&'static str, fn() -> String);

const PAGES: [Page; 4] = [
    ("docs/reference/options.md", options_page),
    ("docs/reference/defaults.md", defaults_page),
    ("docs/reference/rules.md", rules::rules_page),
    ("docs/reference/check-platforms.md", rules::platforms_page),
];

const DEFAULTS: &str = "\
# Defaults that differ on purpose

Made by `cargo dev docs` from the list in `crates/ferricorn-config/src/options/differences.rs`: do not edit.

A setting that is not given has gunicorn's or uvicorn's default, with these exceptions. A test compares every default with the
real programs (gunicorn 27.0.1 and 23.0.0, uvicorn 0.54.0 and 0.30.6), so this list is complete.

| setting | of | default there | here | why |
|---|---|---|---|---|
";

const INTRODUCTION: &str = "\
# Options

Made by `cargo dev docs` from the table in `crates/ferricorn-config/src/options`: do not edit.

ferricorn knows every option of gunicorn and uvicorn by name. The first tables list the options that work. Then come options that
are accepted without effect; each causes one warning, unless nothing is lost. Last come options that are refused, because without
them the service would not do what you ask for.

[Configuration](configuration.md) says which place wins if a setting is given twice. Each option that works can be linked to by its
name, as in `options.md#max-requests`.
";

/// Write the generated pages
#[derive(Args)]
pub(crate) struct Arguments {
    /// Only compare them with what would be written
    #[arg(long)]
    check: bool,
}

/// Writes the page, or with `--check` fails when it is not what would be written.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let workspace = Workspace::find()?;
    if arguments.check {
        check(&workspace)?;
    } else {
        write(&workspace)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn write(workspace: &Workspace) -> Result<(), Failure> {
    for (page, text) in PAGES {
        let path = workspace.root.join(page);
        let folder = path.parent().expect("the page is in a folder");
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text()));
        written.map_err(|error| Failure::new(format!("cannot write `{page}`: {error}")))?;
        say(page);
    }
    Ok(())
}

/// Fails when a page is not up to date.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    for (page, text) in PAGES {
        match fs::read_to_string(workspace.root.join(page)) {
            Ok(found) if found == text() => {}
            Ok(_) => {
                return Err(Failure::new(format!("`{page}` is out of date")).hint("run `cargo dev docs`"));
            }
            Err(error) => return Err(Failure::new(format!("cannot read `{page}`: {error}"))),
        }
    }
    Ok(())
}

fn defaults_page() -> String {
    let mut page = DEFAULTS.to_owned();
    let value = |text: &str| if text.is_empty() { "none".to_owned() } else { format!("`{}`", cell(text)) };
    for it in DIFFERENCES {
        let (theirs, ours) = (value(it.theirs), value(it.ours));
        let _ =
            writeln!(page, "| `{}` | {} | {theirs} | {ours} | {} |", it.setting, it.program, cell(it.reason));
    }
    page
}

fn options_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let supported = |entry: &&Entry| matches!(entry.standing, Standing::Supported(_));
    let mut group: Option<Group> = None;
    let mut entries: Vec<&Entry> = options::all().filter(supported).collect();
    entries.sort_by_key(|entry| entry.group);
    for entry in entries {
        if group != Some(entry.group) {
            group = Some(entry.group);
            let _ = write!(
                page,
                "\n## {}\n\n| option | what it does | default | example | in a file | variable |\n|---|---|---|---|---|---|\n",
                entry.group.title()
            );
        }
        let variable = entry.variable.map(|name| format!("`{name}`")).unwrap_or_default();
        let setting = entry.setting_name();
        let _ = writeln!(
            page,
            "| <a id=\"{}\"></a>{} | {} | {} | {} | `{setting}` | {variable} |",
            entry.name(),
            names(entry),
            cell(entry.help),
            entry.preset.text().map(cell).unwrap_or_default(),
            example(entry),
        );
    }
    for (title, text) in [
        ("Not supported yet", not_yet as fn(&Entry) -> Option<String>),
        ("Without effect", without_effect),
        ("Refused", refused),
    ] {
        let _ = write!(page, "\n## {title}\n\n| option | why |\n|---|---|\n");
        for (entry, why) in options::all().filter_map(|entry| Some((entry, text(entry)?))) {
            let _ = writeln!(page, "| {} | {} |", names(entry), cell(&why));
        }
    }
    page
}

/// As it is written: on the command line, or in a file if it has its place only there.
fn example(entry: &Entry) -> String {
    let setting = entry.setting_name();
    let text = match entry.kind {
        Kind::Hook(_) => format!("def {setting}({}): ...", entry.example),
        _ if entry.file_only => format!("{setting} = {}", entry.example),
        _ if entry.example.is_empty() => format!("--{}", entry.name()),
        _ => format!("--{} {}", entry.name(), quoted(entry.example)),
    };
    format!("`{}`", text.replace('|', "\\|"))
}

/// A value as a shell takes it.
fn quoted(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:,=+%".contains(letter);
    if value.chars().all(is_plain) { value.to_owned() } else { format!("'{value}'") }
}

fn not_yet(entry: &Entry) -> Option<String> {
    if let Standing::NotYet(reason) = entry.standing { Some(reason.to_owned()) } else { None }
}

fn without_effect(entry: &Entry) -> Option<String> {
    match entry.standing {
        Standing::NoEffect(reason) => Some(reason.to_owned()),
        Standing::Ignored => Some("there is nothing to do, and nothing is lost; no warning".to_owned()),
        _ => None,
    }
}

fn refused(entry: &Entry) -> Option<String> {
    let Standing::Refused { reason, instead } = entry.standing else { return None };
    Some(format!("{reason}; {instead}"))
}

/// All names, with the word for the value after the first.
fn names(entry: &Entry) -> String {
    if entry.file_only {
        return format!("`{}` in a file only", entry.setting_name());
    }
    let mut names: Vec<String> = entry.short.iter().map(|short| format!("`-{short}`")).collect();
    names.extend(entry.longs.iter().chain(&entry.off).map(|long| format!("`--{long}`")));
    let value = if entry.metavar.is_empty() { String::new() } else { format!(" {}", entry.metavar) };
    cell(&format!("{}{value}", names.join(", ")))
}

/// A bar would end the cell, and an angle bracket would begin a tag.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
