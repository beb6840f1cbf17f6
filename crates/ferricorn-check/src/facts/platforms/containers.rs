//! Containers that manifests of Kubernetes and compose files start.
//!
//! Owns: how `command`, `args` and `entrypoint` become one command. Does not own: what the image says if they are not
//! set.

use super::systemd::whole;
use crate::facts::{
    CommandLine, Deployment, Environment, Fact, Gather, Place, Probe, Resources, Role, Shell, Variable,
    Written, from_shell, from_split, from_words, is_production,
};
use crate::{
    finding::Platform,
    readers::{
        compose::{self, Compose, Service},
        kubernetes::{self, Container, Manifests, Workload},
        launch::Launch,
    },
    sources::has_extension,
    text::{Excerpt, FileId, Source, Span, Unreadable},
};

const IMAGE: &str = "the image says it";

/// How long compose waits for a container to end, in seconds.
const STOP_TIME: u64 = 10;

/// `PORT` on Cloud Run, unless the manifest names a port.
const CLOUD_RUN_PORT: u16 = 8080;

/// A compose file.
#[derive(Debug)]
pub struct Composition {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub document: Compose,
    /// Whether it is one of production.
    pub production: bool,
}

/// A file of Kubernetes.
#[derive(Debug)]
pub struct Manifest {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub document: Manifests,
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    let yaml = |name: &str| has_extension(name, "yaml") || has_extension(name, "yml");
    for path in gather.paths(yaml) {
        let name = path.rsplit('/').next().unwrap_or(&path).to_lowercase();
        if name.starts_with("render.") {
            continue;
        }
        let Some(source) = gather.load(&path) else { continue };
        let compose = name.starts_with("docker-compose") || name.starts_with("compose");
        // Other YAML files are none of a platform's, whatever stands in them.
        if !compose && !source.text().contains("apiVersion:") || gather.open(&path).is_none() {
            continue;
        }
        if compose {
            of_compose(gather, &source);
        } else if is_substituted(source.text()) {
            gather.facts.sources.not_of_its_format(&path, Unreadable::Template);
        } else {
            of_kubernetes(gather, &source);
        }
    }
}

/// Whether `envsubst` or the like has to put something into a manifest first. Kubernetes itself puts nothing in; `${NAME}`
/// is a shell's in a command, and may be a program's in a value.
fn is_substituted(text: &str) -> bool {
    let puts_in = |line: &str| {
        let line = line.trim_start().trim_start_matches("- ");
        let (key, value) = line.split_once(": ")?;
        let shell = matches!(key, "command" | "args" | "value") || !key.chars().all(char::is_alphanumeric);
        Some(!shell && value.contains("${"))
    };
    text.lines().any(|line| puts_in(line) == Some(true))
}

fn of_kubernetes(gather: &mut Gather<'_>, source: &Source) {
    let mut manifests = kubernetes::read(source);
    // What stands in front of the mistake is judged.
    if let Some(error) = manifests.error.take() {
        gather.facts.sources.not_of_its_format(source.path(), error);
    }
    for workload in &manifests.workloads {
        for container in &workload.containers {
            gather.facts.deployments.push(pod(source, workload, container));
        }
    }
    gather.facts.manifests.push(Manifest { file: source.id(), document: manifests });
}

