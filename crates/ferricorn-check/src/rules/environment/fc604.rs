//! `localhost` is the container itself. A database, a broker or a cache runs in another one, and is reached by the name of its
//! service.
//!
//! ## Bad
//!
//! ```yaml render.yaml:8
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: REDIS_URL
//!         value: redis://localhost:6379/0
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
//!     envVars:
//!       - key: REDIS_URL
//!         sync: false
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//!     envVars:
//!       - key: CORS_ORIGINS
//!         value: http://localhost:3000
//!       - key: FRONTEND_URL
//!         value: http://localhost:3000
//! ```

use crate::{finding::Platform, rules::prelude::*, text::Span};

pub(super) static RULE: Rule =
    Rule::new(604, "database on localhost", Severity::Warning, explanation!("fc604.rs"), check);

/// Schemes of databases, brokers and caches.
const SCHEMES: [&str; 13] = [
    "postgres",
    "postgresql",
    "mysql",
    "mariadb",
    "mongodb",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "memcached",
    "valkey",
    "mssql",
    "clickhouse",
];

/// Variables that hold the host of one.
const HOSTS: [&str; 9] = [
    "DB_HOST",
    "DATABASE_HOST",
    "POSTGRES_HOST",
    "POSTGRES_SERVER",
    "PGHOST",
    "MYSQL_HOST",
    "REDIS_HOST",
    "MONGO_HOST",
    "RABBITMQ_HOST",
];

fn check(facts: &Facts, findings: &mut Findings) {
    let mut seen: Vec<Span> = Vec::new();
    // On a machine of its own the database may well be there, and containers of a pod share their localhost.
    let apart = |platform: Platform| {
        !matches!(platform, Platform::Systemd | Platform::Kubernetes | Platform::CloudRun)
    };
    for deployment in facts.deployments.iter().filter(|it| it.production && apart(it.platform)) {
        for variable in &deployment.env.variables {
            let Some((value, span)) = variable.value.known().filter(|(_, span)| !seen.contains(span)) else {
                continue;
            };
            if !is_local(&variable.name, value) {
                continue;
            }
            seen.push(span);
            let mut finding = RULE
                .warning(span, format!("{} names localhost, which is the container itself", variable.name))
                .label("nothing listens there")
                .happens("Connection refused")
                .help("name the service of the database");
            // A password may stand in it.
            finding.hidden = value.contains('@');
            findings.add(deployment.sign(finding));
        }
    }
}

fn is_local(name: &str, value: &str) -> bool {
    let local = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let upper = name.to_ascii_uppercase();
    if HOSTS.iter().any(|host| upper == *host || upper.ends_with(&format!("_{host}"))) {
        return local(value);
    }
    let Some((scheme, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let address = authority.rsplit('@').next().unwrap_or(authority);
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    SCHEMES.contains(&scheme.split('+').next().unwrap_or(scheme)) && local(host)
}
