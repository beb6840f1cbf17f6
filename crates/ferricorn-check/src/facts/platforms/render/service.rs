//! A service of a Blueprint.

use super::{Blueprint, Kind, kind, runtime};
use crate::{
    data::render::{DEFAULT_PLAN, KILL_DELAY, PLANS, PORT},
    facts::{
        CommandLine, Deployment, Environment, Fact, Place, Probe, Resources, Role, Shell, Variable, Written,
        from_shell, is_production,
    },
    finding::Platform,
    readers::yaml::Node,
    sources::join,
};

const DASHBOARD: &str = "it may be set in the dashboard";

pub(super) fn deployment(service: &Node, blueprint: &Blueprint, path: &str) -> Option<Deployment> {
    let role = match (kind(service), service.get("type").and_then(Node::str)) {
        (Kind::Service, Some("web")) => Role::Web,
        (Kind::Service, Some("pserv")) => Role::Private,
        (Kind::Service, _) => Role::Worker,
        (Kind::Cron, _) => Role::Job,
        _ => return None,
    };
    let native =
        runtime(service).and_then(|it| it.value.str()).is_some_and(|it| !matches!(it, "docker" | "image"));
    let env = environment(service, blueprint);
    let directory = match service.get("rootDir") {
        None => Fact::Default(String::new(), "rootDir is not set"),
        Some(node) => match node.str().and_then(|path| join("", path)) {
            Some(directory) => Fact::Known(directory, node.span),
            None => Fact::Unknown("rootDir is no path of the repository"),
        },
    };
    // In an image the directory is that of its Dockerfile.
    let directory = if native { directory } else { Fact::Unknown("the image says it") };
    let place = Place { directory: &directory, env: &env };
    let line = |key: &str, shell: Shell| command_line(service, key, shell, &place);
    let command = if native { line("startCommand", Shell::Bash) } else { line("dockerCommand", Shell::Some) };
    let command = match command {
        Some(line) => Fact::Known(line.0, line.1),
        None => Fact::Unknown(if native { DASHBOARD } else { "the image says it" }),
    };
    let build = ["buildCommand", "preDeployCommand"].into_iter().filter_map(|key| line(key, Shell::Bash));
    let build = build.map(|(line, _)| line).collect();
    let name = service.get("name");
    Some(Deployment {
        platform: Platform::Render,
        service: name.and_then(Node::str).unwrap_or_default().to_owned(),
        role,
        place: name.map_or(service.span, |name| name.span),
        production: is_production(path),
        command,
        through: Vec::new(),
        variables: Vec::new(),
        build,
        directory,
        port: port(&env, role),
        env,
        resources: resources(service),
        probes: probes(service),
        kill_delay: match service.get("maxShutdownDelaySeconds") {
            None => Fact::Default(KILL_DELAY, "maxShutdownDelaySeconds is not set"),
            Some(node) => match node.integer().and_then(|it| u64::try_from(it).ok()) {
                Some(seconds) => Fact::Known(seconds, node.span),
                None => Fact::Unknown("it is no number"),
            },
        },
        native,
    })
}

fn command_line(
    service: &Node,
    key: &str,
    shell: Shell,
    place: &Place<'_>,
) -> Option<(CommandLine, crate::Span)> {
    let entry = service.entry(key)?;
    let scalar = entry.value.scalar()?;
    let value = entry.value.value()?;
    let written = Written {
        span: entry.value.span,
        key: Some(entry.key.span),
        style: Some(scalar.style),
        indicator: scalar.indicator,
    };
    Some((from_shell(value, shell, written, place), entry.value.span))
}

fn port(env: &Environment, role: Role) -> Fact<u16> {
    if role != Role::Web {
        return Fact::Unknown("Render gives a port to web services only");
    }
    match env.get("PORT") {
        None => Fact::Default(PORT, "PORT is not set"),
        Some(variable) => variable.value.clone().and_then(|text| text.parse().ok()),
    }
}

fn resources(service: &Node) -> Resources {
    let plan = match service.get("plan") {
        None => Fact::Default(DEFAULT_PLAN.to_owned(), "plan is not set"),
        Some(node) => match node.str() {
            Some(plan) => Fact::Known(plan.to_lowercase().replace('_', " "), node.span),
            None => Fact::Unknown("it is no text"),
        },
    };
    let size = |pick: fn(&(&str, u64, u64)) -> u64| {
        plan.clone().and_then(|plan| PLANS.iter().find(|known| known.0 == plan).map(pick))
    };
    Resources { memory: size(|plan| plan.2), cpu: size(|plan| plan.1), plan }
}

fn probes(service: &Node) -> Vec<Probe> {
    let path = service.get("healthCheckPath");
    let probe = path.and_then(|node| {
        let text = node.str()?.to_owned();
        Some(Probe { path: Some((text, node.span)), port: None, command: None, span: node.span })
    });
    probe.into_iter().collect()
}

fn environment(service: &Node, blueprint: &Blueprint) -> Environment {
    let mut env = Environment::default();
    let own = service.get("envVars").map_or(&[][..], Node::items);
    for item in own {
        match item.get("fromGroup").and_then(Node::str) {
            Some(group) => {
                let named = |it: &&Node| it.get("name").and_then(Node::str) == Some(group);
                let groups: Vec<&Node> = blueprint.groups().into_iter().filter(named).collect();
                env.open |= groups.is_empty();
                for group in groups {
                    let items = group.get("envVars").map_or(&[][..], Node::items);
                    env.variables.extend(items.iter().filter_map(variable));
                }
            }
            None => env.variables.extend(variable(item)),
        }
    }
    env
}

fn variable(item: &Node) -> Option<Variable> {
    let key = item.get("key")?;
    let value = match item.get("value") {
        Some(node) => match node.str() {
            Some(text) => Fact::Known(text.to_owned(), node.span),
            None => Fact::Unknown("it is no text"),
        },
        None if item.get("generateValue").is_some() => Fact::Unknown("Render makes it up"),
        None if item.get("sync").is_some() => Fact::Unknown(DASHBOARD),
        None => Fact::Unknown("it comes from another service"),
    };
    Some(Variable { name: key.str()?.to_owned(), place: key.span, value })
}