fn pod(source: &Source, workload: &Workload, container: &Container) -> Deployment {
    let env = Environment {
        variables: container
            .env
            .iter()
            .map(|variable| Variable {
                name: variable.name.text().to_owned(),
                place: variable.name.whole(),
                value: known(variable.value.as_ref(), "it comes out of a map or a secret"),
            })
            .collect(),
        complete: false,
        open: container.env_from,
    };
    let directory = Fact::Unknown(IMAGE);
    let place = Place { directory: &directory, env: &env };
    let words: Vec<Excerpt> = container.command.iter().chain(&container.args).flatten().cloned().collect();
    let command = from_list(source, &words, &place).map_or(Fact::Unknown(IMAGE), |line| {
        let span = line.written.span;
        let whole = container.command.is_some() || line.server().is_some_and(|it| it.program.is_server());
        if whole { Fact::Known(line, span) } else { Fact::Unknown(IMAGE) }
    });
    let job = matches!(workload.kind.as_str(), "Job" | "CronJob");
    let role = match workload.containers.len() {
        _ if job => Role::Job,
        1 => Role::Web,
        // Another container of the pod may stand in front of it.
        _ => Role::Private,
    };
    let knative = workload.kind == "KnativeService";
    let elsewhere = |port: &str| {
        let other = |it: &&Container| it.node.span != container.node.span;
        workload.containers.iter().filter(other).any(|it| it.ports.iter().any(|it| it.number.text() == port))
    };
    let probes = container.probes.iter().map(|probe| {
        let port = probe.port.as_ref().and_then(|port| {
            let named =
                container.ports.iter().find(|it| it.name.as_ref().is_some_and(|it| it.text() == port.text()));
            let number = named.map_or(port.text(), |it| it.number.text());
            (!elsewhere(number)).then_some(())?;
            Some((number.parse().ok()?, port.whole()))
        });
        Probe {
            path: probe.path.as_ref().map(|path| (path.text().to_owned(), path.whole())),
            port,
            command: None,
            span: probe.span,
        }
    });
    let name = container.name.as_ref();
    Deployment {
        platform: if knative { Platform::CloudRun } else { Platform::Kubernetes },
        service: name.map_or("", Excerpt::text).to_owned(),
        role,
        place: name.map_or(container.node.span, Excerpt::whole),
        production: is_production(source.path()),
        command,
        through: Vec::new(),
        variables: Vec::new(),
        build: Vec::new(),
        port: if knative {
            knative_port(container)
        } else {
            Fact::Unknown("the manifest says it in several places")
        },
        resources: limits(container.memory, container.processors),
        probes: probes.collect(),
        kill_delay: match workload.grace_period {
            _ if knative => Fact::Unknown("Cloud Run decides"),
            None => Fact::Default(30, "terminationGracePeriodSeconds is not set"),
            Some((seconds, span)) => {
                u64::try_from(seconds).map_or(Fact::Unknown("it is no time"), |it| Fact::Known(it, span))
            }
        },
        native: false,
        directory: directory.clone(),
        env,
    }
}

/// Cloud Run sets `PORT` to the container's port.
fn knative_port(container: &Container) -> Fact<u16> {
    match container.ports.first() {
        Some(port) => {
            Fact::Known(port.number.text().to_owned(), port.number.whole()).and_then(|text| text.parse().ok())
        }
        None => Fact::Default(CLOUD_RUN_PORT, "containerPort is not set"),
    }
}

fn of_compose(gather: &mut Gather<'_>, source: &Source) {
    let Some(file) = gather.document(source.path(), compose::read(source)) else { return };
    let name = source.name().to_lowercase();
    // Beside a file for production, the one without a word in its name is for development.
    let bare = name.rsplit_once('.').is_some_and(|(stem, _)| matches!(stem, "docker-compose" | "compose"));
    let prod = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.contains("compose") && name.contains("prod")
    };
    let production = is_production(source.path()) && !(bare && gather.facts.sources.paths().any(prod));
    for service in &file.services {
        gather.facts.deployments.push(of_service(source, service, production));
    }
    gather.facts.compose.push(Composition { file: source.id(), document: file, production });
}

fn of_service(source: &Source, service: &Service, production: bool) -> Deployment {
    let env = Environment {
        variables: service
            .environment
            .iter()
            .map(|setting| Variable {
                name: setting.name.clone(),
                place: setting.name_span,
                value: known(
                    setting.value.as_ref().filter(|value| is_written(value.text())),
                    "it comes from elsewhere",
                ),
            })
            .collect(),
        complete: false,
        open: !service.env_files.is_empty(),
    };
    let directory = Fact::Unknown(IMAGE);
    let place = Place { directory: &directory, env: &env };
    let command = started(source, service, &place);
    let host = service.node.get("network_mode").is_some();
    Deployment {
        platform: Platform::Docker,
        service: service.name.clone(),
        role: if host { Role::Private } else { Role::Web },
        place: service.name_span,
        production,
        command,
        through: Vec::new(),
        variables: Vec::new(),
        build: Vec::new(),
        port: Fact::Unknown("compose expects it on no port"),
        resources: limits(service.memory, service.processors),
        probes: healthcheck(source, service, &place),
        kill_delay: stop_time(service),
        native: false,
        directory: directory.clone(),
        env,
    }
}

