//! Render waits between 1 and 300 seconds for a service to end after SIGTERM. It refuses any other
//! `maxShutdownDelaySeconds`.
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     maxShutdownDelaySeconds: 600
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
//!     maxShutdownDelaySeconds: 300
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     maxShutdownDelaySeconds: 60
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule = Rule::new(
    511,
    "shutdown delay that Render does not allow",
    Severity::Error,
    explanation!("fc511.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for (_, service) in super::services(facts) {
        let Some(node) = service.get("maxShutdownDelaySeconds") else { continue };
        let number = node.integer();
        if number.is_some_and(|seconds| (1..=300).contains(&seconds)) {
            continue;
        }
        let written = node.str().unwrap_or("nothing");
        let finding = RULE
            .error(node.span, format!("maxShutdownDelaySeconds cannot be {written}"))
            .label("1 to 300")
            .happens(super::REFUSED);
        findings.add(super::sign(
            service,
            match number {
                Some(301..) => finding.safe_fix("write 300", vec![Edit::replace(node.span, "300")]),
                _ => finding.help("write a number of seconds from 1 to 300"),
            },
        ));
    }
}
