//! Heroku: the processes of a `heroku.yml`, whose images Heroku builds.
//!
//! Owns: what each process runs. Does not own: Procfiles (`procfile`), nor what an image starts by itself (`built`).

use crate::facts::{
    CommandLine, Deployment, Environment, Fact, Gather, Place, Resources, Role, Shell, Written, from_shell,
    from_words, is_production,
};
use crate::{
    finding::Platform,
    readers::{
        heroku::{self, Manifest},
        launch::Launch,
    },
    text::{FileId, Source, Span},
};

/// A `heroku.yml`.
#[derive(Debug)]
pub struct File {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub document: Manifest,
}

/// What Heroku waits between SIGTERM and SIGKILL, in seconds.
pub(super) const KILL_DELAY: (u64, &str) = (30, "Heroku waits for 30 s");

pub(super) fn role(process: &str) -> Role {
    match process {
        "web" => Role::Web,
        "release" => Role::Job,
        _ => Role::Worker,
    }
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    for path in gather.paths(|name| name == "heroku.yml") {
        let Some(source) = gather.load(&path) else { continue };
        let Ok(document) = heroku::manifest(&source) else { continue };
        for (name, image) in &document.dockerfiles {
            if !document.run.iter().any(|(process, _)| process == name) {
                gather.facts.deployments.push(deployment(name, image.whole(), None, &source));
            }
        }
        for (name, launch) in &document.run {
            let own = document.root.at(&["run", name]).map_or(document.root.span, |node| node.span);
            let place = launch.as_ref().and_then(Launch::span).unwrap_or(own);
            gather.facts.deployments.push(deployment(name, place, launch.as_ref(), &source));
        }
        gather.facts.heroku.push(File { file: source.id(), document });
    }
}

fn deployment(name: &str, place: Span, launch: Option<&Launch>, source: &Source) -> Deployment {
    let env = Environment::default();
    let directory = Fact::Unknown("the image says it");
    let at = Place { directory: &directory, env: &env };
    let line = launch.and_then(|launch| started(source, launch, &at));
    Deployment {
        platform: Platform::Heroku,
        service: name.to_owned(),
        role: role(name),
        place,
        production: is_production(source.path()),
        command: line.map_or(Fact::Unknown("the image says it"), |line| {
            let span = line.written.span;
            Fact::Known(line, span)
        }),
        through: Vec::new(),
        variables: Vec::new(),
        build: Vec::new(),
        env: env.clone(),
        port: Fact::Unknown("it is another one at each start"),
        resources: Resources::unknown("the file does not say it"),
        probes: Vec::new(),
        kill_delay: Fact::Default(KILL_DELAY.0, KILL_DELAY.1),
        native: false,
        directory: directory.clone(),
    }
}

fn started(source: &Source, launch: &Launch, place: &Place<'_>) -> Option<CommandLine> {
    let written = Written { span: launch.span()?, key: None, style: None, indicator: None };
    Some(match launch {
        Launch::Line(line, _) => from_shell(line, Shell::Some, written, place),
        Launch::Words(words) => from_words(&crate::facts::with_quotes(source, words), written, place),
    })
}
