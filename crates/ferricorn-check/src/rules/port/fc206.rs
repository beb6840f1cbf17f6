//! Render keeps the ports 18012, 18013 and 19099 for itself: a server that wants one of them does not start.
//!
//! Ports below 1024 are for root. A unit of systemd with a `User` needs `AmbientCapabilities=CAP_NET_BIND_SERVICE` for them,
//! or a socket unit. In a container Docker allows them to every user; other runtimes may not.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port 18012
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
//! ## Bad
//!
//! ```ini api.service:3
//! [Service]
//! User=api
//! ExecStart=/srv/api/bin/uvicorn main:app --host 0.0.0.0 --port 80
//! ```
//!
//! ## Fixed
//!
//! ```ini api.service
//! [Service]
//! User=api
//! AmbientCapabilities=CAP_NET_BIND_SERVICE
//! ExecStart=/srv/api/bin/uvicorn main:app --host 0.0.0.0 --port 80
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0", "--port", "80"]
//! ```

use crate::{facts::Deployment, finding::Platform, readers::dockerfile::Detail, rules::prelude::*};

pub(super) static RULE: Rule =
    Rule::new(206, "port that the server may not use", Severity::Error, explanation!("fc206.rs"), check);

/// Render's own.
const RESERVED: [u16; 3] = [18012, 18013, 19099];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        let listens = application.port(deployment, command);
        let Some((port, span)) = listens.known() else { continue };
        let finding = match deployment.platform {
            Platform::Render if RESERVED.contains(port) => RULE
                .error(span, format!("Render keeps port {port} for itself"))
                .label("reserved")
                .happens("the server ends: address already in use")
                .help("listen on the port in PORT"),
            Platform::Systemd if *port < 1024 && is_powerless(facts, deployment) => RULE
                .error(span, format!("only root may listen on port {port}"))
                .label("below 1024")
                .happens("the server ends: [Errno 13] Permission denied")
                .help("add AmbientCapabilities=CAP_NET_BIND_SERVICE, or listen behind a proxy"),
            Platform::Docker if *port < 1024 && has_user(facts, deployment) => RULE
                .advice(span, format!("port {port} is for root in some container runtimes"))
                .label("below 1024, with USER")
                .help("listen on a port from 1024 on"),
            _ => continue,
        };
        findings.add(deployment.sign(finding));
    }
}

/// Whether the unit runs as another user without the right to low ports.
fn is_powerless(facts: &Facts, deployment: &Deployment) -> bool {
    let file = deployment.place.file;
    facts.units.iter().filter(|unit| unit.file == file).any(|unit| {
        let value = |key: &'static str| unit.document.last("Service", key).map_or("", |it| it.value.text());
        let other = !matches!(value("User"), "root" | "0" | "");
        let dynamic = matches!(value("DynamicUser"), "yes" | "true" | "1");
        let text = facts.sources.get(file).text();
        (other || dynamic) && !text.contains("CAP_NET_BIND_SERVICE") && !text.contains(".socket")
    })
}

fn has_user(facts: &Facts, deployment: &Deployment) -> bool {
    let Some(image) = facts.images.iter().find(|image| image.file == deployment.place.file) else {
        return false;
    };
    let stage = image.document.final_stage();
    let user = stage.and_then(|stage| image.document.last(stage, |detail| matches!(detail, Detail::User(_))));
    matches!(user.map(|it| &it.detail), Some(Detail::User(name)) if !matches!(name.text(), "root" | "0"))
}
