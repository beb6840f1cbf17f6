//! What a repository's files say: what runs where, with what.
//!
//! Owns: the way from documents to facts. Does not own: what is wrong with a fact (`rules`).
//!
//! Invariants:
//! * Everything is gathered before the first rule runs; a rule reads no file.
//! * A fact says where it is written. What depends on a variable, a template or a program is [`Fact::Unknown`].
//!
//! # To add a platform
//!
//! Write `facts/platforms/<platform>.rs` with `pub(super) fn gather(gather: &mut Gather<'_>)`, which loads the platform's files with
//! [`Gather::load`], pushes a [`Deployment`] for each thing that runs, and keeps the documents that only rules about this
//! file need in a field of [`Facts`] of its own. Then name it in `platforms/mod.rs`.

pub mod application;
mod built;
mod command;
mod deployment;
mod environment;
mod fact;
mod followed;
mod numbers;
mod packages;
mod platforms;
pub mod scripts;

use std::rc::Rc;

pub use application::Application;
pub use command::{
    Argument, Command, CommandLine, Given, Mistake, Place, Program, Shell, UNKNOWN, Word, Wrapper, Written,
    from_shell, from_split, from_words, options_of,
};
pub use deployment::{Deployment, Probe, Resources, Role};
pub use environment::{Environment, Variable};
pub use fact::Fact;
pub use packages::Packages;
pub use platforms::{containers, docker, fly, heroku, procfile, railway, render, systemd};

use crate::{
    config::{self, Config},
    readers::{dotenv, is_template},
    sources::{Sources, Tree},
    text::{Excerpt, FileId, Source, Span, Unreadable},
};

/// All facts.
pub struct Facts {
    /// The files.
    pub sources: Sources,
    /// What the user says about the check, on the command line and in the repository.
    pub config: Config,
    /// What runs.
    pub deployments: Vec<Deployment>,
    /// The Blueprints (`render.yaml`).
    pub blueprints: Vec<render::Blueprint>,
    /// The Dockerfiles.
    pub images: Vec<docker::Image>,
    /// The files of Fly.
    pub fly: Vec<fly::App>,
    /// The files of Railway.
    pub railway: Vec<railway::Settings>,
    /// The compose files.
    pub compose: Vec<containers::Composition>,
    /// The files of Kubernetes.
    pub manifests: Vec<containers::Manifest>,
    /// The `heroku.yml` files.
    pub heroku: Vec<heroku::File>,
    /// The Procfiles.
    pub procfiles: Vec<procfile::File>,
    /// The units of systemd.
    pub units: Vec<systemd::Unit>,
    /// What each of `deployments` runs, in the same order.
    pub applications: Vec<Application>,
    /// The files of gunicorn's settings: those that are loaded, and those that look like some.
    pub settings: Vec<Rc<application::SettingsFile>>,
    /// The shell scripts that something runs.
    pub scripts: Vec<scripts::Script>,
    /// The variables that files such as `.env` and `.env.example` name, by path.
    pub dotenv: Vec<(String, Vec<dotenv::Entry>)>,
}

impl Facts {
    /// Whether no file of a platform was found.
    pub fn is_empty(&self) -> bool {
        self.deployments.is_empty()
            && self.blueprints.is_empty()
            && self.images.is_empty()
            && self.fly.is_empty()
            && self.railway.is_empty()
            && self.units.is_empty()
    }

    /// Whether this file is a Dockerfile.
    pub fn is_image(&self, file: FileId) -> bool {
        self.image(file).is_some()
    }

    /// The Dockerfile that is this file.
    pub fn image(&self, file: FileId) -> Option<&docker::Image> {
        self.images.iter().find(|image| image.file == file)
    }

    /// The Dockerfile that an application runs from.
    pub fn image_of(&self, application: &Application) -> Option<&docker::Image> {
        application.image.and_then(|at| self.images.get(at))
    }

    /// The services that run from a Dockerfile.
    pub fn services_of(&self, image: &docker::Image) -> impl Iterator<Item = (&Deployment, &Application)> {
        let file = image.file;
        self.services()
            .filter(move |(_, application)| self.image_of(application).is_some_and(|it| it.file == file))
    }

    /// Every command line, with what it belongs to: what runs and what is built.
    pub fn lines(&self) -> impl Iterator<Item = (&Deployment, &CommandLine)> {
        self.deployments.iter().flat_map(|deployment| deployment.lines().map(move |line| (deployment, line)))
    }

