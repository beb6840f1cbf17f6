//! `ferricorn check`: reads a repository, and says what will break in production.
//!
//! Owns: its part of the command line, the walk over the files ([`walk`]), the forms of output ([`render`]) and the exit
//! code. Does not own: what is wrong (`ferricorn-check`). An application whose module is called `check` is started as
//! `ferricorn check:app`.

mod baseline;
mod execute;
mod explain;
mod facts;
mod fingerprints;
mod fix;
mod ignored;
mod options;
mod render;
mod walk;

use std::{ffi::OsString, io::IsTerminal, path::Path};

use clap::error::ErrorKind;
use ferricorn_check::{Config, Finding, Report, Secrets, Severity};

use crate::{report, usage};
use options::{Color, Options};
use render::{Format, Notice, Shown, Summary, counted};
use walk::Disk;

/// The word that makes a command line one of these.
pub const WORD: &str = "check";

/// Something is wrong with the words or with what they name.
const USAGE: u8 = 2;

const LOOKED_FOR: &str = "looked for render.yaml, Procfile, Dockerfile, compose and Kubernetes files, *.service, fly.toml, \
     railway.toml, railway.json";

/// Runs `ferricorn check ...`; the words are those after `check`. Gives the exit code: 0 if nothing fails, 1 if there are
/// errors, 2 if the words mean nothing or what they name cannot be read.
pub fn run(words: &[OsString]) -> u8 {
    let matches = match options::command().try_get_matches_from(words) {
        Ok(matches) => matches,
        Err(error) if matches!(error.kind(), ErrorKind::DisplayHelp) => {
            return report::print(&error.render().to_string());
        }
        Err(error) => {
            report::error(&usage::complaint(&error, &options::command()));
            return USAGE;
        }
    };
    let done = Options::of(&matches).and_then(|options| act(&options));
    done.unwrap_or_else(|problem| {
        report::error(&problem);
        USAGE
    })
}

fn act(options: &Options) -> Result<u8, String> {
    if let Some(id) = &options.explain {
        return deliver(options, &explain::explain(id).unwrap_or_default());
    }
    if options.list_rules {
        let json = options.format == Format::Json;
        return deliver(options, &if json { explain::list_json() } else { explain::list() });
    }
    if options.list_data {
        let json = options.format == Format::Json;
        return deliver(options, &if json { explain::data_json() } else { explain::data() });
    }
    let mut seen = look(options)?;
    if let [problem, ..] = seen.report.facts.config.problems.as_slice() {
        return Err(problem.clone());
    }
    if options.run_config {
        seen.config.executed = execute::run(&seen.report, &seen.disk, options.python.as_deref())?;
        seen.report = ferricorn_check::check_with(&seen.disk, &seen.config);
    }
    if options.print_facts {
        let facts = &seen.report.facts;
        let secrets = Secrets::of(&seen.report);
        return deliver(options, &facts::render(facts, &secrets));
    }
    if options.fix || options.diff {
        let mended = fix::prepare(&seen, options);
        if options.diff {
            deliver(options, &fix::diff(&seen, &mended))?;
            fix::tell(&mended, "would be applied");
            let wanted = seen.wanted();
            return Ok(u8::from(Summary { strict: options.strict, ..Summary::of(&wanted) }.fails()));
        }
        fix::write(&seen, &mended)?;
        seen.report = mended.report;
    }
    let told = tell(&seen, options);
    // The process ends: to free every tree takes as long as to walk it.
    std::mem::forget(seen);
    told
}

/// Writes the output to where it shall go.
fn deliver(options: &Options, text: &str) -> Result<u8, String> {
    let Some(path) = &options.output else { return Ok(report::print(text)) };
    let problem =
        |error: std::io::Error| format!("--output: `{}` cannot be written: {error}", path.display());
    std::fs::write(path, text).map(|()| 0).map_err(problem)
}

/// What was seen of the disk.
struct Seen {
    disk: Disk,
    /// What the command line says about the check.
    config: Config,
    report: Report,
    /// The files on which to report; empty for all.
    only: Vec<String>,
    /// Whether the user said what to look at.
    named: bool,
}

