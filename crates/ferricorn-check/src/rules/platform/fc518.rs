//! A disk belongs to one instance at a time: Render stops the old instance before it starts the new one, so every deploy has a
//! gap. A shutdown delay makes that gap longer, and Render is reported to refuse the two together.
//!
//! ## Bad
//!
//! ```yaml render.yaml:6
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     maxShutdownDelaySeconds: 120
//!     disk:
//!       name: data
//!       mountPath: /var/data
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
//!     disk:
//!       name: data
//!       mountPath: /var/data
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
//!     maxShutdownDelaySeconds: 120
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(518, "shutdown delay with a disk", Severity::Warning, explanation!("fc518.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (_, service) in super::services(facts) {
        let (Some(delay), Some(disk)) = (service.entry("maxShutdownDelaySeconds"), service.entry("disk"))
        else {
            continue;
        };
        let finding = RULE
            .warning(delay.key.span, "a service with a disk has no shutdown delay")
            .label("together with a disk")
            .also(disk.key.span, "this disk")
            .happens("Render may refuse the Blueprint; otherwise each deploy is down for that much longer")
            .help("leave it out");
        findings.add(super::sign(service, finding));
    }
}