    /// Every command of every line.
    pub fn commands(&self) -> impl Iterator<Item = (&Deployment, &Command)> {
        self.lines()
            .flat_map(|(deployment, line)| line.commands.iter().map(move |command| (deployment, command)))
    }

    /// The commands that serve: one for each deployment whose command is known.
    pub fn servers(&self) -> impl Iterator<Item = (&Deployment, &Command)> {
        self.deployments
            .iter()
            .filter_map(|it| Some((it, it.server()?)))
            .filter(|(_, command)| command.program.is_server())
    }
}

/// Facts on their way.
pub struct Gather<'t> {
    tree: &'t dyn Tree,
    /// The facts so far.
    pub facts: Facts,
}

impl Gather<'_> {
    /// The file at this path, if it is there and can be read.
    pub fn load(&mut self, path: &str) -> Option<Rc<Source>> {
        self.facts.sources.load(self.tree, path)
    }

    /// The same for a file of a platform: one that is a template becomes a notice, for none of its values is known.
    pub fn open(&mut self, path: &str) -> Option<Rc<Source>> {
        let source = self.load(path)?;
        if is_template(source.text()) {
            self.facts.sources.not_of_its_format(path, Unreadable::Template);
            return None;
        }
        Some(source)
    }

    /// What a reader made of a file. An error of it becomes a notice.
    fn document<D>(&mut self, path: &str, read: Result<D, Unreadable>) -> Option<D> {
        read.map_err(|error| self.facts.sources.not_of_its_format(path, error)).ok()
    }

    /// The paths whose last part fits.
    pub fn paths(&self, fits: impl Fn(&str) -> bool) -> Vec<String> {
        self.facts.sources.named(fits).map(str::to_owned).collect()
    }
}

/// Reads what is to be read. `given` is what the command line says about the check; `unknown` says what is wrong with an id
/// of a rule.
pub fn gather(tree: &dyn Tree, given: &Config, unknown: config::UnknownId) -> Facts {
    let mut sources = Sources::new(tree);
    let config = if given.no_file {
        given.clone()
    } else {
        given.clone().over(config::from_files(&mut sources, tree, given.file.as_deref(), unknown))
    };
    sources.exclude(|path| config.exclude.iter().any(|pattern| pattern.matches(path)));
    let facts = Facts {
        sources,
        config,
        deployments: Vec::new(),
        blueprints: Vec::new(),
        images: Vec::new(),
        fly: Vec::new(),
        railway: Vec::new(),
        compose: Vec::new(),
        manifests: Vec::new(),
        heroku: Vec::new(),
        procfiles: Vec::new(),
        units: Vec::new(),
        applications: Vec::new(),
        settings: Vec::new(),
        scripts: Vec::new(),
        dotenv: Vec::new(),
    };
    let mut gather = Gather { tree, facts };
    platforms::gather(&mut gather);
    built::gather(&mut gather);
    followed::gather(&mut gather);
    application::gather(&mut gather);
    // What the files above name.
    scripts::gather(&mut gather);
    environment::gather(&mut gather);
    gather.facts
}

/// Whether a file is one that production runs, by its name and its directories.
pub fn is_production(path: &str) -> bool {
    const OTHERS: [&str; 7] = ["dev", "local", "test", "override", "example", "sample", "debug"];
    const DIRECTORIES: [&str; 9] =
        ["dev", "develop", "development", "local", "test", "tests", "example", "examples", "docs"];
    let name = path.rsplit('/').next().unwrap_or(path).to_lowercase();
    let directories = path.rsplit('/').skip(1);
    !name.split(['.', '-', '_']).any(|part| OTHERS.iter().any(|other| part.starts_with(other)))
        && !directories.into_iter().any(|part| DIRECTORIES.contains(&part.to_lowercase().as_str()))
}

/// Words of an array, each with its place: with the quotes around it if it has some.
fn with_quotes(source: &Source, words: &[Excerpt]) -> Vec<(Excerpt, Span)> {
    let quote = |letter: Option<char>| letter.filter(|letter| matches!(letter, '"' | '\''));
    let place = |span: Span| {
        let (before, behind) = source.text().split_at(span.range().start);
        let behind = behind.get(span.range().len()..).unwrap_or_default();
        let before = quote(before.chars().next_back());
        if before.is_some() && before == quote(behind.chars().next()) {
            Span { start: span.start - 1, end: span.end + 1, ..span }
        } else {
            span
        }
    };
    words.iter().map(|word| (word.clone(), place(word.whole()))).collect()
}
