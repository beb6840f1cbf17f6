//! Docker: what the image of a Dockerfile starts.
//!
//! Owns: how `ENTRYPOINT` and `CMD` become one command, and what `ENV` sets. Does not own: what compose or a platform puts in
//! their place.

use crate::facts::{
    CommandLine, Deployment, Environment, Fact, Gather, Place, Probe, Program, Resources, Role, Shell,
    Variable, Written, from_shell, from_words, is_production,
};
use crate::{
    finding::Platform,
    readers::{
        dockerfile::{self, Detail, Dockerfile, Form, Instruction, Stage, expand},
        shell::Lookup,
    },
    sources::has_extension,
    text::{Excerpt, FileId, Source, Span},
};

/// A Dockerfile.
#[derive(Debug)]
pub struct Image {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub document: Dockerfile,
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    for path in gather.paths(is_dockerfile) {
        let Some(source) = gather.open(&path) else { continue };
        let document = dockerfile::read(&source);
        load_entrypoints(&document, gather);
        if let Some(stage) = document.final_stage() {
            let deployment = deployment(&document, stage, &source, gather);
            gather.facts.deployments.push(deployment);
        }
        gather.facts.images.push(Image { file: source.id(), document });
    }
}

fn is_dockerfile(name: &str) -> bool {
    let lower = name.to_lowercase();
    let named = lower == "dockerfile" || lower.starts_with("dockerfile.") || lower.starts_with("dockerfile-");
    let other = ["dockerignore", "md", "txt", "py", "sh", "j2", "tmpl", "erb"];
    (named || has_extension(&lower, "dockerfile")) && !other.iter().any(|it| has_extension(&lower, it))
}

fn deployment(file: &Dockerfile, stage: &Stage, source: &Source, gather: &Gather<'_>) -> Deployment {
    let env = environment(file, stage);
    let directory = Fact::Unknown("the image says it");
    let command = command(file, stage, &env, gather);
    let from = file.instructions.get(stage.instructions.start);
    Deployment {
        platform: Platform::Docker,
        service: String::new(),
        role: Role::Web,
        place: from.map_or(source.whole(), |it| it.keyword_span),
        production: is_production(source.path()),
        command,
        through: Vec::new(),
        variables: Vec::new(),
        build: Vec::new(),
        port: Fact::Unknown("an image is expected on no port"),
        resources: Resources::unknown("an image has no limits"),
        probes: probes(file, stage, &env),
        kill_delay: Fact::Unknown("who starts the container decides"),
        native: false,
        directory: directory.clone(),
        env,
    }
}

/// What the image starts with these variables.
pub(in crate::facts) fn command(
    file: &Dockerfile,
    stage: &Stage,
    env: &Environment,
    gather: &Gather<'_>,
) -> Fact<CommandLine> {
    let place = &Place { directory: &Fact::Unknown("the image says it"), env };
    let entry = file.last(stage, |detail| matches!(detail, Detail::Entrypoint(_)));
    let own = |instruction: &&Instruction| {
        let inside = file.instructions.get(stage.instructions.clone()).unwrap_or_default();
        inside.iter().any(|it| it.span == instruction.span)
    };
    let cmd = file.last(stage, |detail| matches!(detail, Detail::Cmd(_)));
    // An ENTRYPOINT takes away the CMD of the image below.
    let cmd = cmd.filter(|cmd| entry.as_ref().is_none_or(|entry| !own(entry) || own(cmd)));
    let (first, words) = (entry.and_then(form), cmd.and_then(form));
    match (entry, first, cmd, words) {
        (Some(entry), Some(first), Some(cmd), Some(Form::Exec(words))) => {
            joined(entry, first, cmd, words, place, gather)
        }
        (Some(entry), Some(form @ Form::Shell { .. }), ..) | (Some(entry), Some(form), None, _) => {
            line(entry, form, place)
        }
        (None, _, Some(cmd), Some(form)) => line(cmd, form, place),
        (None, _, None, _) => Fact::Unknown("the image below says it"),
        _ => Fact::Unknown("the entrypoint decides"),
    }
}

fn form(instruction: &Instruction) -> Option<&Form> {
    match &instruction.detail {
        Detail::Entrypoint(form) | Detail::Cmd(form) => Some(form),
        _ => None,
    }
}

