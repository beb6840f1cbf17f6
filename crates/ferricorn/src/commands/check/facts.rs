//! `--print-facts`: what was understood, as JSON, for bug reports.
//!
//! Invariant: no value of an environment variable, and of an option's value only what cannot hold a secret.

use ferricorn_check::{
    Secrets,
    facts::{Command, Deployment, Facts, Role},
};
use serde_json::{Value, json};

pub(super) fn render(facts: &Facts, secrets: &Secrets) -> String {
    let value = json!({
        "version": 1,
        "deployments": facts.deployments.iter().map(|it| deployment(facts, it)).collect::<Vec<_>>(),
        "unreadable": facts.sources.unreadable().iter().map(|(path, why)| json!({ "file": path, "why": why.to_string() })).collect::<Vec<_>>(),
    });
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    secrets.redact(text)
}

fn deployment(facts: &Facts, it: &Deployment) -> Value {
    let source = facts.sources.get(it.place.file);
    let role = match it.role {
        Role::Web => "web",
        Role::Private => "private",
        Role::Worker => "worker",
        Role::Job => "job",
    };
    let names = |env: &ferricorn_check::facts::Environment| {
        env.variables.iter().map(|variable| variable.name.clone()).collect::<Vec<_>>()
    };
    json!({
        "platform": it.platform.word(),
        "service": it.service,
        "role": role,
        "file": source.path(),
        "line": source.line_of(it.place),
        "production": it.production,
        "directory": it.directory.value(),
        "port": it.port.value(),
        "kill_delay": it.kill_delay.value(),
        "plan": it.resources.plan.value(),
        "memory_mb": it.resources.memory.value(),
        "environment": names(&it.env),
        "probes": it.probes.iter().map(|probe| json!({
            "path": probe.path.as_ref().map(|(path, _)| path),
            "port": probe.port.as_ref().map(|(port, _)| port),
        })).collect::<Vec<_>>(),
        "command": it.server().map(|command| self::command(facts, command)),
    })
}

fn command(facts: &Facts, it: &Command) -> Value {
    const SHOWN: [&str; 12] = [
        "bind",
        "host",
        "port",
        "workers",
        "threads",
        "worker-class",
        "timeout",
        "graceful-timeout",
        "keep-alive",
        "max-requests",
        "log-level",
        "factory",
    ];
    let source = facts.sources.get(it.span.file);
    let option = |given: &ferricorn_check::facts::Given| {
        let name = given.spelling.entry.name();
        let shown = SHOWN.contains(&name);
        json!({ "name": name, "value": given.value.value().filter(|_| shown) })
    };
    json!({
        "line": source.line_of(it.span),
        "program": it.program.name(),
        "wrappers": it.wrappers.iter().map(|wrapper| wrapper.name.clone()).collect::<Vec<_>>(),
        "target": it.target().and_then(|target| target.text.value()),
        "directory": it.directory.value(),
        "options": it.options.iter().map(option).collect::<Vec<_>>(),
    })
}
