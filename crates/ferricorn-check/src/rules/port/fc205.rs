//! A variable that is set nowhere expands to nothing: `--port` then takes the next word as its value, or has none, and the
//! server exits with 2. compose expands variables of the shell that starts it and of `.env` beside it, systemd those of the
//! unit, Kubernetes `$(NAME)` of the container.
//!
//! ## Bad
//!
//! ```yaml docker-compose.prod.yml:4
//! services:
//!   api:
//!     build: .
//!     command: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```yaml docker-compose.prod.yml
//! services:
//!   api:
//!     build: .
//!     command: uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}
//! ```
//!
//! ## Bad
//!
//! ```ini api.service:2
//! [Service]
//! ExecStart=/srv/api/bin/uvicorn main:app --host 127.0.0.1 --port ${PORT}
//! ```
//!
//! ## Fixed
//!
//! ```ini api.service
//! [Service]
//! Environment=PORT=8000
//! ExecStart=/srv/api/bin/uvicorn main:app --host 127.0.0.1 --port ${PORT}
//! ```
//!
//! ## Good
//!
//! ```yaml docker-compose.prod.yml
//! services:
//!   api:
//!     build: .
//!     command: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```text .env.example
//! PORT=8000
//! ```
//!
//! ```ini api.service
//! [Service]
//! EnvironmentFile=/etc/api.env
//! ExecStart=/srv/api/bin/uvicorn main:app --host 127.0.0.1 --port ${PORT}
//! ```

use crate::{
    facts::{Deployment, containers::Composition},
    finding::Platform,
    readers::{compose::Service, systemd},
    rules::prelude::*,
    text::{Excerpt, Span},
};

pub(super) static RULE: Rule =
    Rule::new(205, "variable that nothing sets", Severity::Warning, explanation!("fc205.rs"), check);

/// Variables that a shell or systemd sets by itself, or their beginnings.
const SET: [&str; 22] = [
    "HOME",
    "USER",
    "UID",
    "GID",
    "PWD",
    "PATH",
    "HOSTNAME",
    "SHELL",
    "LOGNAME",
    "LANG",
    "MAINPID",
    "TERM",
    "COMPOSE_",
    "LISTEN_",
    "NOTIFY_SOCKET",
    "INVOCATION_ID",
    "RUNTIME_DIRECTORY",
    "STATE_DIRECTORY",
    "CACHE_DIRECTORY",
    "LOGS_DIRECTORY",
    "CONFIGURATION_DIRECTORY",
    "CREDENTIALS_DIRECTORY",
];

fn check(facts: &Facts, findings: &mut Findings) {
    for file in facts.compose.iter().filter(|it| it.production) {
        for service in &file.document.services {
            of_compose(facts, file, service, findings);
        }
    }
    for unit in &facts.units {
        of_unit(facts, &unit.document, findings);
    }
    for container in
        facts.manifests.iter().flat_map(|it| &it.document.workloads).flat_map(|it| &it.containers)
    {
        if container.env_from {
            continue;
        }
        let place = container.name.as_ref().map_or(container.node.span, Excerpt::whole);
        let Some(deployment) = facts.deployments.iter().find(|it| it.place == place) else { continue };
        for word in container.command.iter().chain(&container.args).flatten() {
            let Some((name, _)) = word.text().split_once("$(").and_then(|(_, rest)| rest.split_once(')'))
            else {
                continue;
            };
            if is_name(name) && deployment.env.get(name).is_none() && !is_set(name) {
                findings.add(
                    deployment.sign(
                        said(word.whole(), name, "the container does not set it").happens(format!(
                            "Kubernetes leaves it as it stands: the program gets $({name})"
                        )),
                    ),
                );
            }
        }
    }
}

fn said(span: Span, name: &str, label: &str) -> Finding {
    RULE.warning(span, format!("nothing sets {name}")).label(label)
}

