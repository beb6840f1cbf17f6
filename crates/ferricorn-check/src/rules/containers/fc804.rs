//! A health check runs inside the image. `python:*-slim` has neither curl nor wget, `python:*-alpine` has wget (busybox) and
//! no curl. The check then fails at each try: the container is unhealthy for ever, and what waits for it or restarts it
//! does so for ever.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:2
//! FROM python:3.12-slim
//! HEALTHCHECK CMD curl -f http://localhost:8000/health || exit 1
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! HEALTHCHECK CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:8000/health')"]
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! RUN apt-get update && apt-get install -y --no-install-recommends curl
//! HEALTHCHECK CMD curl -f http://localhost:8000/health || exit 1
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```Dockerfile alpine/Dockerfile
//! FROM python:3.12-alpine
//! HEALTHCHECK CMD wget -q --spider http://localhost:8000/health
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ```Dockerfile full/Dockerfile
//! FROM python:3.12
//! HEALTHCHECK CMD curl -f http://localhost:8000/health
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use super::images::{Variant, run_text, variant};
use crate::{
    data::images::LACKS,
    facts::docker::Image,
    readers::dockerfile::{Detail, Stage},
    rules::prelude::*,
};

pub(super) static RULE: Rule = Rule::new(
    804,
    "health check with a program that is not there",
    Severity::Error,
    explanation!("fc804.rs"),
    check,
);

/// What may stand beside a tool without being another way to look.
const HARMLESS: [&str; 7] = ["exit", "true", "false", "grep", "test", "[", "echo"];

fn check(facts: &Facts, findings: &mut Findings) {
    for (deployment, application) in facts.services() {
        let Some(image) = facts.image_of(application) else { continue };
        let Some(stage) = image.document.final_stage() else { continue };
        let Some(base) = image.document.image(stage) else { continue };
        let Some(variant) = variant(&base) else { continue };
        for probe in &deployment.probes {
            let Some((command, tool)) = probe.command.as_ref().and_then(only_tool) else { continue };
            if !lacks(variant, tool) || may_be_installed(image, stage, tool) {
                continue;
            }
            let finding = RULE
                .error(command.program_span, format!("{tool} is not in {base}"))
                .label("nothing installs it")
                .happens(format!("each look fails ({tool}: not found): the container is always unhealthy"))
                .help("ask with python -c and urllib.request, or install it");
            findings.add(deployment.sign(finding));
        }
    }
}

/// The curl or wget of a line that has no other way to look.
fn only_tool(line: &CommandLine) -> Option<(&Command, &str)> {
    let mut tool = None;
    for command in &line.commands {
        match &command.program {
            Program::Other(name) if matches!(name.as_str(), "curl" | "wget") => {
                if tool.is_some() || command.optional {
                    return None;
                }
                tool = Some((command, name.as_str()));
            }
            Program::Other(name) if HARMLESS.contains(&name.as_str()) => {}
            _ => return None,
        }
    }
    tool
}

fn lacks(variant: Variant, tool: &str) -> bool {
    let kind = match variant {
        Variant::Slim => "slim",
        Variant::Alpine => "alpine",
        Variant::Full => return false,
    };
    LACKS.iter().any(|(name, tools)| *name == kind && tools.contains(&tool))
}

/// Whether something in the image's history names it, or may bring it without saying so.
fn may_be_installed(image: &Image, stage: &Stage, tool: &str) -> bool {
    const HIDDEN: [&str; 4] = [".sh", "xargs", "playwright", "$("];
    image.document.history(stage).into_iter().any(|instruction| match &instruction.detail {
        Detail::Run(form) => {
            let text = run_text(form);
            text.contains(tool) || HIDDEN.iter().any(|word| text.contains(word))
        }
        Detail::Copy { from, sources, .. } => sources.iter().any(|source| {
            let text = source.text();
            let whole =
                matches!(text.trim_end_matches('/'), "" | "/usr" | "/bin" | "/usr/bin" | "/usr/local");
            text.contains(tool) || from.is_some() && whole
        }),
        _ => false,
    })
}