/// `ENTRYPOINT` with the words of `CMD` behind it.
fn joined(
    entry: &Instruction,
    first: &Form,
    cmd: &Instruction,
    words: &[Excerpt],
    place: &Place<'_>,
    gather: &Gather<'_>,
) -> Fact<CommandLine> {
    let Form::Exec(first) = first else { return line(entry, first, place) };
    let all: Vec<Excerpt> = first.iter().chain(words).cloned().collect();
    let whole = written(cmd);
    let joined = from_words(&quoted(&all), whole.clone(), place);
    let starts = joined.server().map(|it| it.program.clone());
    // A script that ends in `exec "$@"` starts what CMD says.
    let script = match &starts {
        Some(Program::Script(path)) => Some(path.clone()),
        Some(Program::Other(_)) if first.len() == 1 => first.first().map(|it| it.text().to_owned()),
        _ => None,
    };
    let Some(script) = script else { return Fact::Known(joined, whole.span) };
    let name = script.rsplit('/').next().unwrap_or(&script);
    let mut files = gather.facts.sources.paths().filter(|path| path.rsplit('/').next() == Some(name));
    let file = files.next();
    if file.is_none() && !has_extension(name, "sh") {
        return Fact::Unknown("the entrypoint decides");
    }
    // One that never looks at its arguments starts what it says itself.
    let text = file.filter(|_| files.next().is_none()).and_then(|path| gather.facts.sources.at(path));
    let takes = |text: &str| ["$@", "${@", "$*", "$1", "${1"].iter().any(|mark| text.contains(mark));
    if text.is_some_and(|source| !takes(source.text())) {
        return Fact::Known(joined, whole.span);
    }
    Fact::Known(from_words(&quoted(words), whole.clone(), place), whole.span)
}

/// Reads the scripts that an `ENTRYPOINT` names.
fn load_entrypoints(document: &Dockerfile, gather: &mut Gather<'_>) {
    let mut names: Vec<String> = Vec::new();
    for instruction in &document.instructions {
        if let Detail::Entrypoint(Form::Exec(words)) = &instruction.detail {
            names.extend(words.iter().filter_map(|word| word.text().rsplit('/').next().map(str::to_owned)));
        }
    }
    for path in gather.paths(|name| names.iter().any(|known| known == name)) {
        gather.load(&path);
    }
}

fn line(instruction: &Instruction, form: &Form, place: &Place<'_>) -> Fact<CommandLine> {
    let written = written(instruction);
    let span = written.span;
    match form {
        Form::Exec(words) => Fact::Known(from_words(&quoted(words), written, place), span),
        Form::Shell { broken_array: true, .. } => Fact::Unknown("it is no JSON array"),
        Form::Shell { value, .. } => Fact::Known(from_shell(value, Shell::Sh, written, place), span),
    }
}

fn written(instruction: &Instruction) -> Written {
    Written {
        span: instruction.arguments.whole(),
        key: Some(instruction.keyword_span),
        style: None,
        indicator: None,
    }
}

/// The words of a JSON array with the places of their quotes.
fn quoted(words: &[Excerpt]) -> Vec<(Excerpt, Span)> {
    let around = |span: Span| Span { start: span.start.saturating_sub(1), end: span.end + 1, ..span };
    words.iter().map(|word| (word.clone(), around(word.whole()))).collect()
}

/// What `ENV` sets.
pub(in crate::facts) fn environment(file: &Dockerfile, stage: &Stage) -> Environment {
    let mut env = Environment::default();
    for instruction in file.history(stage) {
        let Detail::Env(settings) = &instruction.detail else { continue };
        let before = env.clone();
        let lookup =
            |name: &str| before.text(name).map_or(Lookup::Unknown, |text| Lookup::Set(text.to_owned()));
        for setting in settings {
            let value = setting.value.as_ref().map_or(Some(String::new()), |it| expand(it.text(), &lookup));
            env.variables.push(Variable {
                name: setting.name.text().to_owned(),
                place: setting.name.whole(),
                value: value.map_or(Fact::Unknown("it depends on an argument"), |text| {
                    Fact::Known(text, setting.span)
                }),
            });
        }
    }
    env
}

/// What `HEALTHCHECK` asks.
pub(in crate::facts) fn probes(file: &Dockerfile, stage: &Stage, env: &Environment) -> Vec<Probe> {
    let place = &Place { directory: &Fact::Unknown("the image says it"), env };
    let Some(check) = file.last(stage, |detail| matches!(detail, Detail::Healthcheck(_))) else {
        return Vec::new();
    };
    let Detail::Healthcheck(Some(form)) = &check.detail else { return Vec::new() };
    let Fact::Known(command, _) = line(check, form, place) else { return Vec::new() };
    vec![Probe { path: None, port: None, command: Some(command), span: check.span }]
}
