//! `Type=notify` makes systemd wait until the service says that it is ready. gunicorn and ferricorn say so; uvicorn,
//! hypercorn, daphne and granian do not: the start times out after 90 s, and systemd ends the service and tries again.
//!
//! Behind `uv run` the server is a child, and systemd listens to children with `NotifyAccess=all` only. systemd reads the
//! type letter by letter: `Notify` is not one. And a `TimeoutStopSec=` shorter than the server's own graceful timeout cuts the
//! requests that the server still waits for.
//!
//! ## Bad
//!
//! ```ini api.service:2
//! [Service]
//! Type=notify
//! Restart=always
//! ExecStart=/srv/api/venv/bin/uvicorn main:app --uds /run/api.sock
//! ```
//!
//! ## Fixed
//!
//! ```ini api.service
//! [Service]
//! Type=simple
//! Restart=always
//! ExecStart=/srv/api/venv/bin/uvicorn main:app --uds /run/api.sock
//! ```
//!
//! ## Bad
//!
//! ```ini api.service:2
//! [Service]
//! Type=Notify
//! Restart=always
//! KillMode=mixed
//! ExecStart=/srv/api/venv/bin/gunicorn main:app
//! ```
//!
//! ## Fixed
//!
//! ```ini api.service
//! [Service]
//! Type=notify
//! Restart=always
//! KillMode=mixed
//! ExecStart=/srv/api/venv/bin/gunicorn main:app
//! ```
//!
//! ## Bad
//!
//! ```ini api.service:3
//! [Service]
//! Type=notify
//! TimeoutStopSec=20
//! Restart=always
//! KillMode=mixed
//! ExecStart=/srv/api/venv/bin/gunicorn main:app --graceful-timeout 60
//! ```
//!
//! ## Fixed
//!
//! ```ini api.service
//! [Service]
//! Type=notify
//! TimeoutStopSec=65
//! Restart=always
//! KillMode=mixed
//! ExecStart=/srv/api/venv/bin/gunicorn main:app --graceful-timeout 60
//! ```
//!
//! ## Good
//!
//! ```ini api.service
//! [Service]
//! Type=notify
//! NotifyAccess=all
//! KillMode=mixed
//! Restart=on-failure
//! TimeoutStopSec=40
//! ExecStart=/usr/bin/uv run gunicorn main:app --graceful-timeout 30
//! ```

use crate::{
    facts::{Deployment, systemd::Unit},
    readers::systemd::Entry,
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(312, "unit that does not fit the server", Severity::Error, explanation!("fc312.rs"), check);

/// What `Type=` may be.
const TYPES: [&str; 8] = ["simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle"];

fn check(facts: &Facts, findings: &mut Findings) {
    for unit in &facts.units {
        let spelled = unit.document.last("Service", "Type").and_then(misspelled);
        let server = facts.servers().find(|(deployment, _)| deployment.place.file == unit.file);
        let Some((deployment, command)) = server else {
            if let Some(finding) = spelled {
                findings.add(finding);
            }
            continue;
        };
        let found = [
            spelled,
            notify(unit, command),
            stop(deployment, command),
            not_restarted(unit, deployment),
            kill_mode(unit, deployment, command),
        ];
        for finding in found.into_iter().flatten() {
            findings.add(deployment.sign(finding));
        }
    }
}

fn misspelled(entry: &Entry) -> Option<Finding> {
    let text = entry.value.text();
    let right = text.to_lowercase();
    let found = !TYPES.contains(&text) && TYPES.contains(&right.as_str());
    found.then(|| {
        RULE.error(entry.value.whole(), format!("systemd has no type {text}"))
            .label("letters count")
            .happens(format!("systemd: Failed to parse service type, ignoring: {text}"))
            .safe_fix(format!("write {right}"), vec![Edit::replace(entry.value.whole(), right)])
    })
}

fn notify(unit: &Unit, command: &Command) -> Option<Finding> {
    let entry = unit.document.last("Service", "Type")?;
    let kind = entry.value.text();
    if !matches!(kind, "notify" | "notify-reload") {
        return None;
    }
    let span = entry.value.whole();
    let program = command.program.name();
    if !matches!(command.program, Program::Gunicorn | Program::Ferricorn) {
        return Some(
            RULE.error(span, format!("{program} never tells systemd that it is ready"))
                .label("systemd waits for a message")
                .also(command.program_span, "sends none")
                .happens("the start times out after TimeoutStartSec (90 s), and systemd ends the service")
                .safe_fix("write simple", vec![Edit::replace(span, "simple")]),
        );
    }
    let parent = command.wrappers.iter().find(|wrapper| wrapper.name == "uv run")?;
    let access = unit.document.last("Service", "NotifyAccess").map(|it| it.value.text());
    (access != Some("all")).then(|| {
        let finding = RULE
            .warning(span, format!("systemd does not hear {program} behind uv run"))
            .label("systemd listens to the main process only")
            .also(parent.span, "the main process; the server is its child")
            .happens("the start times out after TimeoutStartSec (90 s), and systemd ends the service");
        match access {
            Some(_) => finding.help("write NotifyAccess=all"),
            None => finding.safe_fix(
                "add NotifyAccess=all",
                vec![Edit::replace(entry.span.after(), "\nNotifyAccess=all")],
            ),
        }
    })
}

fn stop(deployment: &Deployment, command: &Command) -> Option<Finding> {
    let (delay, place) = deployment.kill_delay.known()?;
    let (seconds, span) = command.value("graceful-timeout")?.known()?;
    let seconds: u64 = seconds.parse().ok()?;
    (*delay < seconds).then(|| {
        let longer = seconds.saturating_add(5);
        RULE.warning(place, format!("systemd kills after {delay} s, and the server may take {seconds} s"))
            .label("shorter than the graceful timeout")
            .also(span, "the server's time")
            .happens("requests that are still running are cut")
            .safe_fix(format!("write {longer}"), vec![Edit::replace(place, longer.to_string())])
    })
}

fn not_restarted(unit: &Unit, deployment: &Deployment) -> Option<Finding> {
    let missing = unit.document.last("Service", "Restart").is_none();
    missing.then(|| {
        RULE.advice(deployment.place, "nothing starts the service again if it ends")
            .label("the unit has no Restart=")
            .help("add Restart=on-failure")
    })
}

fn kill_mode(unit: &Unit, deployment: &Deployment, command: &Command) -> Option<Finding> {
    let missing = command.program == Program::Gunicorn && unit.document.last("Service", "KillMode").is_none();
    missing.then(|| {
        RULE.advice(deployment.place, "systemd sends the stop signal to gunicorn's workers too")
            .label("the unit has no KillMode=")
            .help("add KillMode=mixed: the master stops its workers itself")
    })
}
