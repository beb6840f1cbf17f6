//! A container of a pod.

use crate::{
    readers::{
        launch::{megabytes, processors},
        yaml::Node,
    },
    text::{Excerpt, Span},
};

/// A container.
#[derive(Debug, Clone)]
pub struct Container {
    /// Its name.
    pub name: Option<Excerpt>,
    /// Its image.
    pub image: Option<Excerpt>,
    /// `command`, in the place of the image's `ENTRYPOINT`; `None` if it is not given.
    pub command: Option<Vec<Excerpt>>,
    /// `args`, in the place of the image's `CMD`; `None` if they are not given.
    pub args: Option<Vec<Excerpt>>,
    /// `env`.
    pub env: Vec<Variable>,
    /// Whether more variables come out of maps and secrets (`envFrom`).
    pub env_from: bool,
    /// `ports`.
    pub ports: Vec<ContainerPort>,
    /// The probes.
    pub probes: Vec<Probe>,
    /// The limit of memory in MiB, with its place.
    pub memory: Option<(f64, Span)>,
    /// The limit of processors, with its place.
    pub processors: Option<(f64, Span)>,
    /// `lifecycle.preStop`.
    pub pre_stop: Option<PreStop>,
    /// `securityContext.runAsNonRoot`.
    pub run_as_non_root: Option<(bool, Span)>,
    /// `securityContext.runAsUser`.
    pub run_as_user: Option<(i64, Span)>,
    /// All of it.
    pub node: Node,
}

/// A variable of a container.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The name.
    pub name: Excerpt,
    /// The value; `None` if it comes out of a map or a secret.
    pub value: Option<Excerpt>,
    /// The whole entry.
    pub span: Span,
}

/// A port of a container.
#[derive(Debug, Clone)]
pub struct ContainerPort {
    /// Its name, by which probes and services may call it.
    pub name: Option<Excerpt>,
    /// `containerPort`.
    pub number: Excerpt,
}

/// Which probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeKind {
    /// `livenessProbe`.
    Liveness,
    /// `readinessProbe`.
    Readiness,
    /// `startupProbe`.
    Startup,
}

/// A probe.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Which one.
    pub kind: ProbeKind,
    /// `httpGet.path`.
    pub path: Option<Excerpt>,
    /// The port of `httpGet`, `tcpSocket` or `grpc`: a number or a name.
    pub port: Option<Excerpt>,
    /// `exec.command`.
    pub command: Option<Vec<Excerpt>>,
    /// Seconds between two looks; 10 if it is not given.
    pub period: i64,
    /// How many failures count; 3 if it is not given.
    pub threshold: i64,
    /// Seconds before the first look.
    pub initial_delay: i64,
    /// All of it.
    pub span: Span,
}

/// What runs before the stop signal.
#[derive(Debug, Clone)]
pub struct PreStop {
    /// Seconds that it sleeps, if that is all it does.
    pub sleeps: Option<f64>,
    /// All of it.
    pub span: Span,
}

pub(super) fn container(node: &Node) -> Container {
    let value = |name: &str| node.get(name).and_then(Node::value).cloned();
    let limit = |name: &str, read: fn(&str) -> Option<f64>| {
        let node = node.at(&["resources", "limits", name])?;
        Some((read(node.str()?)?, node.span))
    };
    let items = |name: &str| node.get(name).map_or(&[][..], Node::items).iter();
    let user = node.at(&["securityContext", "runAsUser"]);
    Container {
        name: value("name"),
        image: value("image"),
        command: node.get("command").map(words),
        args: node.get("args").map(words),
        env: items("env").filter_map(variable).collect(),
        env_from: node.get("envFrom").is_some_and(|from| !from.items().is_empty()),
        ports: items("ports").filter_map(port).collect(),
        probes: probes(node),
        memory: limit("memory", megabytes),
        processors: limit("cpu", processors),
        pre_stop: node.at(&["lifecycle", "preStop"]).map(pre_stop),
        run_as_non_root: boolean(node.at(&["securityContext", "runAsNonRoot"])),
        run_as_user: user.and_then(|user| Some((user.integer()?, user.span))),
        node: node.clone(),
    }
}

pub(super) fn boolean(node: Option<&Node>) -> Option<(bool, Span)> {
    let node = node?;
    Some((node.str()?.parse().ok()?, node.span))
}

fn words(node: &Node) -> Vec<Excerpt> {
    node.items().iter().filter_map(|item| Some(item.scalar()?.value.clone())).collect()
}

fn variable(node: &Node) -> Option<Variable> {
    let value = node.get("value").and_then(Node::scalar).map(|scalar| scalar.value.clone());
    Some(Variable { name: node.get("name")?.value()?.clone(), value, span: node.span })
}

fn port(node: &Node) -> Option<ContainerPort> {
    let name = node.get("name").and_then(Node::value).cloned();
    Some(ContainerPort { name, number: node.get("containerPort")?.value()?.clone() })
}

fn probes(container: &Node) -> Vec<Probe> {
    let kinds = [
        ("livenessProbe", ProbeKind::Liveness),
        ("readinessProbe", ProbeKind::Readiness),
        ("startupProbe", ProbeKind::Startup),
    ];
    let found = kinds.into_iter().filter_map(|(key, kind)| Some(probe(container.get(key)?, kind)));
    found.collect()
}

fn probe(node: &Node, kind: ProbeKind) -> Probe {
    let value = |path: &[&str]| node.at(path).and_then(Node::value).cloned();
    let number = |name: &str, default: i64| node.get(name).and_then(Node::integer).unwrap_or(default);
    let ports = [["httpGet", "port"], ["tcpSocket", "port"], ["grpc", "port"]];
    Probe {
        kind,
        path: value(&["httpGet", "path"]),
        port: ports.iter().find_map(|path| value(path)),
        command: node.at(&["exec", "command"]).map(words),
        period: number("periodSeconds", 10),
        threshold: number("failureThreshold", 3),
        initial_delay: number("initialDelaySeconds", 0),
        span: node.span,
    }
}

/// `sleep: {seconds: 5}`, `["sleep", "5"]`, `["/bin/sh", "-c", "sleep 5"]`.
fn pre_stop(node: &Node) -> PreStop {
    let own = node.at(&["sleep", "seconds"]).and_then(Node::str).and_then(|text| text.parse().ok());
    let command = node.at(&["exec", "command"]).map_or_else(Vec::new, words);
    let line: Vec<&str> = command.iter().flat_map(|word| word.text().split_whitespace()).collect();
    let line = match line.as_slice() {
        ["sh" | "/bin/sh" | "bash" | "/bin/bash", "-c", rest @ ..] => rest,
        all => all,
    };
    let sleeps = match line {
        ["sleep" | "/bin/sleep" | "/usr/bin/sleep", seconds] => seconds.trim_end_matches('s').parse().ok(),
        _ => None,
    };
    PreStop { sleeps: own.or(sleeps), span: node.span }
}
