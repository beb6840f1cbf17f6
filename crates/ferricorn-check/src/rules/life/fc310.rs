//! Kubernetes counts `terminationGracePeriodSeconds` from the moment at which the pod is to end. `preStop` runs first, and
//! only then comes the stop signal: what it takes is lost for the server's graceful timeout. Without `preStop` requests
//! still arrive for a moment at a server that is stopping, until all proxies know it.
//!
//! A liveness probe on the path of the readiness probe, with little patience, restarts a pod that is only busy, and leads
//! its requests to the others, which are then busier.
//!
//! ## Bad
//!
//! ```yaml deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: api
//! spec:
//!   template:
//!     spec:
//!       terminationGracePeriodSeconds: 30
//!       containers:
//!         - name: api
//!           image: registry.example.org/api:1
//!           command: ["gunicorn", "main:app", "--bind", "0.0.0.0:8000", "--graceful-timeout", "25"]
//!           lifecycle:
//!             preStop:
//!               exec:
//!                 command: ["sleep", "10"]
//! ```
//!
//! ## Fixed
//!
//! ```yaml deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: api
//! spec:
//!   template:
//!     spec:
//!       terminationGracePeriodSeconds: 45
//!       containers:
//!         - name: api
//!           image: registry.example.org/api:1
//!           command: ["gunicorn", "main:app", "--bind", "0.0.0.0:8000", "--graceful-timeout", "25"]
//!           lifecycle:
//!             preStop:
//!               exec:
//!                 command: ["sleep", "10"]
//! ```
//!
//! ## Good
//!
//! ```yaml deployment.yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: api
//! spec:
//!   template:
//!     spec:
//!       containers:
//!         - name: api
//!           image: registry.example.org/api:1
//!           command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--timeout-graceful-shutdown", "20"]
//!           livenessProbe:
//!             httpGet: {path: /health, port: 8000}
//!           readinessProbe:
//!             httpGet: {path: /health, port: 8000}
//!           lifecycle:
//!             preStop:
//!               sleep: {seconds: 5}
//! ```

use crate::{
    facts::Deployment,
    finding::Platform,
    readers::kubernetes::{Container, ProbeKind},
    rules::prelude::*,
    text::Excerpt,
};

pub(super) static RULE: Rule =
    Rule::new(310, "how a pod ends", Severity::Warning, explanation!("fc310.rs"), check);

/// A liveness probe that gives up sooner, in seconds, is impatient.
const PATIENCE: i64 = 20;

fn check(facts: &Facts, findings: &mut Findings) {
    let pods = facts.manifests.iter().flat_map(|it| &it.document.workloads);
    for container in pods.filter(|it| it.kind != "KnativeService").flat_map(|it| &it.containers) {
        let place = container.name.as_ref().map_or(container.node.span, Excerpt::whole);
        let own =
            |it: &&(&Deployment, &Command)| it.0.platform == Platform::Kubernetes && it.0.place == place;
        let Some((deployment, command)) = facts.servers().find(|it| own(&it)) else { continue };
        let found = [
            too_long(container, deployment, command),
            impatient(container),
            container.pre_stop.is_none().then(|| {
                RULE.advice(place, "requests still arrive while the server stops")
                    .label("no preStop")
                    .help("let preStop sleep for 5 s, until all proxies know that the pod ends")
            }),
        ];
        for finding in found.into_iter().flatten() {
            findings.add(deployment.sign(finding));
        }
    }
}

fn too_long(container: &Container, deployment: &Deployment, command: &Command) -> Option<Finding> {
    let stop = container.pre_stop.as_ref()?;
    let sleeps = stop.sleeps?;
    let (seconds, span) = command.value("graceful-timeout")?.known()?;
    let seconds: u32 = seconds.parse().ok()?;
    let grace = u32::try_from(*deployment.kill_delay.value()?).ok()?;
    let all = sleeps + f64::from(seconds);
    (all >= f64::from(grace)).then(|| {
        let finding = RULE
            .warning(
                stop.span,
                format!("preStop and the graceful timeout take {all} s, the pod has {grace} s"),
            )
            .label(format!("{sleeps} s before the stop signal"))
            .also(span, format!("{seconds} s after it"))
            .happens("requests that are still running are cut by SIGKILL")
            .help(format!("set terminationGracePeriodSeconds to {}", (all + 10.0).ceil()));
        match deployment.kill_delay.span() {
            Some(place) => finding.also(place, "from the beginning of preStop"),
            None => finding,
        }
    })
}

fn impatient(container: &Container) -> Option<Finding> {
    let of = |kind: ProbeKind| container.probes.iter().find(|probe| probe.kind == kind);
    let (live, ready) = (of(ProbeKind::Liveness)?, of(ProbeKind::Readiness)?);
    let path = live.path.as_ref()?;
    let same = ready.path.as_ref().is_some_and(|it| it.text() == path.text());
    let patience = live.period.saturating_mul(live.threshold);
    (same && patience < PATIENCE).then(|| {
        RULE.warning(
            path.whole(),
            format!("the pod is restarted if {} is slow for {patience} s", path.text()),
        )
        .label("the path of the readiness probe too")
        .happens("a busy pod is restarted, and the others get its requests")
        .help("give the liveness probe a higher failureThreshold, or a path that always answers")
    })
}