/// Whether compose, which puts variables in, leaves a value as it is; of an address a part is enough.
fn is_written(value: &str) -> bool {
    value.find('$').is_none_or(|at| value[..at].contains("://"))
}

/// How long compose waits between the stop signal and SIGKILL.
fn stop_time(service: &Service) -> Fact<u64> {
    match &service.stop_grace_period {
        Some((text, seconds)) => {
            whole(*seconds).map_or(Fact::Unknown("it is no time"), |it| Fact::Known(it, text.whole()))
        }
        None if service.extends || service.node.get("stop_grace_period").is_some() => {
            Fact::Unknown("it is said elsewhere")
        }
        None => Fact::Default(STOP_TIME, "stop_grace_period is not set"),
    }
}

/// What `healthcheck` asks.
fn healthcheck(source: &Source, service: &Service, place: &Place<'_>) -> Vec<Probe> {
    let Some(check) = service.healthcheck.as_ref().filter(|it| !it.disabled) else { return Vec::new() };
    let line = match &check.test {
        Some(Launch::Words(words)) if check.shell => words.first().map(|line| {
            let written = Written { span: line.whole(), key: None, style: None, indicator: None };
            from_shell(line, Shell::Some, written, place)
        }),
        Some(Launch::Words(words)) => from_list(source, words, place),
        Some(Launch::Line(line, style)) => {
            let written = Written { span: line.whole(), key: None, style: Some(*style), indicator: None };
            Some(from_shell(line, Shell::Some, written, place))
        }
        None => None,
    };
    line.map(|line| Probe { path: None, port: None, command: Some(line), span: check.span })
        .into_iter()
        .collect()
}

fn started(source: &Source, service: &Service, place: &Place<'_>) -> Fact<CommandLine> {
    let line = match (&service.entrypoint, &service.command) {
        (None, Some(Launch::Words(words))) | (Some(Launch::Words(words)), None) => {
            from_list(source, words, place)
        }
        (Some(Launch::Words(first)), Some(Launch::Words(words))) => {
            let all: Vec<Excerpt> = first.iter().chain(words).cloned().collect();
            from_list(source, &all, place)
        }
        (None, Some(Launch::Line(line, style))) | (Some(Launch::Line(line, style)), None) => {
            let written = Written { span: line.whole(), key: None, style: Some(*style), indicator: None };
            Some(from_split(line, written, place))
        }
        _ => None,
    };
    let known = |line: &CommandLine| {
        service.entrypoint.is_some() || line.server().is_some_and(|it| it.program.is_server())
    };
    match line.filter(known) {
        Some(line) => {
            let span = line.written.span;
            Fact::Known(line, span)
        }
        None => Fact::Unknown(IMAGE),
    }
}

fn from_list(source: &Source, words: &[Excerpt], place: &Place<'_>) -> Option<CommandLine> {
    let span = words.iter().map(Excerpt::whole).reduce(Span::to)?;
    let words = crate::facts::with_quotes(source, words);
    Some(from_words(&words, Written { span, key: None, style: None, indicator: None }, place))
}

fn known(value: Option<&Excerpt>, why: &'static str) -> Fact<String> {
    value.map_or(Fact::Unknown(why), |value| Fact::Known(value.text().to_owned(), value.whole()))
}

/// The limits that the file sets.
fn limits(memory: Option<(f64, Span)>, processors: Option<(f64, Span)>) -> Resources {
    const NOT_SET: &str = "the file sets no limit";
    let limit = |found: Option<(f64, Span)>, scale: f64| {
        let known = found.and_then(|(amount, span)| Some(Fact::Known(whole(amount * scale)?, span)));
        known.unwrap_or(Fact::Unknown(NOT_SET))
    };
    Resources { plan: Fact::Unknown(NOT_SET), memory: limit(memory, 1.0), cpu: limit(processors, 1000.0) }
}
