//! A probe, a service or a published port leads to a port on which nothing listens, so there is never an answer. A pod whose
//! probe goes there never gets ready, or is restarted for ever.
//!
//! ## Bad
//!
//! ```yaml deployment.yaml:15
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
//!           command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
//!           readinessProbe:
//!             httpGet:
//!               path: /health
//!               port: 8000
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
//!       containers:
//!         - name: api
//!           image: registry.example.org/api:1
//!           command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
//!           readinessProbe:
//!             httpGet:
//!               path: /health
//!               port: 8080
//! ```
//!
//! ## Bad
//!
//! ```toml fly.toml:4
//! app = "api"
//!
//! [http_service]
//! internal_port = 8000
//! ```
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
//! ```
//!
//! ## Fixed
//!
//! ```toml fly.toml
//! app = "api"
//!
//! [http_service]
//! internal_port = 8080
//! ```
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
//! ```
//!
//! ## Bad
//!
//! ```yaml docker-compose.prod.yml:6
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
//!     ports:
//!       - "80:8000"
//! ```
//!
//! ## Fixed
//!
//! ```yaml docker-compose.prod.yml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "8080"]
//!     ports:
//!       - "80:8080"
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
//!           command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "$(PORT)"]
//!           env:
//!             - name: PORT
//!               value: "8080"
//!           readinessProbe:
//!             httpGet:
//!               path: /health
//!               port: 8080
//! ```

use crate::{
    facts::{Deployment, Probe},
    finding::Platform,
    readers::{
        dockerfile::Detail,
        kubernetes::{Container, Workload},
    },
    rules::prelude::*,
    text::{Excerpt, Span},
};

pub(super) static RULE: Rule =
    Rule::new(207, "port that nothing listens on", Severity::Error, explanation!("fc207.rs"), check);

/// Something that leads to a port.
struct Way {
    port: u16,
    span: Span,
    /// How it leads there: "probed on", "requests are led to".
    how: &'static str,
    happens: &'static str,
    severity: Severity,
}

const UNANSWERED: &str = "no request is ever answered: connection refused";

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let alone = !super::has_proxy(facts, deployment);
        let Some(command) = deployment.server().filter(|it| !it.optional && alone) else { continue };
        let listens = application.port(deployment, command);
        let Some(port) = listens.value().copied() else { continue };
        // The endpoint for metrics and probes is a second port.
        let metrics =
            command.value("metrics-bind").map(|given| given.value().and_then(|it| metrics_port(it)));
        if metrics == Some(None) {
            continue;
        }
        let metrics = metrics.flatten();
        let mut ways = probes(facts, deployment);
        ways.extend(fly(deployment));
        ways.extend(services(facts, deployment));
        ways.extend(published(facts, deployment));
        ways.extend(exposed(facts, deployment));
        for way in ways.iter().filter(|way| way.port != port && Some(way.port) != metrics) {
            let place = listens.span().unwrap_or(command.program_span);
            findings.add(deployment.sign(finding(facts, command, port, place, way)));
        }
    }
}

/// The port of `--metrics-bind`: `9100`, `HOST:9100`.
fn metrics_port(value: &str) -> Option<u16> {
    value.rsplit(':').next().unwrap_or(value).parse().ok()
}

fn finding(facts: &Facts, command: &Command, listens: u16, place: Span, way: &Way) -> Finding {
    let program = command.program.name();
    let message = format!("{} {}, but {program} listens on {listens}", way.how, way.port);
    let finding = Finding::new(RULE.id, way.severity, way.span, message)
        .label("nothing listens on this port")
        .also(place, "the port on which it listens")
        .happens(way.happens);
    let written = facts.sources.get(way.span.file).slice(way.span);
    if written == way.port.to_string() {
        finding.safe_fix(format!("write {listens}"), vec![Edit::replace(way.span, listens.to_string())])
    } else {
        finding
    }
}

fn probes(facts: &Facts, deployment: &Deployment) -> Vec<Way> {
    let way = |(port, span)| Way {
        port,
        span,
        how: "probed on",
        happens: "the probe is never answered",
        severity: Severity::Error,
    };
    // A command of another container of the file may be asked: only its own name is meant by localhost.
    let found = deployment.probes.iter().filter_map(|probe| probe.port.or_else(|| asked(facts, probe)));
    found.map(way).collect()
}

