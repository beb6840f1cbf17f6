//! Virtual environments of uv and poetry whose programs the image does not find.

use super::images::{run_text, variant};
use crate::{
    readers::dockerfile::{Detail, Dockerfile, Form, Instruction, Stage},
    rules::prelude::*,
};

/// What makes or brings a virtual environment that is not on `PATH`. Silent if anything else may put programs there.
pub(super) fn off_path<'d>(file: &'d Dockerfile, last: &Stage) -> Option<&'d Instruction> {
    let image = file.image(last)?;
    if variant(&image).is_none() && !image.contains("astral-sh/uv:python") {
        return None;
    }
    let mut made = None;
    for instruction in file.history(last) {
        match &instruction.detail {
            Detail::Env(_) | Detail::Arg(_) if finds(instruction.arguments.text()) => return None,
            Detail::Run(form) => match installs(form) {
                Installs::Environment => made = Some(instruction),
                Installs::Tools => {}
                Installs::Other => return None,
            },
            Detail::Copy { from: Some(_), sources, target } => {
                let environment = |text: &str| text.trim_end_matches('/').ends_with("/.venv");
                let target = target.as_ref().map_or("", |it| it.text());
                if sources.iter().any(|it| environment(it.text())) && environment(target) {
                    made = Some(instruction);
                } else if !sources.iter().all(|it| is_tool(it.text())) {
                    return None;
                }
            }
            Detail::Copy { .. } if instruction.keyword == "ADD" => return None,
            Detail::Shell(_) => return None,
            _ => {}
        }
    }
    made
}

/// Whether a command is started by its bare name, in no environment.
pub(super) fn is_bare(facts: &Facts, line: Option<&CommandLine>, command: &Command) -> bool {
    let aware =
        |text: &str| ["venv", "activate", "PATH=", "uv ", "poetry "].iter().any(|it| text.contains(it));
    let own = command.words.iter().take(command.program_word + 1).any(|word| word.text.starts_with('/'));
    let line = line.map(|line| facts.sources.get(line.written.span.file).slice(line.written.span));
    let scripts = facts.scripts.iter().map(|script| facts.sources.get(script.file).text());
    !own && command.wrappers.iter().all(|it| !it.name.ends_with(" run") && it.name != "uvx")
        && !line.is_some_and(aware)
        && !scripts.into_iter().any(aware)
}

/// Whether a variable lets the image find an environment, or keeps the tools from making one.
fn finds(text: &str) -> bool {
    const NAMES: [&str; 6] = [
        "PATH=",
        "PATH ",
        "UV_PROJECT_ENVIRONMENT",
        "UV_SYSTEM_PYTHON",
        "VIRTUALENVS_CREATE",
        "VIRTUALENVS_PATH",
    ];
    NAMES.iter().any(|name| text.contains(name))
}

enum Installs {
    /// `uv sync`, `poetry install`.
    Environment,
    /// Nothing for Python, or uv and poetry themselves.
    Tools,
    /// What cannot be told.
    Other,
}

fn installs(form: &Form) -> Installs {
    const UNCLEAR: [&str; 14] = [
        "venv",
        "virtualenvs",
        "tool install",
        "activate",
        "export",
        "--system",
        "ln ",
        "pipx",
        "conda",
        "UV_",
        "requirements",
        "/usr/local",
        "python",
        ".sh ",
    ];
    let text = run_text(form);
    // `virtualenvs.in-project` keeps it an environment that has to be found.
    let text = text.replace("virtualenvs.in-project", "");
    if UNCLEAR.iter().any(|word| text.contains(word)) {
        return Installs::Other;
    }
    if let Some((_, packages)) = text.split_once("pip install") {
        let only = packages.split(['&', ';', '\n']).next().unwrap_or_default();
        let tool = |word: &str| {
            let word = word.trim_matches(['"', '\'', '\\']);
            word.is_empty() || word.starts_with('-') || word == "pip" || is_tool_package(word)
        };
        if !only.split_whitespace().all(tool) {
            return Installs::Other;
        }
    }
    if text.contains("uv sync") || text.contains("poetry install") {
        Installs::Environment
    } else {
        Installs::Tools
    }
}

fn is_tool_package(word: &str) -> bool {
    ["uv", "poetry"].iter().any(|tool| {
        word.strip_prefix(tool).is_some_and(|rest| !rest.starts_with(|it: char| it.is_ascii_alphanumeric()))
    })
}

/// `/uv` and `/uvx` out of uv's own image.
fn is_tool(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("uv" | "uvx"))
}
