//! A container has a loopback of its own. A server that listens on `127.0.0.1` there is not reachable from outside:
//! neither the platform's proxy nor a published port.
//!
//! `127.0.0.1` is uvicorn's default, and gunicorn's if `PORT` is not set.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--port", "8000"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8000"]
//! ```
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: gunicorn -k uvicorn.workers.UvicornWorker --bind 127.0.0.1:$PORT main:app
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: gunicorn -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:$PORT main:app
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: python main.py
//! ```
//!
//! ```python main.py:9
//! import os
//!
//! import uvicorn
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//!
//! if __name__ == "__main__":
//!     uvicorn.run(app, port=int(os.environ["PORT"]))
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: python main.py
//! ```
//!
//! ```python main.py
//! import os
//!
//! import uvicorn
//! from fastapi import FastAPI
//!
//! app = FastAPI()
//!
//! if __name__ == "__main__":
//!     uvicorn.run(app, host="0.0.0.0", port=int(os.environ["PORT"]))
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! ENV UVICORN_HOST=0.0.0.0
//! CMD ["uvicorn", "main:app"]
//! ```
//!
//! ```text Procfile
//! web: gunicorn -k uvicorn.workers.UvicornWorker main:app
//! ```

use crate::{
    facts::{Application, Deployment, Given, Role},
    finding::Platform,
    readers::python::tree::Kind,
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(201, "bound to the container's loopback", Severity::Error, explanation!("fc201.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let reached = matches!(deployment.role, Role::Web) && deployment.platform != Platform::Systemd;
        if !reached || !deployment.production || command.optional || super::has_proxy(facts, deployment) {
            continue;
        }
        let explicit = ["host", "bind"].iter().find_map(|name| Some((*name, command.option(name)?)));
        let finding = match explicit {
            Some((name, given)) => loopback(facts, command, name, given),
            None => by_default(facts, deployment, command),
        };
        if let Some(finding) = finding {
            findings.add(deployment.sign(finding));
        }
    }
    for (deployment, application) in facts.services() {
        let reached = deployment.role == Role::Web && deployment.platform != Platform::Systemd;
        if reached && deployment.production && !super::has_proxy(facts, deployment) {
            findings.add_all(in_python(deployment, application).map(|finding| deployment.sign(finding)));
        }
    }
}

/// `uvicorn.run` without a host, or with the loopback.
fn in_python(deployment: &Deployment, application: &Application) -> Option<Finding> {
    let command = deployment.server().filter(|it| !it.program.is_server() && !it.optional)?;
    let server = application.server.as_ref().filter(|it| it.function.starts_with("uvicorn"))?;
    let elsewhere = server.has_more() || ["uds", "fd"].iter().any(|name| server.argument(name).is_some());
    let finding = match server.argument("host").map(|it| &it.value) {
        _ if elsewhere => return None,
        Some(host) => {
            let Kind::Text(text) = &host.kind else { return None };
            let error = is_loopback(text.text())
                .then(|| RULE.error(host.span, format!("uvicorn listens on {} only", text.text())))?;
            error
                .label("this is the container's own loopback")
                .unsafe_fix("write 0.0.0.0", vec![Edit::replace(text.whole(), "0.0.0.0")])
        }
        None => RULE
            .error(server.function_span, "uvicorn listens on 127.0.0.1 only")
            .label("host is not given")
            .help("write host=\"0.0.0.0\""),
    };
    let finding = finding.also(command.program_span, "started here");
    Some(finding.happens("nothing outside the container reaches it"))
}

fn is_loopback(host: &str) -> bool {
    host.starts_with("127.") || host == "localhost" || host == "::1" || host == "[::1]"
}

fn loopback(facts: &Facts, command: &Command, name: &str, given: &Given) -> Option<Finding> {
    let all: Vec<&Given> = command.options.iter().filter(|it| it.spelling.entry.name() == name).collect();
    let host = |given: &Given| {
        // What is behind the colon may be a variable.
        let span = given.span;
        let written = facts.sources.get(span.file).slice(span).to_owned();
        match given.value.known() {
            Some((value, _)) if name == "host" => Some(value.clone()),
            Some((value, _)) => value.rsplit_once(':').map(|it| it.0.to_owned()),
            None => ["127.0.0.1:", "localhost:"]
                .iter()
                .find(|host| written.contains(*host) && !written.contains(','))
                .map(|host| host.trim_end_matches(':').to_owned()),
        }
    };
    if !all.iter().all(|given| host(given).is_some_and(|host| is_loopback(&host))) {
        return None;
    }
    let host = host(given)?;
    let finding = RULE
        .error(given.span, format!("{} listens on {host} only", command.program.name()))
        .label("this is the container's own loopback")
        .happens("nothing outside the container reaches it");
    let source = facts.sources.get(given.span.file);
    Some(match source.slice(given.span).find(&host) {
        Some(at) => {
            let start = given.span.range().start + at;
            let place = source.span(start..start + host.len());
            finding.safe_fix("write 0.0.0.0", vec![Edit::replace(place, "0.0.0.0")])
        }
        None => finding.help("write 0.0.0.0"),
    })
}

/// Neither `--host` nor `--bind`.
fn by_default(facts: &Facts, deployment: &Deployment, command: &Command) -> Option<Finding> {
    let lost = deployment.line().is_some_and(|line| !line.lost.is_empty());
    if command.open || lost || !command.mistakes.is_empty() || !command.glued.is_empty() {
        return None;
    }
    let sets = |name: &str| deployment.env.get(name).or_else(|| command.env.get(name)).is_some();
    let gives = |name: &str| command.option(name).is_some();
    let target = command.target()?;
    let (option, value) = match command.program {
        Program::Uvicorn if !(gives("uds") || gives("fd") || sets("UVICORN_HOST") || sets("UVICORN_UDS")) => {
            ("--host", "0.0.0.0")
        }
        Program::Gunicorn => {
            let configured = gives("config")
                || facts.sources.paths().any(|path| path.ends_with("gunicorn.conf.py"))
                // That nothing loads it is a finding of its own.
                || facts.settings.iter().any(|file| file.settings.get("bind").is_some())
                || sets("PORT")
                || sets("GUNICORN_CMD_ARGS");
            // Platforms set PORT.
            let follows = !matches!(deployment.platform, Platform::Docker | Platform::Kubernetes);
            if configured || follows {
                return None;
            }
            ("--bind", "0.0.0.0:8000")
        }
        _ => return other(deployment, command),
    };
    let program = command.program.name();
    let finding = RULE
        .error(command.program_span, format!("{program} listens on 127.0.0.1 only"))
        .label(format!("{option} is not given"))
        .happens("nothing outside the container reaches it");
    let source = facts.sources.get(target.span.file);
    let end = target.span.after();
    let added = match (command.shell, source.slice(target.span).chars().next_back()) {
        (Some(_), _) => format!(" {option} {value}"),
        (None, Some('"')) => format!(", \"{option}\", \"{value}\""),
        _ => return Some(finding.help(format!("add {option} {value}"))),
    };
    Some(finding.safe_fix(format!("add {option} {value}"), vec![Edit::replace(end, added)]))
}

/// Servers whose options are not known here, and `fastapi dev`.
fn other(deployment: &Deployment, command: &Command) -> Option<Finding> {
    // What gives the address, and what says that it comes from elsewhere.
    let (names, elsewhere, right): (&[&str], &[&str], &str) = match command.program {
        Program::FastApi
            if command.words.get(command.program_word + 1).is_some_and(|it| it.text == "dev") =>
        {
            (&["--host"], &[], "fastapi run")
        }
        Program::Hypercorn => {
            (&["-b", "--bind"], &["-c", "--config", "--insecure-bind"], "--bind 0.0.0.0:8000")
        }
        Program::Daphne => {
            (&["-b", "--bind"], &["-u", "--unix-socket", "--fd", "-e", "--endpoint"], "-b 0.0.0.0")
        }
        Program::Granian => (&["--host"], &["--uds"], "--host 0.0.0.0"),
        _ => return None,
    };
    let sets = |name: &str| deployment.env.get(name).or_else(|| command.env.get(name)).is_some();
    if command.word_behind(elsewhere).is_some() || sets("GRANIAN_HOST") {
        return None;
    }
    let (host, span) = match command.word_behind(names) {
        Some(Fact::Known(value, span)) => {
            let host = value.rsplit_once(':').map_or(value.as_str(), |it| it.0).to_owned();
            is_loopback(&host).then_some((host, span))?
        }
        Some(_) => return None,
        None => ("127.0.0.1".to_owned(), command.program_span),
    };
    let finding = RULE
        .error(span, format!("{} listens on {host} only", command.program.name()))
        .label("this is the container's own loopback")
        .happens("nothing outside the container reaches it");
    Some(finding.help(format!("write {right}")))
}
