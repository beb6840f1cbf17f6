//! Packages that one stage installs are not in the next one. `pip install` puts them into `/usr/local/lib/python3.x`, with the
//! programs in `/usr/local/bin`; if the last stage copies the application's directory alone, the server is missing there.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:8
//! FROM python:3.12-slim AS builder
//! WORKDIR /app
//! COPY . .
//! RUN pip install -r requirements.txt
//!
//! FROM python:3.12-slim
//! COPY --from=builder /app /app
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim AS builder
//! WORKDIR /app
//! RUN python -m venv /opt/venv
//! COPY . .
//! RUN /opt/venv/bin/pip install -r requirements.txt
//!
//! FROM python:3.12-slim
//! COPY --from=builder /opt/venv /opt/venv
//! COPY --from=builder /app /app
//! ENV PATH="/opt/venv/bin:$PATH"
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:8
//! FROM python:3.12 AS builder
//! COPY requirements.txt .
//! RUN pip install --prefix=/packages -r requirements.txt
//!
//! FROM python:3.12-alpine
//! WORKDIR /app
//! COPY . .
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-alpine AS builder
//! COPY requirements.txt .
//! RUN pip install --prefix=/packages -r requirements.txt
//!
//! FROM python:3.12-alpine
//! COPY --from=builder /packages /usr/local
//! WORKDIR /app
//! COPY . .
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! uv and poetry install into a virtual environment. Its programs are found by their bare names only with its `bin` on `PATH`.
//!
//! ## Bad
//!
//! ```Dockerfile Dockerfile:6
//! FROM python:3.12-slim
//! COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/
//! WORKDIR /app
//! COPY . .
//! RUN uv sync --frozen --no-dev
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Fixed
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim
//! COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/
//! WORKDIR /app
//! COPY . .
//! RUN uv sync --frozen --no-dev
//! ENV PATH="/app/.venv/bin:$PATH"
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```
//!
//! ## Good
//!
//! ```Dockerfile Dockerfile
//! FROM python:3.12-slim AS builder
//! COPY . /app
//! RUN pip install -r /app/requirements.txt
//!
//! FROM python:3.12-slim
//! COPY --from=builder /usr/local /usr/local
//! COPY --from=builder /app /app
//! CMD ["uvicorn", "main:app", "--host", "0.0.0.0"]
//! ```

use super::{
    environments::{is_bare, off_path},
    images::{run_text, variant},
};
use crate::{
    facts::docker::Image,
    readers::dockerfile::{Detail, Dockerfile, Instruction, Stage},
    rules::prelude::*,
    text::Excerpt,
};

pub(super) static RULE: Rule =
    Rule::new(801, "program that the last stage lacks", Severity::Error, explanation!("fc801.rs"), check);

fn check(facts: &Facts, findings: &mut Findings) {
    for image in &facts.images {
        let Some(stage) = image.document.final_stage() else { continue };
        // poetry.toml may keep poetry from making one.
        let settings = facts.sources.named(|name| name == "poetry.toml").next().is_some();
        if let Some(made) = off_path(&image.document, stage).filter(|_| !settings) {
            unfound(facts, image, made, findings);
            continue;
        }
        let Some(from) = left_behind(&image.document, stage) else { continue };
        for (deployment, command) in facts.servers() {
            if command.program_span.file != image.file || may_install(facts, deployment.line(), command) {
                continue;
            }
            let program = command.program.name();
            let stage_name = from.name.as_ref().map_or("another stage", Excerpt::text);
            let finding = RULE
                .error(command.program_span, format!("{program} is not in the last stage"))
                .label("nothing installs or copies it")
                .also(from.image.whole(), format!("{stage_name} installs the packages"))
                .happens(format!("the container exits at once: no program and no module {program}"))
                .help("install into a virtual environment and copy that, or install in the last stage");
            findings.add(deployment.sign(finding));
        }
    }
}

/// Programs of a virtual environment that is not on `PATH`.
fn unfound(facts: &Facts, image: &Image, made: &Instruction, findings: &mut Findings) {
    for (deployment, command) in facts.servers() {
        if command.program_span.file != image.file || !is_bare(facts, deployment.line(), command) {
            continue;
        }
        let program = command.program.name();
        let finding = RULE
            .error(command.program_span, format!("{program} is in a virtual environment that is not on PATH"))
            .label("not found by its name")
            .also(made.keyword_span, "this makes or copies the environment")
            .happens(format!("the container exits at once: {program} is not found"))
            .help("put its bin on the PATH: ENV PATH=\"/app/.venv/bin:$PATH\", with the path of your .venv");
        findings.add(deployment.sign(finding));
    }
}