/// The port in `http://localhost:8000/health` of a probe's command.
fn asked(facts: &Facts, probe: &Probe) -> Option<(u16, Span)> {
    let words = probe.command.iter().flat_map(|line| &line.commands).flat_map(|command| &command.words);
    let mut found = words.filter_map(|word| {
        let (before, rest) = word.known()?.split_once("://")?;
        let host =
            ["localhost:", "127.0.0.1:", "0.0.0.0:"].iter().find_map(|host| rest.strip_prefix(host))?;
        let digits: String = host.chars().take_while(char::is_ascii_digit).collect();
        let span = word.inner();
        let written = facts.sources.get(span.file).slice(span);
        let at = before.len() + 3 + (rest.len() - host.len());
        let exact = written.get(at..at + digits.len()) == Some(digits.as_str());
        let start = span.range().start + at;
        let place =
            if exact { facts.sources.get(span.file).span(start..start + digits.len()) } else { word.span };
        Some((digits.parse().ok()?, place))
    });
    found.next().filter(|_| found.next().is_none())
}

/// `internal_port`.
fn fly(deployment: &Deployment) -> Option<Way> {
    let (port, span) = deployment.port.known().filter(|_| deployment.platform == Platform::Fly)?;
    Some(Way {
        port: *port,
        span,
        how: "Fly leads requests to",
        happens: "the deploy fails: the app is not listening on the expected address",
        severity: Severity::Error,
    })
}

/// Where services of Kubernetes lead.
fn services(facts: &Facts, deployment: &Deployment) -> Vec<Way> {
    if deployment.platform != Platform::Kubernetes {
        return Vec::new();
    }
    let Some((workload, container)) = pod(facts, deployment) else { return Vec::new() };
    let services = facts.manifests.iter().flat_map(|it| &it.document.services);
    let targets = services.filter(|service| service.selects(workload)).filter_map(|service| {
        // With several ports one may be for something else.
        let [(_, target)] = service.ports.as_slice() else { return None };
        Some(target)
    });
    let number = |target: &Excerpt| {
        let named =
            container.ports.iter().find(|it| it.name.as_ref().is_some_and(|it| it.text() == target.text()));
        named.map_or(target.text(), |it| it.number.text()).parse().ok()
    };
    let way = |target: &Excerpt| {
        Some(Way {
            port: number(target)?,
            span: target.whole(),
            how: "the service leads to",
            happens: UNANSWERED,
            severity: Severity::Error,
        })
    };
    targets.filter_map(way).collect()
}

/// The pod of a deployment, if nothing else runs in it.
fn pod<'f>(facts: &'f Facts, deployment: &Deployment) -> Option<(&'f Workload, &'f Container)> {
    let workloads = facts.manifests.iter().flat_map(|it| &it.document.workloads);
    workloads.filter_map(|workload| Some((workload, workload.containers.first()?))).find(
        |(workload, container)| {
            let place = container.name.as_ref().map_or(container.node.span, Excerpt::whole);
            workload.containers.len() == 1 && place == deployment.place
        },
    )
}

/// The port of a service of compose, if it publishes one.
fn published(facts: &Facts, deployment: &Deployment) -> Option<Way> {
    let file = facts.compose.iter().find(|it| it.file == deployment.place.file && it.production)?;
    let service = file.document.services.iter().find(|it| it.name_span == deployment.place)?;
    let [port] = service.ports.as_slice() else { return None };
    let target = &port.target;
    Some(Way {
        port: target.text().split('/').next()?.parse().ok()?,
        span: target.whole(),
        how: "compose leads requests to",
        happens: UNANSWERED,
        severity: Severity::Error,
    })
}

/// `EXPOSE` is a note for people and for some platforms.
fn exposed(facts: &Facts, deployment: &Deployment) -> Option<Way> {
    let image = facts.image(deployment.place.file)?;
    let stage = image.document.final_stage()?;
    let history = image.document.history(stage);
    let mut ports = history.iter().flat_map(|instruction| match &instruction.detail {
        Detail::Expose(ports) => ports.as_slice(),
        _ => &[],
    });
    let only = ports.next().filter(|_| ports.next().is_none())?;
    Some(Way {
        port: only.text().parse().ok()?,
        span: only.whole(),
        how: "EXPOSE names",
        happens: "platforms that go by EXPOSE lead requests to a port that nothing listens on",
        severity: Severity::Advice,
    })
}
