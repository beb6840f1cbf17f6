//! Shell scripts that an image, a Procfile or another platform's file runs.
//!
//! Owns: which files of the repository are such scripts. Does not own: what their commands mean.

use std::collections::BTreeSet;

use super::{Command, Gather, Program};
use crate::{
    readers::{
        dockerfile::{Detail, Form},
        shell,
    },
    sources::has_extension,
    text::{Excerpt, FileId, Span},
};

/// A script that something runs.
#[derive(Debug)]
pub struct Script {
    /// The file.
    pub file: FileId,
    /// Whether carriage returns are taken out of it before it runs: by `sed` or `dos2unix` in an image, or by git.
    pub repaired: bool,
    /// `"$@"` as the last command without `exec` in front: the shell stays before what it starts.
    pub kept: Option<Span>,
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    let named = named(gather);
    let repaired = in_images(gather)
        || gather.load(".gitattributes").is_some_and(|source| source.text().contains("eol=lf"));
    for path in gather.paths(|name| named.contains(name)) {
        let Some(source) = gather.load(&path) else { continue };
        if has_extension(&path, "sh") || source.text().starts_with("#!") {
            let kept = kept(&Excerpt::verbatim(&source, source.whole().range()));
            gather.facts.scripts.push(Script { file: source.id(), repaired, kept });
        }
    }
}

fn kept(text: &Excerpt) -> Option<Span> {
    let script = shell::read(text);
    let last = script.commands.last().filter(|last| !last.optional && last.inside.is_none())?;
    let [only] = last.words.as_slice() else { return None };
    matches!(text.part(only.range.clone()).text(), "\"$@\"" | "$@").then_some(last.span)
}

/// The last parts of the paths of all programs that are started.
fn named(gather: &Gather<'_>) -> BTreeSet<String> {
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let program = |command: &Command| match &command.program {
        Program::Script(name) | Program::Other(name) => Some(last(name)),
        _ => None,
    };
    let mut named: BTreeSet<String> =
        gather.facts.lines().flat_map(|(_, line)| &line.commands).filter_map(program).collect();
    for form in forms(gather) {
        match form {
            Form::Exec(words) => named.extend(words.iter().map(|word| last(word.text()))),
            Form::Shell { script, .. } => {
                named.extend(script.commands.iter().filter_map(started).map(|it| last(&it)));
            }
        }
    }
    named
}

/// The script that a command runs, by its own name or behind a shell.
fn started(command: &shell::Command) -> Option<String> {
    let mut words = command.words.iter().filter_map(shell::Word::literal);
    let first = words.next()?;
    match first.as_str() {
        "sh" | "bash" | "." | "source" | "exec" => words.find(|word| !word.starts_with('-')),
        _ => Some(first),
    }
}

fn forms<'g>(gather: &'g Gather<'_>) -> impl Iterator<Item = &'g Form> {
    let instructions = gather.facts.images.iter().flat_map(|image| &image.document.instructions);
    instructions.filter_map(|instruction| match &instruction.detail {
        Detail::Run(form) | Detail::Cmd(form) | Detail::Entrypoint(form) => Some(form),
        _ => None,
    })
}

/// Whether an image takes carriage returns out.
fn in_images(gather: &Gather<'_>) -> bool {
    let mends = |text: &str| {
        text.contains("dos2unix")
            || (text.contains("\\r") || text.contains("\\015"))
                && (text.contains("sed") || text.contains("tr "))
    };
    forms(gather).any(|form| match form {
        Form::Shell { value, .. } => mends(value.text()),
        Form::Exec(words) => words.iter().any(|word| mends(word.text())),
    })
}
