//! Fly stops a machine with SIGINT unless `kill_signal` says otherwise. gunicorn takes SIGINT for a quick stop: it does not
//! wait for the requests that are running. SIGTERM is its graceful stop. uvicorn waits with both.
//!
//! ## Bad
//!
//! ```toml fly.toml:1
//! app = "api"
//!
//! [processes]
//!   app = "gunicorn main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:8080"
//! ```
//!
//! ## Fixed
//!
//! ```toml fly.toml
//! app = "api"
//! kill_signal = "SIGTERM"
//!
//! [processes]
//!   app = "gunicorn main:app -k uvicorn.workers.UvicornWorker --bind 0.0.0.0:8080"
//! ```
//!
//! ## Good
//!
//! ```toml fly.toml
//! app = "api"
//!
//! [processes]
//!   app = "uvicorn main:app --host 0.0.0.0 --port 8080"
//! ```

use crate::{facts::fly::App, finding::Platform, rules::prelude::*, sources::join};

pub(super) static RULE: Rule =
    Rule::new(308, "quick stop on Fly", Severity::Warning, explanation!("fc308.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for app in &facts.fly {
        let signal = app.document.kill_signal.as_ref();
        let graceful = signal.is_some_and(|it| it.text().trim_start_matches("SIG") != "INT");
        if graceful || !runs_gunicorn(facts, app) {
            continue;
        }
        let source = facts.sources.get(app.file);
        let (span, finding) = match (signal, &app.document.app) {
            (Some(signal), _) => (signal.whole(), vec![Edit::replace(signal.whole(), "SIGTERM")]),
            (None, Some(name)) => {
                let line = source.line(source.line_of(name.whole()));
                (name.whole(), vec![Edit::replace(line.after(), "\nkill_signal = \"SIGTERM\"")])
            }
            (None, None) => continue,
        };
        let finding = RULE
            .warning(span, "Fly stops it with SIGINT, which is a quick stop for gunicorn")
            .label(if signal.is_some() { "the quick stop" } else { "no kill_signal: SIGINT" })
            .happens("each deploy cuts the requests that are running")
            .safe_fix("stop it with SIGTERM", finding);
        findings.add(Finding { platform: Some(Platform::Fly), ..finding });
    }
}

/// Whether one of its processes, or its image, starts gunicorn.
fn runs_gunicorn(facts: &Facts, app: &App) -> bool {
    let directory = facts.sources.get(app.file).directory();
    let dockerfile = app.document.dockerfile.as_ref().map_or("Dockerfile", |it| it.text());
    let image = join(directory, dockerfile);
    facts.servers().filter(|(_, command)| command.program == Program::Gunicorn).any(|(deployment, _)| {
        let file = deployment.place.file;
        let own = deployment.platform == Platform::Fly && file == app.file;
        let built = app.document.processes.is_empty()
            && app.document.image.is_none()
            && facts.is_image(file)
            && image.as_deref() == Some(facts.sources.get(file).path());
        own || built
    })
}
