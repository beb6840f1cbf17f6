//! An option came with some version of the server. A server that is pinned to an older one refuses it: it exits with 2
//! before it listens.
//!
//! ## Bad
//!
//! ```text Procfile:1
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --timeout-graceful-shutdown 20
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.95.0
//! uvicorn[standard]==0.21.1
//! ```
//!
//! ## Fixed
//!
//! ```text Procfile
//! web: uvicorn main:app --host 0.0.0.0 --port $PORT --timeout-graceful-shutdown 20
//! ```
//!
//! ```text requirements.txt
//! fastapi==0.95.0
//! uvicorn[standard]==0.30.6
//! ```
//!
//! ## Good
//!
//! ```text Procfile
//! web: gunicorn main:app -k uvicorn.workers.UvicornWorker --forwarder-headers X-Forwarded-For
//! ```
//!
//! ```text requirements.txt
//! gunicorn>=20
//! uvicorn==0.21.1
//! ```

use crate::{data::options::SINCE, readers::versions::Version, rules::prelude::*, text::Span};

pub(super) static RULE: Rule =
    Rule::new(104, "option that is newer than the server", Severity::Error, explanation!("fc104.rs"), check);

/// gunicorn's own worker for ASGI, and its first version.
const ASGI: (&str, &str) = ("asgi", "24.0.0");

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let package = match command.program {
            Program::Uvicorn => "uvicorn",
            Program::Gunicorn => "gunicorn",
            _ => continue,
        };
        let Some((version, pin)) = application.packages.version(package) else { continue };
        let older = |first: &str| first.parse::<Version>().is_ok_and(|first| *version < first);
        let mut add = |what: &str, first: &str, span: Span| {
            if !older(first) {
                return;
            }
            let exit = if what.starts_with("--") { "exits 2" } else { "exits 1" };
            findings.add(
                deployment.sign(
                    RULE.error(span, format!("{what} needs {package} {first} or newer"))
                        .label(format!("{package} {version} does not have it"))
                        .also(pin, format!("{package} {version}"))
                        .happens(format!("{package} {exit} before it listens"))
                        .help(format!("raise {package}, or leave {what} out")),
                ),
            );
        };
        for given in &command.options {
            let long = given.spelling.long;
            if let Some((.., first)) = SINCE.iter().find(|it| it.0 == package && it.1 == long) {
                add(&format!("--{long}"), first, given.name);
            }
            let class = given.value.known().filter(|_| given.spelling.entry.name() == "worker-class");
            if let Some((_, span)) = class.filter(|(class, _)| *class == ASGI.0) {
                add("the worker class asgi", ASGI.1, span);
            }
        }
    }
}
