//! Kubernetes runs several pods of one process well: it spreads them, restarts them and counts what each takes. Several
//! workers in one pod share its limits, and one that dies for its memory is not seen from outside.
//!
//! ## Bad
//!
//! ```yaml pod.yaml:8
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: api
//! spec:
//!   containers:
//!     - name: api
//!       command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--workers", "4"]
//! ```
//!
//! ## Fixed
//!
//! ```yaml pod.yaml
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: api
//! spec:
//!   containers:
//!     - name: api
//!       command: ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```yaml compose.yaml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--workers", "4"]
//! ```

use crate::{finding::Platform, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(406, "several workers in a pod", Severity::Advice, explanation!("fc406.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services().filter(|it| it.0.platform == Platform::Kubernetes) {
        let Some(command) = deployment.server() else { continue };
        let workers = application.workers(deployment, command);
        let Some((workers, span)) = workers.known().filter(|(workers, _)| **workers > 1) else { continue };
        findings.add(
            deployment.sign(
                RULE.advice(span, format!("{workers} workers in each pod"))
                    .label("they share the limits of the pod")
                    .help("start one worker, and more replicas"),
            ),
        );
    }
}
