//! What a deployment runs: the application, its packages, its Python, its settings.
//!
//! Owns: the way from a command to the files of the repository that it runs. Does not own: how a file is read (`readers`).
//!
//! Invariant: what was looked up in a place that is not known for sure is never [`Target::Missing`].

mod images;
mod modules;

use std::rc::Rc;

use super::{Command, Deployment, Fact, Facts, Gather, Packages, Program, built, packages};
use crate::{
    config,
    data::render::PYTHON,
    finding::Platform,
    readers::{
        python::{self, Module, Server, Settings, routes::Table},
        python_pin,
        versions::Version,
    },
    sources::has_extension,
    text::{FileId, Source, Span},
};
use modules::Modules;

/// What is known of the application of a deployment.
#[derive(Debug, Default)]
pub struct Application {
    /// The Python packages.
    pub packages: Packages,
    /// The version of Python.
    pub python: Option<Python>,
    /// The application.
    pub target: Target,
    /// The module with the application, and those of the repository that it imports.
    pub modules: Vec<Rc<Module>>,
    /// The paths that the application serves.
    pub table: Option<Table>,
    /// gunicorn's file of settings, if it is started with one: one of [`Facts::settings`].
    pub settings: Option<Rc<SettingsFile>>,
    /// The server that a Python file starts by itself.
    pub server: Option<Server>,
    /// The directories, relative to the root, in which it may be started.
    pub nearby: Vec<String>,
    /// Which of [`Facts::images`] it runs in.
    pub image: Option<usize>,
}

/// A file of gunicorn's settings.
#[derive(Debug)]
pub struct SettingsFile {
    /// The file.
    pub file: FileId,
    /// Its path.
    pub path: String,
    /// What it says.
    pub settings: Settings,
}

/// Which Python runs.
#[derive(Debug, Clone)]
pub struct Python {
    /// Its version, with two or three numbers.
    pub version: Version,
    /// Where it is written; `None`: it is the platform's own.
    pub span: Option<Span>,
}

/// The application that a server is given.
#[derive(Debug, Clone, Default)]
pub enum Target {
    /// It cannot be known.
    #[default]
    Unknown,
    /// No file of the repository is this module.
    Missing {
        /// The module.
        module: String,
        /// Where it is named.
        span: Span,
    },
    /// A file and the name in it.
    Found {
        /// The file.
        module: Rc<Module>,
        /// The name, `app`.
        name: String,
        /// Where it is named.
        span: Option<Span>,
    },
}

impl Facts {
    /// Every deployment with what is known of its application.
    pub fn services(&self) -> impl Iterator<Item = (&Deployment, &Application)> {
        self.deployments.iter().zip(&self.applications)
    }
}

impl Application {
    /// What gunicorn's file says, if it is started with one.
    pub fn in_file(&self) -> Option<&Settings> {
        self.settings.as_ref().map(|file| &file.settings)
    }

    /// Whether a file of the application has something.
    pub fn any(&self, has: impl Fn(&Module) -> bool) -> bool {
        self.modules.iter().any(|module| has(module))
    }
}

pub(super) fn gather(gather: &mut Gather<'_>) {
    let mut modules = Modules::default();
    let deployments = std::mem::take(&mut gather.facts.deployments);
    let mut applications = Vec::new();
    for deployment in &deployments {
        applications.push(application(gather, &mut modules, deployment));
    }
    gather.facts.deployments = deployments;
    gather.facts.applications = applications;
    let read =
        |name: &str| name.ends_with(".dockerignore") || matches!(name, "runtime.txt" | ".python-version");
    for path in gather.paths(read) {
        gather.load(&path);
    }
    for path in gather.paths(|name| name.starts_with("gunicorn") && has_extension(name, "py")) {
        if let Some(source) = gather.load(&path) {
            settings_file(gather, &source);
        }
    }
}

