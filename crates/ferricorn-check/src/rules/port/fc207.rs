//! A probe asks a port on which nobody listens: it is never answered, so that the pod never gets ready, or is restarted for
//! ever.
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

use crate::{facts::Deployment, rules::prelude::*, text::Span};

pub(super) static RULE: Rule = Rule::new(
    207,
    "probe of a port on which nobody listens",
    Severity::Error,
    explanation!("fc207.rs"),
    check,
);

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        let Some((listens, place)) = listens(deployment, command) else { continue };
        for probe in &deployment.probes {
            let Some((port, span)) = probe.port else { continue };
            if port == listens {
                continue;
            }
            let finding = RULE
                .error(span, format!("probed on {port}, but {} listens on {listens}", command.program.name()))
                .label("nobody listens on this port")
                .also(place, "the port on which it listens")
                .happens("the probe is never answered");
            let written = facts.sources.get(span.file).slice(span);
            findings.add(deployment.sign(if written == port.to_string() {
                finding.safe_fix(format!("write {listens}"), vec![Edit::replace(span, listens.to_string())])
            } else {
                finding
            }));
        }
    }
}

/// The one port on which it listens, if it is written.
fn listens(deployment: &Deployment, command: &Command) -> Option<(u16, Span)> {
    let name = match command.program {
        Program::Uvicorn => "port",
        Program::Gunicorn => "bind",
        _ => return None,
    };
    let mut all = command.options.iter().filter(|it| it.spelling.entry.name() == name);
    let given = all.next().filter(|_| all.next().is_none() && !command.open)?;
    let (text, span) = given.value.known()?;
    let text = deployment.expanded(text)?;
    let port = if name == "port" { text.as_str() } else { text.rsplit_once(':')?.1 };
    Some((port.parse().ok()?, span))
}
