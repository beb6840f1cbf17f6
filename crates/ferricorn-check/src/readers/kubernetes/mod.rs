//! Manifests of Kubernetes, and Knative services (Cloud Run).
//!
//! How to use: `kubernetes::read(&source)` gives [`Manifests::workloads`] (Deployment, `StatefulSet`, `DaemonSet`, Job,
//! `CronJob`, Pod, Knative Service) with their containers, and [`Manifests::services`] with selectors and ports.
//! `container.command` and `container.args` are words; no shell sees them, and only `$(NAME)` is put in. A manifest that is a
//! template (`{{ … }}`) is YAML only by chance: ask [`super::is_template`] first.
//!
//! Invariants: documents that are no manifest are left out; of one that is, what could be read is there.

mod container;

#[cfg(test)]
mod tests;

pub use container::{Container, ContainerPort, PreStop, Probe, ProbeKind, Variable};

use std::collections::BTreeMap;

use super::yaml::{self, Node};
use crate::text::{Excerpt, Source, Span, Unreadable};

/// What a file declares.
#[derive(Debug, Clone, Default)]
pub struct Manifests {
    /// What runs.
    pub workloads: Vec<Workload>,
    /// What leads requests to it.
    pub services: Vec<Service>,
    /// What stopped the reading, if the file is no YAML.
    pub error: Option<Unreadable>,
}

/// Something that runs pods.
#[derive(Debug, Clone)]
pub struct Workload {
    /// `Deployment`, `Pod`, …; `KnativeService` for a service of Knative.
    pub kind: String,
    /// Its name.
    pub name: Option<Excerpt>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The labels of its pods.
    pub labels: BTreeMap<String, String>,
    /// The annotations of the workload and of its pods.
    pub annotations: BTreeMap<String, String>,
    /// `replicas`.
    pub replicas: Option<(i64, Span)>,
    /// `containers`.
    pub containers: Vec<Container>,
    /// `initContainers`.
    pub init_containers: Vec<Container>,
    /// `terminationGracePeriodSeconds`; without it 30.
    pub grace_period: Option<(i64, Span)>,
    /// `runAsNonRoot` of the pod.
    pub run_as_non_root: Option<(bool, Span)>,
    /// The pod's `spec`.
    pub pod: Node,
    /// The whole document.
    pub node: Node,
}

/// A `Service`.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name.
    pub name: Option<Excerpt>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Labels that its pods have.
    pub selector: BTreeMap<String, String>,
    /// `ports`: the port, and where it leads (a number or a name; without `targetPort` the port itself).
    pub ports: Vec<(Excerpt, Excerpt)>,
    /// The whole document.
    pub node: Node,
}

impl Service {
    /// Whether it leads to the pods of this workload.
    pub fn selects(&self, workload: &Workload) -> bool {
        !self.selector.is_empty()
            && self.namespace == workload.namespace
            && self.selector.iter().all(|(label, value)| workload.labels.get(label) == Some(value))
    }
}

/// Reads a file of manifests.
pub fn read(source: &Source) -> Manifests {
    let file = yaml::read(source);
    let mut manifests = Manifests { error: file.error, ..Manifests::default() };
    for document in &file.documents {
        manifests.document(document, 0);
    }
    manifests
}

impl Manifests {
    fn document(&mut self, document: &Node, depth: u32) {
        let (Some(version), Some(kind)) =
            (document.get("apiVersion").and_then(Node::str), document.get("kind").and_then(Node::str))
        else {
            return;
        };
        if kind == "List" && depth < 4 {
            let items = document.get("items").map_or(&[][..], Node::items);
            for item in items {
                self.document(item, depth + 1);
            }
            return;
        }
        let template = ["spec", "template"];
        let job = ["spec", "jobTemplate", "spec", "template"];
        match kind {
            "Service" if version.starts_with("serving.knative.dev/") => {
                self.workload("KnativeService", document, document.at(&template));
            }
            "Service" if version == "v1" => self.services.push(service(document)),
            "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job" | "Rollout" => {
                self.workload(kind, document, document.at(&template));
            }
            "CronJob" => self.workload(kind, document, document.at(&job)),
            "Pod" => self.workload(kind, document, Some(document)),
            _ => {}
        }
    }

    fn workload(&mut self, kind: &str, document: &Node, template: Option<&Node>) {
        let Some(pod) = template.and_then(|template| template.get("spec")) else { return };
        let containers = |key: &str| {
            let items = pod.get(key).map_or(&[][..], Node::items);
            items.iter().map(container::container).collect()
        };
        let mut annotations = pairs(document.at(&["metadata", "annotations"]));
        annotations.extend(pairs(template.and_then(|template| template.at(&["metadata", "annotations"]))));
        let number = |node: Option<&Node>| node.and_then(|node| Some((node.integer()?, node.span)));
        self.workloads.push(Workload {
            kind: kind.to_owned(),
            name: document.at(&["metadata", "name"]).and_then(Node::value).cloned(),
            namespace: document.at(&["metadata", "namespace"]).and_then(Node::str).map(str::to_owned),
            labels: pairs(template.and_then(|template| template.at(&["metadata", "labels"]))),
            annotations,
            replicas: number(document.at(&["spec", "replicas"])),
            containers: containers("containers"),
            init_containers: containers("initContainers"),
            grace_period: number(pod.get("terminationGracePeriodSeconds")),
            run_as_non_root: container::boolean(pod.at(&["securityContext", "runAsNonRoot"])),
            pod: pod.clone(),
            node: document.clone(),
        });
    }
}

fn service(document: &Node) -> Service {
    let ports = document.at(&["spec", "ports"]).map_or(&[][..], Node::items);
    let port = |node: &Node| {
        let port = node.get("port")?.value()?.clone();
        let target = node.get("targetPort").and_then(Node::value).cloned();
        Some((port.clone(), target.unwrap_or(port)))
    };
    Service {
        name: document.at(&["metadata", "name"]).and_then(Node::value).cloned(),
        namespace: document.at(&["metadata", "namespace"]).and_then(Node::str).map(str::to_owned),
        selector: pairs(document.at(&["spec", "selector"])),
        ports: ports.iter().filter_map(port).collect(),
        node: document.clone(),
    }
}

fn pairs(node: Option<&Node>) -> BTreeMap<String, String> {
    let entries = node.map_or_else(Vec::new, Node::entries).into_iter();
    entries.filter_map(|entry| Some((entry.key.str()?.to_owned(), entry.value.str()?.to_owned()))).collect()
}
