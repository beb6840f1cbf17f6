//! systemd: the services of units.
//!
//! Owns: what a unit starts, with its own variables put in, and how it ends it. Does not own: drop-in files, and what the
//! manager sets by itself.

use crate::facts::{
    CommandLine, Deployment, Environment, Fact, Gather, Place, Resources, Role, UNKNOWN, Variable, Written,
    from_words, is_production,
};
use crate::{
    finding::Platform,
    readers::{
        duration,
        launch::binary_megabytes,
        systemd::{self, Word},
    },
    sources::has_extension,
    text::{Excerpt, FileId, Source},
};

/// A unit file.
#[derive(Debug)]
pub struct Unit {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub document: systemd::Unit,
}

/// How long systemd waits before it kills, in seconds, unless a unit or the manager says otherwise.
const KILL_DELAY: u64 = 90;

pub(super) fn gather(gather: &mut Gather<'_>) {
    for path in gather.paths(|name| has_extension(name, "service")) {
        let Some(source) = gather.open(&path) else { continue };
        let document = systemd::read(&source);
        gather.facts.deployments.extend(deployment(&document, &source));
        gather.facts.units.push(Unit { file: source.id(), document });
    }
}

fn deployment(unit: &systemd::Unit, source: &Source) -> Option<Deployment> {
    let start = unit.last("Service", "ExecStart")?;
    let env = environment(unit);
    let directory = Fact::Unknown("it lies on the machine");
    let command = match command(&start.value, &env, &directory) {
        Some(line) => Fact::Known(line, start.value.whole()),
        None => Fact::Unknown("it depends on a variable"),
    };
    let once = unit.last("Service", "Type").is_some_and(|entry| entry.value.text() == "oneshot");
    Some(Deployment {
        platform: Platform::Systemd,
        service: source.name().trim_end_matches(".service").to_owned(),
        // A proxy on the same machine is in front of it.
        role: if once { Role::Job } else { Role::Private },
        place: start.key_span,
        production: is_production(source.path()),
        command,
        through: Vec::new(),
        variables: Vec::new(),
        build: Vec::new(),
        directory,
        env,
        port: Fact::Unknown("a unit is expected on no port"),
        resources: resources(unit),
        probes: Vec::new(),
        kill_delay: kill_delay(unit),
        native: false,
    })
}

/// The first command, which is the only one unless the service runs once.
fn command(value: &Excerpt, env: &Environment, directory: &Fact<String>) -> Option<CommandLine> {
    let command = systemd::commands(value).into_iter().next()?;
    // `@` puts another name in front of the arguments, `|` has a shell run it.
    if command.prefixes.contains(['@', '|']) {
        return None;
    }
    let words: Option<Vec<_>> =
        command.words.iter().map(|word| Some((expanded(word, env)?, word.span))).collect();
    let written = Written { span: value.whole(), key: None, style: None, indicator: None };
    Some(from_words(&words?, written, &Place { directory, env }))
}

/// The word as the program gets it. `None` if it may become several words, or none.
fn expanded(word: &Word, env: &Environment) -> Option<Excerpt> {
    let value = &word.value;
    let text = value.text();
    if let [(name, _)] = word.variables.as_slice()
        && text.strip_prefix('$') == Some(name)
    {
        let known = env.text(name).filter(|it| !it.is_empty() && !it.contains([' ', '\t', '"', '\'']))?;
        let mut made = value.part(0..0);
        made.push_made(known, value.whole().range());
        return Some(made);
    }
    let mut made = value.part(0..0);
    let mut from = 0;
    while let Some(at) = text[from..].find(['$', '%']).map(|at| from + at) {
        made.append(&value.part(from..at));
        let (length, put) = mark(&text[at..], env);
        let put = put.unwrap_or_else(|| UNKNOWN.to_string());
        if put == text[at..at + length] {
            made.append(&value.part(at..at + length));
        } else {
            made.push_made(&put, value.span(at..at + length).range());
        }
        from = at + length;
    }
    made.append(&value.part(from..text.len()));
    Some(made)
}

/// How long a `$` or `%` with what belongs to it is, and what systemd puts in its place, if that is known.
fn mark(text: &str, env: &Environment) -> (usize, Option<String>) {
    if text.starts_with("$$") || text.starts_with("%%") {
        return (2, Some(text[..1].to_owned()));
    }
    if let Some(name) = text.strip_prefix("${").and_then(|rest| rest.split_once('}')).map(|it| it.0) {
        return (name.len() + 3, env.text(name).map(str::to_owned));
    }
    let specifier = text.strip_prefix('%').and_then(|rest| rest.chars().next());
    match specifier.filter(char::is_ascii_alphabetic) {
        Some(_) => (2, None),
        None => (1, Some(text[..1].to_owned())),
    }
}

fn environment(unit: &systemd::Unit) -> Environment {
    let mut env = Environment::default();
    for entry in unit.all("Service", "Environment") {
        for assignment in systemd::assignments(&entry.value) {
            let Some(value) = assignment.value else { continue };
            let plain = !value.text().contains('%');
            let value = if plain {
                Fact::Known(value.text().to_owned(), value.whole())
            } else {
                Fact::Unknown("systemd puts something in")
            };
            env.variables.push(Variable { name: assignment.name, place: assignment.span, value });
        }
    }
    // A file that is read wins over what the unit sets.
    if !unit.all("Service", "EnvironmentFile").is_empty() {
        env.open = true;
        for variable in &mut env.variables {
            variable.value = Fact::Unknown("a file of the machine may set it");
        }
    }
    env
}

fn resources(unit: &systemd::Unit) -> Resources {
    const NOT_SET: &str = "the unit sets no limit";
    let limit = |keys: [&str; 2], read: fn(&str) -> Option<f64>| {
        let Some(entry) = keys.iter().find_map(|key| unit.last("Service", key)) else {
            return Fact::Unknown(NOT_SET);
        };
        match read(entry.value.text()).and_then(whole) {
            Some(amount) => Fact::Known(amount, entry.value.whole()),
            None => Fact::Unknown("it is no fixed amount"),
        }
    };
    let percent = |text: &str| text.strip_suffix('%')?.trim().parse().ok().map(|it: f64| it * 10.0);
    Resources {
        plan: Fact::Unknown("a unit has no plan"),
        memory: limit(["MemoryMax", "MemoryLimit"], binary_megabytes),
        cpu: limit(["CPUQuota", "CPUQuota"], percent),
    }
}

fn kill_delay(unit: &systemd::Unit) -> Fact<u64> {
    let written = ["TimeoutStopSec", "TimeoutSec"].iter().find_map(|key| unit.last("Service", key));
    let Some(entry) = written else { return Fact::Default(KILL_DELAY, "TimeoutStopSec is not set") };
    match duration::systemd(entry.value.text()).and_then(whole) {
        // 0 is no limit.
        Some(seconds) if seconds > 0 => Fact::Known(seconds, entry.value.whole()),
        _ => Fact::Unknown("it is no fixed time"),
    }
}

/// An amount without what is behind its point; `None` if it is none, or has no end.
pub(super) fn whole(amount: f64) -> Option<u64> {
    const MOST: f64 = 1e15;
    // The range is checked, so that nothing is lost but the part behind the point.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (0.0..MOST).contains(&amount).then_some(amount as u64)
}