fn application(gather: &mut Gather<'_>, modules: &mut Modules, deployment: &Deployment) -> Application {
    let image = if deployment.native { None } else { built::image(gather, deployment) };
    let context = image.map(|at| images::context(gather, at)).unwrap_or_default();
    let mut found = Application {
        packages: packages(gather, deployment, image, &context),
        python: python_version(gather, deployment, image),
        image,
        ..Application::default()
    };
    let Some(command) = deployment.server() else { return found };
    // Whose image it is cannot be known, but with one Dockerfile the modules are those that it copies.
    let context = if image.is_none() && !deployment.native && deployment.platform != Platform::Systemd {
        images::only(gather).map(|at| images::context(gather, at)).unwrap_or_default()
    } else {
        context
    };
    let roots = roots(gather, deployment, command, &context);
    found.nearby =
        command.directory.value().cloned().into_iter().chain(context.directories.iter().cloned()).collect();
    found.settings = settings(gather, deployment, command, &context);
    let (target, certain) = match &command.program {
        Program::File(path) => {
            let name = path.rsplit('/').next().and_then(|it| it.strip_suffix(".py"));
            let paths = [path.clone()];
            (file(gather, modules, command, (&paths, name), &roots, &mut found), false)
        }
        Program::Module(name) => {
            let path = name.replace('.', "/");
            let paths = [format!("{path}.py"), format!("{path}/__main__.py")];
            let name =
                gather.facts.sources.paths().any(|it| it.ends_with(&paths[0])).then_some(name.as_str());
            (file(gather, modules, command, (&paths, name), &roots, &mut found), false)
        }
        program if program.is_server() => {
            let named =
                command.target().and_then(|target| Some((target.text.known()?.0.clone(), target.span)));
            match named {
                Some((text, _)) if *program == Program::FastApi => (fastapi(&text), false),
                other => (other.map(|(text, span)| (text, Some(span))), deployment.native),
            }
        }
        _ => (None, false),
    };
    if let Some((text, span)) = target {
        find(gather, modules, command, (&text, span, certain), &roots, &mut found);
    }
    let given = gather.facts.config.app.clone().filter(|_| !matches!(found.target, Target::Found { .. }));
    if let Some(text) = given {
        find(gather, modules, command, (&text, None, false), &roots, &mut found);
    }
    found
}

/// Looks a target up: its text, where it stands, and whether it is certain that it lies below one of `roots`.
fn find(
    gather: &mut Gather<'_>,
    modules: &mut Modules,
    command: &Command,
    (text, span, certain): (&str, Option<Span>, bool),
    roots: &[String],
    found: &mut Application,
) {
    // gunicorn has a name of its own for what is not named.
    let unnamed = if command.program == Program::Gunicorn { "application" } else { "app" };
    let (module, name) = text.split_once(':').unwrap_or((text, unnamed));
    let name = name.trim_end_matches("()");
    let views: Vec<&str> = roots.iter().map(String::as_str).collect();
    let path =
        python::candidates("", module, &views).into_iter().find(|path| gather.facts.sources.exists(path));
    match path.and_then(|path| modules.load(gather, &path)) {
        Some(module) => {
            found.table = Some(modules.table(gather, &module.path, name, &views));
            found.modules = modules.followed(gather, &module, &views);
            found.target = Target::Found { module, name: name.to_owned(), span };
        }
        None => {
            if let (true, Some(span)) = (certain && !module.is_empty(), span) {
                found.target = Target::Missing { module: module.to_owned(), span };
            }
        }
    }
}

/// `main.py` of `fastapi run main.py` as a target.
fn fastapi(path: &str) -> Option<(String, Option<Span>)> {
    let module = path.strip_suffix(".py")?.replace('/', ".");
    // It finds the application by itself, whatever its name.
    Some((format!("{module}:app"), None))
}

/// The application that a Python file gives to `uvicorn.run`. `paths` with the name of the module that they are.
fn file(
    gather: &mut Gather<'_>,
    modules: &mut Modules,
    command: &Command,
    (paths, name): (&[String], Option<&str>),
    roots: &[String],
    found: &mut Application,
) -> Option<(String, Option<Span>)> {
    let bases: Vec<&String> = command.directory.value().into_iter().chain(roots).collect();
    let join =
        |path: &String| bases.iter().filter_map(|base| crate::sources::join(base, path)).collect::<Vec<_>>();
    let places: Vec<String> = paths.iter().flat_map(join).collect();
    let path = places.into_iter().find(|path| gather.facts.sources.exists(path))?;
    let module = modules.load(gather, &path)?;
    let mut servers = module.servers().into_iter();
    let server = servers.next()?;
    let target = match server.app.as_ref() {
        Some(app) => module.text(app).or_else(|| Some(format!("{}:{}", name?, app.name()?))),
        None => None,
    };
    // Which one of several is started cannot be known.
    found.server = Some(server).filter(|_| servers.next().is_none());
    Some((target?, None))
}

