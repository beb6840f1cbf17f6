//! An asynchronous worker fills one processor. More than two for each processor, and one besides, only take memory and
//! get in each other's way.
//!
//! ## Bad
//!
//! ```yaml compose.yaml:4
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--workers", "8"]
//!     cpus: 1
//! ```
//!
//! ## Fixed
//!
//! ```yaml compose.yaml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--workers", "2"]
//!     cpus: 1
//! ```
//!
//! ## Good
//!
//! ```yaml compose.yaml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--workers", "8"]
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(402, "more workers than processors", Severity::Advice, explanation!("fc402.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let Some(thousandths) = deployment.resources.cpu.value().copied() else { continue };
        let workers = application.workers(deployment, command);
        let Some((workers, span)) = workers.known() else { continue };
        if workers.saturating_mul(1000) <= thousandths.saturating_mul(2).saturating_add(1000) {
            continue;
        }
        let share = format!("{}.{:02}", thousandths / 1000, thousandths % 1000 / 10);
        let finding = RULE
            .advice(span, format!("{workers} workers share {share} processors"))
            .label("more than they fill")
            .help("start fewer workers");
        let finding = match deployment.resources.cpu.span() {
            Some(place) => finding.also(place, "the processors"),
            None => finding,
        };
        findings.add(deployment.sign(finding));
    }
}