/// Whether the packages may be installed when the container starts.
fn may_install(facts: &Facts, line: Option<&CommandLine>, command: &Command) -> bool {
    let runner = |name: &str| name.ends_with(" run") || name == "uvx";
    let scripts = facts.scripts.iter().map(|script| facts.sources.get(script.file).text());
    let other = |it: &Command| !it.program.is_server() && it.words.iter().any(|word| word.text == "install");
    command.program == Program::Ferricorn
        || command.wrappers.iter().any(|wrapper| runner(&wrapper.name))
        || line.is_some_and(|line| line.commands.iter().any(other))
        || scripts.into_iter().any(|text| text.contains("install") || text.contains("sync"))
}

/// The stage whose packages the last one does not take along. Silent about everything but pip and plain copies.
fn left_behind<'d>(file: &'d Dockerfile, last: &Stage) -> Option<&'d Stage> {
    variant(&file.image(last)?)?;
    let mut from = None;
    for instruction in file.history(last) {
        match &instruction.detail {
            Detail::Run(form) if brings_packages(&run_text(form)) => return None,
            Detail::Env(_) if names_packages(instruction.arguments.text()) => return None,
            Detail::Copy { from: Some(name), sources, .. } => {
                let stage = file.stage(name.text())?;
                if !sources.iter().all(|source| is_plain(source.text())) {
                    return None;
                }
                from = Some(stage);
            }
            Detail::Copy { sources, .. }
                if instruction.keyword == "ADD" || sources.iter().any(|it| names_packages(it.text())) =>
            {
                return None;
            }
            _ => {}
        }
    }
    match from {
        Some(stage) => installs_for_all(file, stage).then_some(stage),
        // Nothing is taken along at all.
        None => file.stages.iter().find(|stage| stage.index < last.index && installs(file, stage)),
    }
}

/// Whether a stage installs packages with pip, wherever to.
fn installs(file: &Dockerfile, stage: &Stage) -> bool {
    let pip = |text: &str| text.contains("pip install") || text.contains("pip3 install");
    file.history(stage).iter().any(|it| matches!(&it.detail, Detail::Run(form) if pip(&run_text(form))))
}

/// Whether a stage installs with plain pip, and nowhere but where pip does by itself.
fn installs_for_all(file: &Dockerfile, stage: &Stage) -> bool {
    const ELSEWHERE: [&str; 12] = [
        "venv",
        "virtualenv",
        "--target",
        "--prefix",
        "--user",
        "--root",
        " -t",
        "wheel",
        "poetry",
        "pdm",
        "uv ",
        "pex",
    ];
    let history = file.history(stage);
    let texts = history.iter().filter_map(|instruction| match &instruction.detail {
        Detail::Run(form) => Some(run_text(form)),
        Detail::Env(_) | Detail::Arg(_) => Some(instruction.arguments.text().to_owned()),
        _ => None,
    });
    let texts: Vec<String> = texts.collect();
    let variables = |text: &String| ELSEWHERE.iter().any(|word| text.contains(word)) || text.contains("PIP_");
    texts.iter().any(|text| text.contains("pip install") || text.contains("pip3 install"))
        && !texts.iter().any(variables)
}

/// Whether a `RUN` may put packages into the image.
fn brings_packages(text: &str) -> bool {
    const WORDS: [&str; 9] = ["pip", "uv", "poetry", "pdm", "conda", "python", "install.sh", ".sh", "make"];
    WORDS.iter().any(|word| text.contains(word))
}

fn names_packages(text: &str) -> bool {
    ["PYTHONPATH", "PYTHONHOME", "venv", "site-packages", "vendor", "VIRTUAL_ENV", "whl", "wheels"]
        .iter()
        .any(|word| text.contains(word))
}

/// A directory of the application, which pip does not write to.
fn is_plain(path: &str) -> bool {
    const APPLICATION: [&str; 7] = ["/app", "/code", "/src", "/workspace", "/project", "/srv", "/build"];
    !names_packages(path)
        && !path.contains("bin")
        && APPLICATION.iter().any(|root| path == *root || path.starts_with(&format!("{root}/")))
}