/// The directories in which modules are looked up.
fn roots(
    gather: &mut Gather<'_>,
    deployment: &Deployment,
    command: &Command,
    context: &packages::Context,
) -> Vec<String> {
    let join = |directory: &str, path: &str| crate::sources::join(directory, path);
    let mut bases: Vec<String> = command.directory.value().cloned().into_iter().collect();
    bases.extend(context.directories.iter().cloned());
    let mut roots: Vec<String> = Vec::new();
    let python_path = command.env.text("PYTHONPATH").or_else(|| deployment.env.text("PYTHONPATH"));
    let options = ["app-dir", "chdir", "pythonpath"];
    for base in &bases {
        let given = options.iter().filter_map(|name| command.value(name)?.value());
        roots.extend(given.filter_map(|path| join(base, path)));
        roots.push(base.clone());
        roots
            .extend(python_path.into_iter().flat_map(|it| it.split(':')).filter_map(|path| join(base, path)));
    }
    for base in &bases {
        let Some(source) = join(base, "pyproject.toml").and_then(|path| gather.load(&path)) else { continue };
        let Ok(file) = crate::readers::pyproject::read(&source) else { continue };
        roots.extend(file.package_roots.iter().filter_map(|root| join(base, root.text())));
        roots.extend(join(base, "src"));
    }
    roots
}

fn packages(
    gather: &mut Gather<'_>,
    deployment: &Deployment,
    image: Option<usize>,
    context: &packages::Context,
) -> Packages {
    if let Some(at) = image {
        let images = std::mem::take(&mut gather.facts.images);
        let found = packages::of_image(gather, &images[at], context);
        gather.facts.images = images;
        return found;
    }
    let unknown = |why| Packages { open: Some(why), ..Packages::default() };
    let Some(directory) = deployment.directory.value().filter(|_| deployment.native) else {
        return unknown("who installs them is not known");
    };
    // The build command of a service may be left out; a command before the deploy is none.
    if deployment.platform == Platform::Render && !deployment.build.is_empty() {
        let mut lines = deployment.build.clone();
        // A start command may install too.
        lines.extend(deployment.line().map(|line| {
            let mut line = line.clone();
            line.commands.retain(|command| !command.program.is_server());
            line
        }));
        return packages::of_lines(gather, &lines, directory);
    }
    if !deployment.build.is_empty() {
        return unknown("the build may install more");
    }
    packages::by_itself(gather, directory)
}

fn python_version(gather: &mut Gather<'_>, deployment: &Deployment, image: Option<usize>) -> Option<Python> {
    if let Some(at) = image {
        return images::python(&gather.facts.images[at]);
    }
    if deployment.platform != Platform::Render || !deployment.native {
        return None;
    }
    if let Some(variable) = deployment.env.get("PYTHON_VERSION") {
        let (text, span) = variable.value.known()?;
        return Some(Python { version: text.parse().ok()?, span: Some(span) });
    }
    let directory = deployment.directory.value()?.clone();
    for directory in [directory.as_str(), ""] {
        let path = crate::sources::join(directory, ".python-version")?;
        if let Some(source) = gather.load(&path) {
            let pin = python_pin::file(&source)?;
            return Some(Python { version: pin.version, span: Some(pin.value.whole()) });
        }
    }
    Some(Python { version: PYTHON.parse().ok()?, span: None })
}

/// gunicorn's file of settings.
fn settings(
    gather: &mut Gather<'_>,
    deployment: &Deployment,
    command: &Command,
    context: &packages::Context,
) -> Option<Rc<SettingsFile>> {
    if !matches!(command.program, Program::Gunicorn | Program::Ferricorn) {
        return None;
    }
    let arguments = command.env.get("GUNICORN_CMD_ARGS").or_else(|| deployment.env.get("GUNICORN_CMD_ARGS"));
    let path = match command.value("config") {
        Some(Fact::Known(path, _)) => path.strip_prefix("file:").unwrap_or(path).to_owned(),
        Some(_) => return None,
        None if arguments.is_some() => return None,
        None => "gunicorn.conf.py".to_owned(),
    };
    let mut bases: Vec<String> = command.directory.value().cloned().into_iter().collect();
    bases.extend(context.directories.iter().cloned());
    let relative = path.trim_start_matches('/');
    let name = path.rsplit('/').next().unwrap_or(&path);
    let mut places: Vec<String> =
        bases.iter().filter_map(|base| crate::sources::join(base, relative)).collect();
    places.extend(context.copied.iter().filter(|copied| copied.rsplit('/').next() == Some(name)).cloned());
    let source = places.iter().find_map(|path| gather.load(path))?;
    Some(settings_file(gather, &source))
}

/// A file as gunicorn's settings, read once.
fn settings_file(gather: &mut Gather<'_>, source: &Source) -> Rc<SettingsFile> {
    let known = gather.facts.settings.iter().find(|known| known.file == source.id());
    known.cloned().unwrap_or_else(|| {
        let mut settings = python::read_whole(source).settings();
        if let Some(values) = gather.facts.config.executed.get(source.path()) {
            config::fill(&mut settings, source, values);
        }
        let file = Rc::new(SettingsFile { file: source.id(), path: source.path().to_owned(), settings });
        gather.facts.settings.push(Rc::clone(&file));
        file
    })
}
