//! Fly: the process groups of a `fly.toml`.

use super::systemd::whole;
use crate::facts::{
    Command, CommandLine, Deployment, Environment, Fact, Gather, Place, Probe, Resources, Role, Shell,
    Variable, Written, from_shell, is_production,
};
use crate::{
    finding::Platform,
    readers::fly::{self, Fly, Service},
    text::{Excerpt, FileId, Source, Span},
};

/// A `fly.toml`.
#[derive(Debug)]
pub struct App {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub document: Fly,
}

/// `kill_timeout` in seconds, unless the file sets it.
const KILL_DELAY: u64 = 5;

pub(super) fn gather(gather: &mut Gather<'_>) {
    let named = |name: &str| {
        let middle = name.strip_prefix("fly.").and_then(|rest| rest.strip_suffix("toml"));
        middle.is_some_and(|middle| middle.is_empty() || middle.ends_with('.'))
    };
    for path in gather.paths(named) {
        let Some(source) = gather.open(&path) else { continue };
        let Some(document) = gather.document(&path, fly::read(&source)) else { continue };
        for (name, line) in &document.processes {
            gather.facts.deployments.push(deployment(&document, name, Some(line), &source));
        }
        // Without groups the image's own command runs.
        if document.processes.is_empty() && document.root.get("experimental").is_none() {
            gather.facts.deployments.push(deployment(&document, "app", None, &source));
        }
        gather.facts.fly.push(App { file: source.id(), document });
    }
}

fn deployment(file: &Fly, name: &str, line: Option<&Excerpt>, source: &Source) -> Deployment {
    let known = |value: Option<&Excerpt>| match value {
        Some(value) => Fact::Known(value.text().to_owned(), value.whole()),
        None => Fact::Unknown("it is no text"),
    };
    let variables = file.env.iter().map(|setting| Variable {
        name: setting.name.clone(),
        place: setting.name_span,
        value: known(setting.value.as_ref()),
    });
    let env = Environment { variables: variables.collect(), complete: false, open: false };
    let directory = Fact::Unknown("the image says it");
    let place = Place { directory: &directory, env: &env };
    let command = line.map_or(Fact::Unknown("the image says it"), |line| {
        let written = Written { span: line.whole(), key: None, style: None, indicator: None };
        Fact::Known(split(from_shell(line, Shell::Some, written, &place)), line.whole())
    });
    let service = service(file, name);
    let own = || file.app.as_ref().map_or(file.root.span, Excerpt::whole);
    Deployment {
        platform: Platform::Fly,
        service: name.to_owned(),
        role: if service.is_some() { Role::Web } else { Role::Worker },
        place: line.map_or_else(own, Excerpt::whole),
        production: is_production(source.path()),
        command,
        through: Vec::new(),
        variables: Vec::new(),
        build: Vec::new(),
        port: match service.and_then(|it| it.internal_port) {
            Some((port, span)) => {
                u16::try_from(port).map_or(Fact::Unknown("it is no port"), |port| Fact::Known(port, span))
            }
            None => Fact::Unknown("internal_port is not set"),
        },
        resources: resources(file.memory),
        probes: service.map_or_else(Vec::new, probes),
        kill_delay: kill_delay(file),
        native: false,
        directory: directory.clone(),
        env,
    }
}

/// The service that leads to this group. Without a list it leads to `app`.
fn service<'f>(file: &'f Fly, name: &str) -> Option<&'f Service> {
    let leads = |it: &&Service| match it.processes.as_slice() {
        [] => name == "app" || file.processes.len() <= 1,
        groups => groups.iter().any(|group| group == name),
    };
    file.services.iter().find(leads)
}

/// Whether a shell runs the line is not known; words it makes of it are.
fn split(mut line: CommandLine) -> CommandLine {
    line.shell = None;
    let own = |command: &&mut Command| !command.wrappers.iter().any(|it| it.name.ends_with(" -c"));
    for command in line.commands.iter_mut().filter(own) {
        command.shell = None;
    }
    line
}

pub(super) fn resources(memory: Option<(f64, Span)>) -> Resources {
    let unknown = Resources::unknown("the file sets no limit");
    let known = memory.and_then(|(amount, span)| Some(Fact::Known(whole(amount)?, span)));
    Resources { memory: known.unwrap_or(Fact::Unknown("the file sets no limit")), ..unknown }
}

fn probes(service: &Service) -> Vec<Probe> {
    let paths = service.check_paths.iter();
    let probe = |path: &Excerpt| Probe {
        path: Some((path.text().to_owned(), path.whole())),
        port: None,
        command: None,
        span: path.whole(),
    };
    paths.map(probe).collect()
}

fn kill_delay(file: &Fly) -> Fact<u64> {
    let written = file.root.get("kill_timeout").is_some();
    match file.kill_timeout {
        Some((seconds, span)) => {
            whole(seconds).map_or(Fact::Unknown("it is no time"), |it| Fact::Known(it, span))
        }
        None if written => Fact::Unknown("it is no time"),
        None => Fact::Default(KILL_DELAY, "kill_timeout is not set"),
    }
}
