//! Where a command leads that starts no server itself: a shell script, a target of a Makefile or justfile, a script of
//! `package.json` or `pyproject.toml`.
//!
//! Owns: which file such a command means, and that the server in it takes the command's place. Does not own: how the file is
//! read (`readers`), nor the commands in it (`command`).
//!
//! Invariant: only a server that runs for sure takes the place; otherwise the command stays as it was. The lines that lead
//! to it are in [`Deployment::through`].

use std::rc::Rc;

use super::{
    Command, CommandLine, Deployment, Environment, Fact, Gather, Place, Program, Shell, Written, from_shell,
    options_of,
};
use crate::{
    readers::{json, recipes, toml, yaml::Node},
    sources::{has_extension, join},
    text::{Excerpt, Source, Span},
};

/// How many scripts may call each other.
const DEEPEST: usize = 4;

pub(super) fn gather(gather: &mut Gather<'_>) {
    let mut deployments = std::mem::take(&mut gather.facts.deployments);
    for deployment in &mut deployments {
        let mut through = Vec::new();
        let mut current = deployment.line().cloned();
        while let Some(line) = current.take().filter(|_| through.len() < DEEPEST) {
            let Some(command) = line.server() else { break };
            if command.program.is_server() {
                if !through.is_empty() && !command.optional {
                    let span = line.written.span;
                    deployment.command = Fact::Known(line, span);
                    deployment.through = through;
                }
                break;
            }
            current = next(gather, deployment, command);
            through.push(line);
        }
    }
    for deployment in &mut deployments {
        let options = in_variable(gather, deployment);
        deployment.variables.extend(options);
    }
    gather.facts.deployments = deployments;
}

/// The options in `GUNICORN_CMD_ARGS`, if its value stands in the file as it is.
fn in_variable(gather: &Gather<'_>, deployment: &Deployment) -> Option<CommandLine> {
    let command = deployment.server().filter(|it| it.program == Program::Gunicorn)?;
    let name = "GUNICORN_CMD_ARGS";
    let variable = command.env.get(name).or_else(|| deployment.env.get(name))?;
    let (text, span) = variable.value.known()?;
    let source = gather.facts.sources.get(span.file);
    let range =
        [0, 1].into_iter().map(|quote| span.range().start + quote..span.range().end.saturating_sub(quote));
    let mut range = range.filter(|range| source.text().get(range.clone()) == Some(text.as_str()));
    let place = Place { directory: &command.directory, env: &deployment.env };
    options_of(&command.program, &Excerpt::verbatim(source, range.next()?), &place)
}

/// What a command starts that is written in the repository.
fn next(gather: &mut Gather<'_>, deployment: &Deployment, command: &Command) -> Option<CommandLine> {
    let argument = |at: usize| command.words.get(command.program_word + at).and_then(|word| word.known());
    let env = Environment {
        variables: deployment.env.variables.iter().chain(&command.env.variables).cloned().collect(),
        ..deployment.env.clone()
    };
    let place = Place { directory: &command.directory, env: &env };
    let read = |texts: Vec<Excerpt>, shell: Shell| lines(&texts, shell, &place);
    match &command.program {
        Program::Script(path) => script(gather, command, path, &place),
        Program::Other(name) => match name.as_str() {
            "make" | "gmake" => {
                let source = beside(gather, deployment, command, &["Makefile", "makefile", "GNUmakefile"])?;
                let target = argument(1).filter(|word| !word.starts_with('-') && !word.contains('='));
                read(recipes::read(&source, target)?, Shell::Some)
            }
            "just" => {
                let source = beside(gather, deployment, command, &["justfile", "Justfile", ".justfile"])?;
                read(recipes::read(&source, argument(1))?, Shell::Some)
            }
            "npm" | "yarn" | "pnpm" => {
                let name = argument(1).filter(|word| *word != "run").or_else(|| argument(2))?;
                let source = beside(gather, deployment, command, &["package.json"])?;
                let root = json::read(&source).ok()?;
                read(vec![root.at(&["scripts", name])?.value()?.clone()], Shell::Some)
            }
            "poe" | "task" => {
                let name = argument(1)?;
                task(gather, deployment, command, name).and_then(|text| read(vec![text], Shell::Some))
            }
            name => {
                let whole = command.words.get(command.program_word).map_or("", |word| word.text.as_str());
                let runner = command.wrappers.iter().any(|wrapper| wrapper.name.ends_with(" run"));
                match task(gather, deployment, command, name).filter(|_| runner) {
                    Some(text) => read(vec![text], Shell::Some),
                    None => script(gather, command, whole, &place),
                }
            }
        },
        _ => None,
    }
}