fn is_name(name: &str) -> bool {
    let first = name.starts_with(|letter: char| letter.is_ascii_uppercase());
    first
        && name.chars().all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

fn is_set(name: &str) -> bool {
    SET.iter().any(|set| name == *set || set.ends_with('_') && name.starts_with(set))
}

/// compose puts variables into the text before it reads the command.
fn of_compose(facts: &Facts, file: &Composition, service: &Service, findings: &mut Findings) {
    let server = |it: &&Deployment| {
        it.place == service.name_span && it.server().is_some_and(|command| command.program.is_server())
    };
    let Some(deployment) = facts.deployments.iter().find(server) else { return };
    let Some(line) = deployment.line() else { return };
    let source = facts.sources.get(file.file);
    let span = line.written.span;
    if span.file != file.file {
        return of_image(facts, deployment, findings);
    }
    for (name, place) in put_in(source.slice(span)) {
        let elsewhere = facts.is_named(name) || service.env_files.iter().any(|_| facts.dotenv.is_empty());
        if elsewhere || is_set(name) || !is_name(name) {
            continue;
        }
        let start = span.range().start;
        let place = source.span(start + place.start..start + place.end);
        let finding = said(place, name, "compose puts in nothing").happens(format!(
            "compose warns: The \"{name}\" variable is not set. Defaulting to a blank string."
        ));
        findings.add(deployment.sign(if name == "PORT" {
            finding.safe_fix("write ${PORT:-8000}", vec![Edit::replace(place, "${PORT:-8000}")])
        } else {
            finding.help(format!("write a default, as ${{{name}:-…}}, or name it in .env.example"))
        }));
    }
}

/// The command of an image that compose builds: what neither sets is nothing.
fn of_image(facts: &Facts, deployment: &Deployment, findings: &mut Findings) {
    let Some(command) = deployment.server().filter(|it| it.shell.is_some() && !it.optional) else { return };
    let image = facts.image(command.span.file).is_some();
    // Where a platform builds it too, that sets more.
    let elsewhere = facts.deployments.iter().any(|other| {
        other.platform != Platform::Docker
            && other.server().is_some_and(|it| it.span.file == command.span.file)
    });
    if deployment.env.open || !image || elsewhere {
        return;
    }
    for word in command.words.iter().skip(command.program_word + 1) {
        let source = facts.sources.get(word.span.file);
        for (name, place) in put_in(source.slice(word.span)) {
            let set = deployment.env.get(name).or_else(|| command.env.get(name)).is_some();
            if set || facts.is_named(name) || is_set(name) || !is_name(name) {
                continue;
            }
            let start = word.span.range().start;
            let place = source.span(start + place.start..start + place.end);
            let finding = said(place, name, "neither the image nor compose sets it")
                .also(deployment.place, "starts this command")
                .happens("the shell puts in nothing, and the server exits with 2")
                .help(format!("write a default, as ${{{name}:-…}}, or set {name}"));
            findings.add(deployment.sign(finding));
        }
    }
}

/// The variables without a default in a text of compose, each with its place. `$$` is a dollar.
fn put_in(text: &str) -> Vec<(&str, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    while let Some(dollar) = text[at..].find('$').map(|found| at + found) {
        let behind = &text[dollar + 1..];
        if behind.starts_with('$') {
            at = dollar + 2;
        } else if let Some(rest) = behind.strip_prefix('{') {
            let length = rest.find(|it| !letter(it)).unwrap_or(rest.len());
            if rest[length..].starts_with('}') {
                found.push((&rest[..length], dollar..dollar + length + 3));
            }
            at = dollar + 2 + length;
        } else {
            let length = behind.find(|it| !letter(it)).unwrap_or(behind.len());
            if length > 0 {
                found.push((&behind[..length], dollar..dollar + 1 + length));
            }
            at = dollar + 1 + length;
        }
    }
    found
}

fn of_unit(facts: &Facts, unit: &systemd::Unit, findings: &mut Findings) {
    let Some(start) = unit.last("Service", "ExecStart") else { return };
    let files = ["EnvironmentFile", "PassEnvironment", "LoadCredential"];
    if files.iter().any(|key| !unit.all("Service", key).is_empty()) {
        return;
    }
    let set: Vec<String> = unit
        .all("Service", "Environment")
        .into_iter()
        .flat_map(|entry| systemd::assignments(&entry.value))
        .map(|assignment| assignment.name)
        .collect();
    let deployment =
        facts.deployments.iter().find(|it| it.platform == Platform::Systemd && it.place == start.key_span);
    for word in systemd::commands(&start.value).into_iter().flat_map(|command| command.words) {
        // A shell of its own may set more.
        if word.quoted && word.value.text().contains(' ') {
            continue;
        }
        for (name, place) in &word.variables {
            if set.contains(name) || is_set(name) {
                continue;
            }
            let finding = said(*place, name, "the unit does not set it")
                .happens("systemd puts in nothing, and the server exits with 2")
                .help(format!("add Environment={name}=…, or an EnvironmentFile"));
            findings.add(match deployment {
                Some(deployment) => deployment.sign(finding),
                None => finding,
            });
        }
    }
}
