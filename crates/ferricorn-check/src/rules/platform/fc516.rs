//! Render builds native services without root, and without Docker: `apt-get` fails with "Read-only file system" or
//! "Permission denied", `sudo` and `docker` are not there. What has to be installed from Debian wants `runtime: docker`.
//!
//! ## Bad
//!
//! ```yaml render.yaml:5
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: apt-get update && pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ## Bad
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: ./build.sh
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```
//!
//! ```sh build.sh:2
//! set -e
//! sudo apt-get install -y ffmpeg
//! pip install -r requirements.txt
//! ```
//!
//! ## Fixed
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: docker
//! ```
//!
//! ## Good
//!
//! ```yaml render.yaml
//! services:
//!   - type: web
//!     name: api
//!     runtime: python
//!     buildCommand: pip install -r requirements.txt && echo apt-get
//!     startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
//! ```

use crate::{finding::Platform, readers::shell::Join, rules::prelude::*, text::Span};

pub(super) static RULE: Rule = Rule::new(
    516,
    "program that a native build does not have",
    Severity::Error,
    explanation!("fc516.rs"),
    check,
);

/// What needs root, or Docker.
const MISSING: [&str; 11] = [
    "apt-get",
    "apt",
    "apk",
    "yum",
    "dnf",
    "sudo",
    "docker",
    "docker-compose",
    "systemctl",
    "service",
    "snap",
];

fn check(facts: &Facts, findings: &mut Findings) {
    // `apt-get update && apt-get install …` in one line is one mistake.
    let mut seen = Vec::new();
    for (deployment, application) in facts.services() {
        if deployment.platform != Platform::Render || !deployment.native {
            continue;
        }
        for line in deployment.lines().chain(&application.packages.scripts) {
            for command in &line.commands {
                let Some((name, span)) = missing(command) else { continue };
                let place = (span.file, facts.sources.get(span.file).line_of(span), name.clone());
                if seen.contains(&place) {
                    continue;
                }
                seen.push(place);
                findings.add(
                    deployment.sign(
                        RULE.error(span, format!("a native build on Render cannot run {name}"))
                            .label("needs root, or is not there")
                            .happens("the build fails: no root, and a file system that cannot be written")
                            .help("runtime: docker, with a Dockerfile that installs it"),
                    ),
                );
            }
        }
    }
}

/// The word that names such a program.
fn missing(command: &Command) -> Option<(String, Span)> {
    // `if command -v apt-get`, `apt-get … || true`.
    if command.optional || command.after == Join::Or {
        return None;
    }
    let wrapper = command.wrappers.iter().find(|wrapper| wrapper.name == "sudo");
    if let Some(wrapper) = wrapper {
        return Some((wrapper.name.clone(), wrapper.span));
    }
    let Program::Other(name) = &command.program else { return None };
    MISSING.contains(&name.as_str()).then(|| (name.clone(), command.program_span))
}