fn look(options: &Options) -> Result<Seen, String> {
    let paths = &options.paths;
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
    let disk = Disk::new(root);
    let mut config = options.config.clone();
    if let Some(path) = &options.config_file {
        let path = path.canonicalize().map_err(|error| unreadable(path, error))?;
        let path = path.strip_prefix(disk.root()).unwrap_or(&path);
        config.file = Some(path.to_string_lossy().into_owned());
    }
    let report = ferricorn_check::check_with(&disk, &config);
    Ok(Seen { disk, config, report, only, named: !paths.is_empty() })
}

impl Seen {
    /// Whether a file is one of those to report on.
    fn concerns(&self, path: &str) -> bool {
        let inside = |only: &String| {
            path.strip_prefix(only.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.only.is_empty() || self.only.iter().any(|only| only.is_empty() || inside(only))
    }

    /// The findings that the words ask for, advice too.
    fn wanted(&self) -> Vec<&Finding> {
        self.report.findings.iter().filter(|it| self.is_wanted(it)).collect()
    }

    fn is_wanted(&self, finding: &Finding) -> bool {
        let path = self.path(finding);
        self.concerns(path) && self.report.facts.config.wants(finding, path)
    }

    fn path(&self, finding: &Finding) -> &str {
        self.report.facts.sources.get(finding.primary.span.file).path()
    }
}

fn tell(seen: &Seen, options: &Options) -> Result<u8, String> {
    let facts = &seen.report.facts;
    let loud = |finding: &Finding| options.advice || finding.severity > Severity::Advice;
    // Nothing of a file is shown without a finding or a notice, so no secret has to be looked for.
    let anything = !facts.sources.unreadable().is_empty()
        || options.write_baseline
        || seen.report.findings.iter().any(loud);
    let secrets = if anything { Secrets::of(&seen.report) } else { Secrets::default() };
    let notices: Vec<Notice> = notices(seen, &secrets);
    if !options.format.shows_notices() {
        for notice in &notices {
            report::notice(&notice.to_string());
        }
    }
    if let Some(notice) = notices.iter().find(|notice| seen.only.contains(&notice.path) && !notice.template) {
        return Err(format!("`{}` cannot be read: {}", notice.path, notice.problem));
    }
    if facts.is_empty() {
        let text =
            format!("Nothing to check: no deployment file for a Python ASGI app found ({LOOKED_FOR})\n");
        if seen.named {
            report::remark(&text);
            return Ok(USAGE);
        }
        if !options.format.is_data() {
            return Ok(report::print(&text));
        }
    }
    let mut findings: Vec<(&Finding, String)> =
        fingerprints::of(&seen.report).into_iter().filter(|(finding, _)| seen.is_wanted(finding)).collect();
    let mut known = 0;
    if let Some(path) = &options.baseline {
        if options.write_baseline {
            baseline::write(path, &findings, &facts.sources, &secrets)?;
            let number = counted(findings.len(), "finding");
            report::remark(&format!("{number} written to `{}`\n", path.display()));
            return Ok(0);
        }
        let fingerprints = baseline::read(path)?;
        let before = findings.len();
        findings.retain(|(_, fingerprint)| !fingerprints.contains(fingerprint));
        known = before - findings.len();
    }
    findings.sort_by_key(|(finding, _)| finding.urgency());
    let all: Vec<&Finding> = findings.iter().map(|(finding, _)| *finding).collect();
    let summary =
        Summary { advice_shown: options.advice, strict: options.strict, known, ..Summary::of(&all) };
    let shown = Shown {
        findings: findings.into_iter().filter(|(finding, _)| loud(finding)).collect(),
        notices,
        sources: &facts.sources,
        secrets: &secrets,
        summary,
        styled: is_styled(options),
    };
    deliver(options, &shown.render(options.format))?;
    Ok(u8::from(summary.fails()))
}

/// What was to be read and could not be.
fn notices(seen: &Seen, secrets: &Secrets) -> Vec<Notice> {
    let unreadable = seen.report.facts.sources.unreadable().iter();
    unreadable
        .filter(|(path, _)| seen.concerns(path))
        .map(|(path, problem)| Notice::new(path, problem, secrets))
        .collect()
}

/// Whether there are colours: as the user says, else as for all that this program says.
fn is_styled(options: &Options) -> bool {
    match options.color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => options.output.is_none() && report::colors(std::io::stdout().is_terminal()),
    }
}
