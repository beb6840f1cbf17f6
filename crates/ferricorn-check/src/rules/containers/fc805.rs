//! An image without `USER` runs as root. A fault in the application then has all rights in the container, and on a host whose
//! kernel or runtime has a hole perhaps there too. A pod with `runAsNonRoot` refuses such an image.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:1
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! RUN useradd --create-home app
//! USER app
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM registry.example/base
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use super::images::variant;
use crate::{readers::dockerfile::Detail, rules::prelude::*, text::Span};

pub(super) static RULE: Rule =
    Rule::new(805, "image that runs as root", Severity::Error, explanation!("fc805.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let Some(image) = facts.images.iter().find(|image| image.file == deployment.place.file) else {
            continue;
        };
        let Some(stage) = image.document.final_stage() else { continue };
        // Another base image may have a user of its own.
        let base = image.document.image(stage);
        let official = base.as_deref().and_then(variant).is_some();
        let user = image.document.last(stage, |detail| matches!(detail, Detail::User(_))).is_some();
        // A wrapper as gosu changes the user at the start.
        let changes = command
            .wrappers
            .iter()
            .any(|it| matches!(it.name.as_str(), "gosu" | "su-exec" | "setpriv" | "sudo"));
        if official && !user && !changes {
            let finding = match refusing(facts) {
                Some(place) => RULE
                    .error(stage.image.whole(), "the image runs as root, and the pod may not")
                    .also(place, "runAsNonRoot")
                    .happens("the pod is refused: container has runAsNonRoot and image will run as root"),
                None => RULE
                    .advice(stage.image.whole(), "the image runs as root")
                    .happens("a fault in the application has all rights in the container"),
            };
            findings.add(deployment.sign(finding.help("make a user and name it with USER")));
        }
    }
}

/// The `runAsNonRoot` of the only container of all manifests, if the only Dockerfile is that of its image.
fn refusing(facts: &Facts) -> Option<Span> {
    let mut workloads = facts.manifests.iter().flat_map(|it| &it.document.workloads);
    let only = workloads.next().filter(|_| workloads.next().is_none() && facts.images.len() == 1)?;
    let [container] = only.containers.as_slice() else { return None };
    let user = container.run_as_user.is_some() || only.pod.at(&["securityContext", "runAsUser"]).is_some();
    let (wanted, span) = container.run_as_non_root.or(only.run_as_non_root)?;
    (wanted && !user).then_some(span)
}