/// A shell script of the repository, by the path in an image or from the directory of the command.
fn script(gather: &mut Gather<'_>, command: &Command, path: &str, place: &Place<'_>) -> Option<CommandLine> {
    let source = find_script(gather, command, path)?;
    let text = source.text();
    let first = text.lines().next().filter(|line| line.starts_with("#!")).unwrap_or_default();
    if first.is_empty() && !has_extension(path, "sh") || first.contains("python") || first.contains("node") {
        return None;
    }
    let named = command.words[..command.program_word].last().map_or("", |word| word.text.as_str());
    let shell = match (named.rsplit('/').next().unwrap_or_default(), first) {
        ("bash", _) => Shell::Bash,
        ("sh" | "dash" | "ash", _) => Shell::Sh,
        (_, first) if first.contains("bash") => Shell::Bash,
        (_, first) if first.contains("/sh") || first.contains("env sh") || first.contains("dash") => {
            Shell::Sh
        }
        _ => Shell::Some,
    };
    lines(&[Excerpt::verbatim(&source, source.whole().range())], shell, place)
}

/// The file of a script: from the directory of the command, or the only one of the repository with its name.
pub(super) fn find_script(gather: &mut Gather<'_>, command: &Command, path: &str) -> Option<Rc<Source>> {
    let own = command.directory.value().and_then(|directory| join(directory, path));
    if let Some(source) = own.and_then(|path| gather.load(&path)) {
        return Some(source);
    }
    let name = path.rsplit('/').next()?;
    let named = gather.paths(|last| last == name);
    let [only] = named.as_slice() else { return None };
    gather.load(only)
}

/// A task of `pyproject.toml`: a text, or a table with one.
fn task(gather: &mut Gather<'_>, deployment: &Deployment, command: &Command, name: &str) -> Option<Excerpt> {
    const TABLES: [&[&str]; 4] = [
        &["tool", "pdm", "scripts"],
        &["tool", "poe", "tasks"],
        &["tool", "taskipy", "tasks"],
        &["tool", "rye", "scripts"],
    ];
    let source = beside(gather, deployment, command, &["pyproject.toml"])?;
    let root = toml::read(&source).ok()?;
    let node = TABLES.iter().find_map(|table| root.at(table)?.get(name))?;
    let text = |node: &Node| node.value().cloned();
    text(node).or_else(|| ["cmd", "shell"].iter().find_map(|key| text(node.get(key)?)))
}

/// A file in the directory of the command, beside the platform's file, or at the root.
fn beside(
    gather: &mut Gather<'_>,
    deployment: &Deployment,
    command: &Command,
    names: &[&str],
) -> Option<Rc<Source>> {
    let files = [command.span.file, deployment.place.file];
    let mut directories: Vec<String> = command.directory.value().cloned().into_iter().collect();
    directories.extend(files.map(|file| gather.facts.sources.get(file).directory().to_owned()));
    directories.push(String::new());
    let paths =
        directories.iter().flat_map(|directory| names.iter().filter_map(|name| join(directory, name)));
    paths.collect::<Vec<_>>().iter().find_map(|path| gather.load(path))
}

/// Several lines as one: each is read by a shell of its own.
fn lines(texts: &[Excerpt], shell: Shell, place: &Place<'_>) -> Option<CommandLine> {
    let span = texts.iter().map(Excerpt::whole).reduce(Span::to)?;
    let written = Written { span, key: None, style: None, indicator: None };
    let read = |text: &Excerpt| from_shell(text, shell, written.clone(), place);
    texts.iter().map(read).reduce(|mut all, line| {
        all.scripts.extend(line.scripts);
        all.commands.extend(line.commands);
        all.lost.extend(line.lost);
        all
    })
}
