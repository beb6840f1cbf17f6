//! `ferricorn check`: reads a repository, and says what will break in production.
//!
//! Owns: its part of the command line, the walk over the files ([`walk`]), the forms of output ([`render`]) and the exit
//! code. Does not own: what is wrong (`ferricorn-check`). An application whose module is called `check` is started as
//! `ferricorn check:app`.

mod render;
mod walk;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Arg, ArgAction, Command, error::ErrorKind, value_parser};
use ferricorn_check::{Finding, Report, Severity};

use crate::report;
use walk::Disk;

/// The word that makes a command line one of these.
pub const WORD: &str = "check";

/// Something is wrong with the words or with what they name.
const USAGE: u8 = 2;

const LOOKED_FOR: &str = "looked for render.yaml";

/// Runs `ferricorn check ...`; the words are those after `check`. Gives the exit code: 0 if nothing fails, 1 if there are
/// errors, 2 if the words mean nothing or what they name cannot be read.
pub fn run(words: &[OsString]) -> u8 {
    let matches = match command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp) => {
            return report::print(&error.render().to_string());
        }
        Err(error) => {
            report::complain(&error.render().to_string());
            return USAGE;
        }
    };
    let paths: Vec<PathBuf> = matches.get_many("path").into_iter().flatten().cloned().collect();
    match look(&paths) {
        Ok(seen) => tell(&seen, matches.get_flag("advice")),
        Err(problem) => {
            report::error(&problem);
            USAGE
        }
    }
}

fn command() -> Command {
    Command::new("ferricorn check")
        .bin_name("ferricorn check")
        .about("Reads a repository as the platform will, and says what will break in production")
        .long_about(
            "Reads a repository as the platform will, and says what will break in production.\n\n\
             It executes nothing and opens no connection. The exit code is 0 if there is no error, 1 if there is one, and 2 \
             if PATH cannot be read.",
        )
        .no_binary_name(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("path")
                .value_name("PATH")
                .num_args(0..)
                .value_parser(value_parser!(PathBuf))
                .help("A directory, or files to report on alone [default: the repository around this directory]"),
        )
        .arg(
            Arg::new("advice")
                .long("advice")
                .action(ArgAction::SetTrue)
                .help("Show what is worth knowing, too, not only errors and warnings"),
        )
}

/// What was seen of the disk.
struct Seen {
    report: Report,
    /// The files on which to report; empty for all.
    only: Vec<String>,
    /// Whether the user said what to look at.
    named: bool,
}

fn look(paths: &[PathBuf]) -> Result<Seen, String> {
    let unreadable =
        |path: &Path, error: std::io::Error| format!("`{}` cannot be read: {error}", path.display());
    let here = std::env::current_dir().map_err(|error| unreadable(Path::new("."), error))?;
    let mut found = Vec::new();
    for path in paths {
        let metadata = path.metadata().map_err(|error| unreadable(path, error))?;
        let path = path.canonicalize().map_err(|error| unreadable(path, error))?;
        found.push((path, metadata.is_dir()));
    }
    let root = match found.as_slice() {
        [] => walk::repository_around(&here),
        [(path, true)] => path.clone(),
        [(path, _), ..] => walk::repository_around(path.parent().unwrap_or(path)),
    };
    let below = |path: &Path| {
        let relative = path.strip_prefix(&root).ok()?;
        Some(relative.to_str()?.to_owned())
    };
    let mut only = Vec::new();
    if found.len() > 1 || found.iter().any(|(_, directory)| !directory) {
        for (path, _) in &found {
            let outside =
                || format!("`{}` is not below `{}`: check them one by one", path.display(), root.display());
            only.push(below(path).ok_or_else(outside)?);
        }
    }
    let report = ferricorn_check::check(&Disk::new(root));
    Ok(Seen { report, only, named: !paths.is_empty() })
}

impl Seen {
    /// Whether a file is one of those to report on.
    fn concerns(&self, path: &str) -> bool {
        let inside = |only: &String| {
            path.strip_prefix(only.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.only.is_empty() || self.only.iter().any(|only| only.is_empty() || inside(only))
    }

    fn path(&self, finding: &Finding) -> &str {
        self.report.facts.sources.get(finding.primary.span.file).path()
    }
}

fn tell(seen: &Seen, advice: bool) -> u8 {
    let facts = &seen.report.facts;
    for (path, problem) in facts.sources.unreadable() {
        report::warning(&format!("`{path}` is not read: {problem}"));
    }
    if facts.is_empty() {
        let text =
            format!("Nothing to check: no deployment file for a Python ASGI app found ({LOOKED_FOR})\n");
        if seen.named {
            report::complain(&text);
            return USAGE;
        }
        return report::print(&text);
    }
    let findings: Vec<&Finding> =
        seen.report.findings.iter().filter(|finding| seen.concerns(seen.path(finding))).collect();
    let shown: Vec<&Finding> =
        findings.iter().copied().filter(|finding| advice || finding.severity > Severity::Advice).collect();
    let mut text = render::concise(&shown, &facts.sources);
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(&render::summary(&findings, advice));
    report::print(&text);
    u8::from(findings.iter().any(|finding| finding.severity == Severity::Error))
}
