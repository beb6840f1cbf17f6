//! The proxy in front of a server keeps connections open to use them again. If the server closes an idle connection
//! sooner than the proxy does, a request may be on its way at that moment, and the proxy answers 502 or 503 for it. So the
//! server should wait longer than the proxy: Heroku's router keeps connections for 90 s, other platforms do not say it.
//!
//! uvicorn waits 5 s and gunicorn 2 s unless `--timeout-keep-alive` or `--keep-alive` says otherwise.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --timeout-keep-alive 5
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --timeout-keep-alive 95
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --timeout-keep-alive 95
//! worker: python worker.py
//! ```

use crate::{facts::Role, finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule = Rule::new(
    303,
    "connections closed before the proxy does",
    Severity::Warning,
    explanation!("fc303.rs"),
    check,
);

/// How long Heroku's router keeps an idle connection, in seconds.
const HEROKU: u64 = 90;

/// What most proxies do not exceed, in seconds.
const USUAL: u64 = 60;

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server().filter(|_| deployment.role == Role::Web) else { continue };
        let (platform, name) = (deployment.platform, deployment.platform.name());
        let known = match command.program {
            Program::Uvicorn => 5,
            Program::Gunicorn => 2,
            _ => continue,
        };
        if platform == Platform::Docker {
            continue;
        }
        let finding = match application.number(deployment, command, "keep-alive") {
            Some(Fact::Known(seconds, span)) if platform == Platform::Heroku && seconds < HEROKU => RULE
                .warning(
                    span,
                    format!("connections are closed after {seconds} s, Heroku keeps them for {HEROKU} s"),
                )
                .label("shorter than the router waits")
                .safe_fix("write 95", vec![Edit::replace(span, "95")]),
            Some(Fact::Known(seconds, span)) if seconds <= USUAL => RULE
                .advice(span, format!("connections are closed after {seconds} s, perhaps before {name} does"))
                .label("shorter than many proxies wait")
                .help("write a longer time, as 75"),
            None => RULE
                .advice(
                    command.program_span,
                    format!("connections are closed after {known} s, perhaps before {name} does"),
                )
                .label("no time for idle connections is set")
                .help("set a longer time, as 75"),
            Some(_) => continue,
        };
        findings.add(deployment.sign(finding.happens("now and then a request is answered with 502 or 503")));
    }
}
