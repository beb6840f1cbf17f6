//! A container's stop signal goes to process 1 alone. If that is a shell, it does not pass the signal on, and as process 1
//! it ignores it: the server works on until the platform kills everything, and running requests are cut.
//!
//! `CMD` without brackets and `sh -c` start a shell. Debian's `/bin/sh` (dash) stays in front of its last command, however
//! short the line is; bash puts the last command of `bash -c` in its own place, unless a pipe or a redirection is in the
//! way, but not that of a script. With `exec` in front of the server the server takes the shell's place in both.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD alembic upgrade head && uvicorn main:app --host 0.0.0.0
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD alembic upgrade head && exec uvicorn main:app --host 0.0.0.0
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! CMD ["sh", "-c", "uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["sh", "-c", "exec uvicorn main:app --host 0.0.0.0 --port ${PORT:-8000}"]
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! ENTRYPOINT ["/app/start.sh"]
//! ```
//!
//! ```sh start.sh:3
//! #!/bin/sh
//! alembic upgrade head
//! uvicorn main:app --host 0.0.0.0
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! ENTRYPOINT ["/app/start.sh"]
//! ```
//!
//! ```sh start.sh
//! #!/bin/sh
//! alembic upgrade head
//! exec uvicorn main:app --host 0.0.0.0
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! ENTRYPOINT ["/app/entrypoint.sh"]
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```sh entrypoint.sh:3
//! #!/bin/sh
//! alembic upgrade head
//! "$@"
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! ENTRYPOINT ["/app/entrypoint.sh"]
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```sh entrypoint.sh
//! #!/bin/sh
//! alembic upgrade head
//! exec "$@"
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["bash", "-c", "cd app && uvicorn main:app --host 0.0.0.0"]
//! ```
//!
//! ```Dockerfile admin/Dockerfile
//! FROM python:3.12-slim
//! SHELL ["/bin/bash", "-o", "pipefail", "-c"]
//! CMD uvicorn main:app --host 0.0.0.0
//! ```
//!
//! ```Dockerfile worker/Dockerfile
//! FROM python:3.12-slim
//! CMD ["dumb-init", "sh", "-c", "uvicorn main:app --host 0.0.0.0"]
//! ```

use crate::{
    facts::{Deployment, Role, Shell, docker::Image, is_production, scripts::Script},
    finding::Platform,
    readers::{
        dockerfile::{Detail, Form},
        shell::Join,
    },
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(301, "shell as process 1", Severity::Warning, explanation!("fc301.rs"), check);

/// Seconds that `docker stop` waits.
const DOCKER_KILL_DELAY: u64 = 10;

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let container =
            matches!(deployment.platform, Platform::Docker | Platform::Kubernetes | Platform::CloudRun);
        // Words that are lost are FC811.
        let whole = deployment.line().is_none_or(|line| line.lost.is_empty());
        let runs = deployment.production && deployment.role != Role::Job && whole;
        if container && runs && stays(facts, deployment, command) {
            findings.add(deployment.sign(finding(facts, deployment, command)));
        }
    }
    for image in facts.images.iter().filter(|image| is_production(facts.sources.get(image.file).path())) {
        findings.add_all(entrypoint(facts, image));
    }
}

/// An entrypoint script that starts `CMD` without `exec`.
fn entrypoint(facts: &Facts, image: &Image) -> Option<Finding> {
    let stage = image.document.final_stage()?;
    let entry = image.document.last(stage, |detail| matches!(detail, Detail::Entrypoint(_)))?;
    let Detail::Entrypoint(Form::Exec(words)) = &entry.detail else { return None };
    let last = words.last()?.text().rsplit('/').next()?;
    if words.iter().any(|word| word.text().ends_with("dumb-init") || word.text() == "-g") {
        return None;
    }
    let named = |script: &&Script| facts.sources.get(script.file).name() == last;
    let mut scripts = facts.scripts.iter().filter(named);
    let span = scripts.next().filter(|_| scripts.next().is_none())?.kept?;
    Some(
        RULE.warning(span, "a shell stays process 1 in front of what CMD says")
            .label("started by the shell, and not in its place")
            .also(entry.arguments.whole(), "process 1")
            .happens(format!(
                "the shell ignores SIGTERM: the server is killed after {} s, with the requests that it has",
                image_kill_delay(facts, image)
            ))
            .safe_fix("write exec in front", vec![Edit::replace(span.before(), "exec ")]),
    )
}

