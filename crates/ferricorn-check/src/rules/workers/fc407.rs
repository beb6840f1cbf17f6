//! Without a limit a process that takes ever more memory takes it from everything else on the machine, until the kernel
//! kills something, which need not be the one that took it.
//!
//! ## Bad
//!
//! ```yaml compose.yaml:2
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```yaml compose.yaml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0"]
//!     mem_limit: 512m
//! ```
//!
//! ## Good
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
//!       resources:
//!         limits:
//!           memory: 512Mi
//! ```

use crate::rules::prelude::*;

pub(super) static RULE: Rule =
    Rule::new(407, "no limit of memory", Severity::Advice, explanation!("fc407.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    let services = facts.compose.iter().filter(|it| it.production).flat_map(|it| &it.document.services);
    let services = services
        .filter(|it| it.node.get("mem_limit").is_none() && it.node.at(&LIMITS).is_none() && !it.extends)
        .map(|it| it.name_span);
    let pods = facts.manifests.iter().flat_map(|it| &it.document.workloads);
    let containers = pods
        .filter(|it| it.kind != "KnativeService")
        .flat_map(|it| &it.containers)
        .filter(|it| it.node.at(&["resources", "limits", "memory"]).is_none())
        .map(|it| it.name.as_ref().map_or(it.node.span, crate::text::Excerpt::whole));
    for place in services.chain(containers) {
        if let Some((deployment, _)) = facts.servers().find(|(deployment, _)| deployment.place == place) {
            findings.add(
                deployment.sign(
                    RULE.advice(place, "nothing limits how much memory it takes")
                        .label("no limit")
                        .help("set a limit of memory"),
                ),
            );
        }
    }
}

/// Where compose has the limit.
const LIMITS: [&str; 4] = ["deploy", "resources", "limits", "memory"];
