//! uvicorn takes scheme and address of the client from the headers of a proxy only if the proxy's own address is one that
//! it trusts: 127.0.0.1, unless `--forwarded-allow-ips` or `FORWARDED_ALLOW_IPS` says more. Behind a platform's router every
//! client then has the router's address, and links are made with http://.
//!
//! With `*` every client is trusted. That is right if only the proxy reaches the server, and wrong on a port that is open
//! to all.
//!
//! ## Bad
//!
//! ```yaml docker-compose.prod.yml:4
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--forwarded-allow-ips", "*"]
//!     ports:
//!       - "8000:8000"
//! ```
//!
//! ## Fixed
//!
//! ```yaml docker-compose.prod.yml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--forwarded-allow-ips", "*"]
//!     ports:
//!       - "127.0.0.1:8000:8000"
//! ```
//!
//! ## Good
//!
//! ```yaml docker-compose.prod.yml
//! services:
//!   api:
//!     build: .
//!     command: ["uvicorn", "main:app", "--host", "0.0.0.0", "--forwarded-allow-ips", "*"]
//!   proxy:
//!     image: caddy:2
//!     ports:
//!       - "443:443"
//! ```

use crate::{
    facts::{Application, Deployment, Role, containers::Composition},
    finding::Platform,
    readers::compose::Service,
    rules::prelude::*,
};

pub(super) static RULE: Rule =
    Rule::new(605, "headers of the proxy", Severity::Warning, explanation!("fc605.rs"), check);

/// Addresses that only the machine itself reaches.
const OWN: [&str; 3] = ["127.0.0.1", "::1", "localhost"];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(command) = deployment.server() else { continue };
        if is_unset(deployment, application, command) {
            let platform = deployment.platform.name();
            findings.add(
                deployment.sign(
                    RULE.advice(
                        command.program_span,
                        format!("the headers of {platform}'s router are not believed"),
                    )
                    .label("trusts 127.0.0.1 only")
                    .help("add --forwarded-allow-ips '*', if nothing but the router reaches the server"),
                ),
            );
        }
    }
    for file in facts.compose.iter().filter(|it| it.production) {
        for service in &file.document.services {
            of_compose(facts, file, service, findings);
        }
    }
}

/// Whether uvicorn stands behind a router that it does not trust.
fn is_unset(deployment: &Deployment, application: &Application, command: &Command) -> bool {
    let routed = match deployment.platform {
        // Both set FORWARDED_ALLOW_IPS for Python services.
        Platform::Render | Platform::Heroku => !deployment.native,
        Platform::Fly | Platform::Railway | Platform::CloudRun | Platform::Kubernetes => true,
        Platform::Docker | Platform::Systemd => false,
    };
    let set = |name: &str| deployment.env.get(name).or_else(|| command.env.get(name)).is_some();
    let in_file = application.settings.is_some();
    routed
        && deployment.role == Role::Web
        && command.program == Program::Uvicorn
        && !command.open
        && !in_file
        && command.option("forwarded-allow-ips").is_none()
        && !set("FORWARDED_ALLOW_IPS")
        && !set("UVICORN_FORWARDED_ALLOW_IPS")
}

/// `*` on a port that everybody reaches, without a proxy in the same file.
fn of_compose(facts: &Facts, file: &Composition, service: &Service, findings: &mut Findings) {
    let Some(deployment) = facts.deployments.iter().find(|it| it.place == service.name_span) else { return };
    let given = deployment.server().and_then(|command| command.option("forwarded-allow-ips"));
    let Some(given) = given.filter(|it| it.value.value().is_some_and(|value| value == "*")) else { return };
    let open = service.ports.iter().find(|port| {
        port.published.as_ref().is_some_and(|it| !it.text().contains('$'))
            && port.address.as_ref().is_none_or(|it| !OWN.contains(&it.text()))
    });
    let Some(open) = open else { return };
    let text = facts.sources.get(file.file).text().to_lowercase();
    let proxy = ["nginx", "caddy", "traefik", "haproxy", "envoy", "proxy", "cloudflare", "tunnel", "ingress"];
    if proxy.iter().any(|name| text.contains(name)) {
        return;
    }
    findings.add(
        deployment.sign(
            RULE.warning(given.span, "every client's headers are believed, and everybody reaches this port")
                .label("believes anybody")
                .also(open.span, "open to all")
                .happens("a client may give itself any address: limits and logs are worth nothing")
                .help("publish the port on 127.0.0.1, for the proxy on the same machine, or name the proxy's address"),
        ),
    );
}
