//! The port is the one that the platform names in `PORT` as long as `PORT` is not set to another one. With `$PORT` in its
//! place it is right then too.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port 10000
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port ${PORT:-10000}
//! ```

use super::fc202::expected;
use crate::{facts::Role, rules::prelude::*};

pub(super) static RULE: Rule = Rule::new(
    203,
    "port that is the platform's by chance",
    Severity::Advice,
    explanation!("fc203.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services().filter(|it| it.0.role == Role::Web) {
        let Some(command) = deployment.server() else { continue };
        let Some(expected) = expected(deployment).and_then(|it| it.port) else { continue };
        let listens = application.port(deployment, command);
        let Some((port, span)) = listens.known().filter(|(port, _)| **port == expected) else { continue };
        let finding = RULE
            .advice(
                span,
                format!("{port} is {}'s port only as long as PORT is not set", deployment.platform.name()),
            )
            .label("a fixed port");
        let written = facts.sources.get(span.file).slice(span);
        let plain = command.shell.is_some() && command.span.contains(span) && written == port.to_string();
        findings.add(deployment.sign(if plain {
            finding.safe_fix("write $PORT", vec![Edit::replace(span, "$PORT")])
        } else {
            finding.help("listen on the port in PORT")
        }));
    }
}