/// Whether the shell stays in front of the server.
fn stays(facts: &Facts, deployment: &Deployment, command: &Command) -> bool {
    let traps = deployment
        .line()
        .is_some_and(|line| line.commands.iter().any(|it| it.program == Program::Other("trap".to_owned())));
    // Those that pass the signal on to everybody.
    let outer = deployment.through.iter().flat_map(|line| &line.commands);
    let to_all =
        outer.chain([command]).flat_map(|it| &it.wrappers).any(|wrapper| match wrapper.name.as_str() {
            "dumb-init" => true,
            "tini" | "docker-init" => facts.sources.get(wrapper.span.file).slice(wrapper.span).contains("-g"),
            _ => false,
        });
    if traps || to_all || command.after == Join::Background {
        return false;
    }
    let inner = command.wrappers.iter().rposition(|wrapper| wrapper.name.ends_with(" -c"));
    let own = &command.wrappers[inner.map_or(0, |at| at + 1)..];
    let executed = own.iter().any(|wrapper| wrapper.name == "exec");
    match command.shell.map(|shell| own_shell(facts, command).filter(|_| inner.is_none()).unwrap_or(shell)) {
        None | Some(Shell::Some) => false,
        Some(_) if command.after == Join::Pipe => true,
        Some(_) if executed => false,
        Some(Shell::Sh) => true,
        // Of a script bash stays in front of the last command too.
        Some(Shell::Bash) if inner.is_none() && !deployment.through.is_empty() => true,
        Some(Shell::Bash) => !is_last(deployment, command),
    }
}

/// The shell of an image that names one with `SHELL`.
fn own_shell(facts: &Facts, command: &Command) -> Option<Shell> {
    let image = facts.image(command.span.file)?;
    let stage = image.document.final_stage()?;
    let Detail::Shell(words) = &image.document.last(stage, |it| matches!(it, Detail::Shell(_)))?.detail
    else {
        return None;
    };
    match words.first()?.text().rsplit('/').next()? {
        "sh" | "dash" | "ash" => Some(Shell::Sh),
        "bash" => Some(Shell::Bash),
        _ => Some(Shell::Some),
    }
}

fn is_last(deployment: &Deployment, command: &Command) -> bool {
    let last = deployment.line().and_then(|line| line.commands.last());
    last.is_some_and(|last| last.span == command.span)
}

/// Seconds from SIGTERM to SIGKILL if the image does not say where it runs: the least of the platforms that build it;
/// otherwise what `docker stop` waits.
fn image_kill_delay(facts: &Facts, image: &Image) -> u64 {
    let platforms = facts
        .services_of(image)
        .filter(|(deployment, _)| deployment.platform != Platform::Docker && deployment.production);
    let delays = platforms.filter_map(|(deployment, _)| deployment.kill_delay.value().copied());
    delays.min().unwrap_or(DOCKER_KILL_DELAY)
}

fn finding(facts: &Facts, deployment: &Deployment, command: &Command) -> Finding {
    let program = command.program.name();
    let own = deployment.kill_delay.value().copied();
    let of_image = || facts.image(deployment.place.file).map(|image| image_kill_delay(facts, image));
    let seconds = own.or_else(of_image).unwrap_or(DOCKER_KILL_DELAY);
    let finding = RULE
        .warning(command.program_span, format!("a shell stays process 1 in front of {program}"))
        .label("started by the shell, and not in its place")
        .happens(format!(
            "the shell ignores SIGTERM: {program} is killed after {seconds} s, with the requests that it has"
        ));
    let simple = is_last(deployment, command) && !command.optional && command.after != Join::Pipe;
    if simple {
        finding.safe_fix("write exec in front", vec![Edit::replace(command.span.before(), "exec ")])
    } else {
        finding.help("start the server last, with exec in front")
    }
}
