//! Heroku: the processes of a Procfile.

use super::heroku;
use crate::facts::{
    Deployment, Environment, Fact, Gather, Place, Resources, Shell, Written, from_shell, is_production,
};
use crate::{
    finding::Platform,
    readers::procfile::{self, Procfile},
    text::FileId,
};

/// A Procfile.
#[derive(Debug)]
pub struct File {
    /// The file.
    pub file: FileId,
    /// What it says.
    pub document: Procfile,
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    for path in gather.paths(|name| name == "Procfile" || name.starts_with("Procfile.")) {
        let Some(source) = gather.load(&path) else { continue };
        let file = procfile::read(&source);
        let native = !gather.facts.sources.exists("heroku.yml");
        for process in &file.processes {
            let env = Environment::default();
            let directory = Fact::Default(source.directory().to_owned(), "the Procfile lies there");
            let written = Written {
                span: process.command.whole(),
                key: Some(process.name.whole()),
                style: None,
                indicator: None,
            };
            let place = Place { directory: &directory, env: &env };
            let line = from_shell(&process.command, Shell::Bash, written, &place);
            let name = process.name.text();
            gather.facts.deployments.push(Deployment {
                platform: Platform::Heroku,
                service: name.to_owned(),
                role: heroku::role(name),
                place: process.name.whole(),
                production: is_production(source.path()),
                command: Fact::Known(line, process.command.whole()),
                through: Vec::new(),
                variables: Vec::new(),
                build: Vec::new(),
                env,
                port: Fact::Unknown("it is another one at each start"),
                resources: Resources::unknown("the Procfile does not say it"),
                probes: Vec::new(),
                kill_delay: Fact::Default(heroku::KILL_DELAY.0, heroku::KILL_DELAY.1),
                native,
                directory,
            });
        }
        gather.facts.procfiles.push(File { file: source.id(), document: file });
    }
}
