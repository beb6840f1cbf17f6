//! What the commands of a build install.

use super::Packages;
use crate::{
    facts::{
        Command, CommandLine, Environment, Fact, Gather, Place, Program, Shell, Written, docker::Image,
        from_shell,
    },
    readers::{
        dockerfile::{Detail, Form},
        lock, pyproject,
        requirements::{self, requirement},
    },
    sources::join,
    text::{Excerpt, Source},
};

/// Where the files of a build lie.
#[derive(Debug, Clone, Default)]
pub(in crate::facts) struct Context {
    /// Directories, relative to the root, from which a path may start; the likeliest first.
    pub(in crate::facts) directories: Vec<String>,
    /// Files that were copied into an image, as they lie in the repository: looked up by their last part.
    pub(in crate::facts) copied: Vec<String>,
}

const COMPUTED: &str = "the build installs something that cannot be read";
/// How far scripts and includes are followed.
const DEEPEST: u32 = 6;

/// Programs that install no package of Python, or nothing that counts.
const OTHERS: [&str; 48] = [
    "cd",
    "echo",
    "export",
    "set",
    "rm",
    "mkdir",
    "chmod",
    "chown",
    "useradd",
    "adduser",
    "addgroup",
    "groupadd",
    "usermod",
    "apt-get",
    "apt",
    "apk",
    "dnf",
    "yum",
    "npm",
    "npx",
    "yarn",
    "pnpm",
    "node",
    "alembic",
    "ls",
    "cat",
    "cp",
    "mv",
    "ln",
    "touch",
    "true",
    "sed",
    "dos2unix",
    "find",
    "printf",
    "sleep",
    "test",
    "[",
    "celery",
    "flask",
    "update-ca-certificates",
    "corepack",
    "pytest",
    "ruff",
    "mypy",
    "tar",
    "unzip",
    "exit",
];

/// The packages of a platform that builds with these commands in a directory.
pub(in crate::facts) fn of_lines(
    gather: &mut Gather<'_>,
    lines: &[CommandLine],
    directory: &str,
) -> Packages {
    let mut found = Packages::default();
    let context = Context { directories: vec![directory.to_owned()], copied: Vec::new() };
    let mut work = Work { gather, found: &mut found, wheels: false };
    for line in lines {
        work.line(line, &context, 0);
    }
    found
}

/// The packages of an image.
pub(in crate::facts) fn of_image(gather: &mut Gather<'_>, image: &Image, context: &Context) -> Packages {
    let mut found = Packages::default();
    let mut work = Work { gather, found: &mut found, wheels: false };
    let document = &image.document;
    let base = document.final_stage().and_then(|stage| document.image(stage)).unwrap_or_default();
    let name = base.rsplit('/').next().unwrap_or_default().split([':', '@']).next().unwrap_or_default();
    if !matches!(name, "python" | "debian" | "ubuntu" | "alpine" | "uv" | "pypy") {
        work.found.open = Some("the image below may hold packages");
    }
    for instruction in &document.instructions {
        match &instruction.detail {
            Detail::Run(Form::Shell { value, .. }) => {
                let nowhere = Fact::Unknown("the image says it");
                let env = Environment::default();
                let written = Written { span: value.whole(), key: None, style: None, indicator: None };
                let line = from_shell(value, Shell::Sh, written, &Place { directory: &nowhere, env: &env });
                work.line(&line, context, 0);
            }
            Detail::Run(Form::Exec(_)) => work.found.open = Some(COMPUTED),
            Detail::Copy { from: Some(from), .. } => {
                let stage = document.stage(from.text()).is_some();
                if !stage && !from.text().contains("astral-sh/uv") {
                    work.found.open = Some("files come out of another image");
                }
            }
            _ => {}
        }
    }
    found
}

struct Work<'w, 't> {
    gather: &'w mut Gather<'t>,
    found: &'w mut Packages,
    wheels: bool,
}

impl Work<'_, '_> {
    fn open(&mut self) {
        self.found.open.get_or_insert(COMPUTED);
    }

    fn line(&mut self, line: &CommandLine, context: &Context, depth: u32) {
        for command in &line.commands {
            let mut here = context.clone();
            if let (Some(own), true) = (command.directory.value(), context.copied.is_empty()) {
                here.directories.insert(0, own.clone());
            }
            self.command(command, &here, depth);
        }
    }

    fn command(&mut self, command: &Command, context: &Context, depth: u32) {
        self.found.words.extend(command.words.iter().map(|word| word.text.clone()));
        let rest: Vec<usize> = (command.program_word + 1..command.words.len()).collect();
        let word =
            |at: usize| rest.get(at).and_then(|at| command.words.get(*at)).map_or("", |it| it.text.as_str());
        match &command.program {
            Program::Module(name) | Program::Other(name) => match (name.as_str(), word(0)) {
                ("pip" | "pip3", "install" | "wheel" | "download") => {
                    self.wheels |= word(0) != "install";
                    self.install(command, &rest[1..], context);
                }
                ("uv", "pip") if word(1) == "install" => self.install(command, &rest[2..], context),
                ("uv", "pip") if word(1) == "sync" => {
                    for at in &rest[2..] {
                        self.file_of(command, *at, context);
                    }
                }
                ("uv" | "poetry" | "pdm" | "pipenv", "sync" | "install") => self.project(context, &[]),
                (
                    "poetry" | "uv" | "pdm" | "pipenv",
                    "export" | "lock" | "venv" | "python" | "cache" | "build" | "config" | "self"
                    | "--version",
                )
                | ("pip" | "pip3" | "venv" | "virtualenv" | "compileall" | "ensurepip", _) => {}
                (name, _) if OTHERS.contains(&name) || name.starts_with("python") => {}
                _ => self.open(),
            },
            Program::Script(path) => self.script(path, context, depth),
            Program::Unknown => self.open(),
            _ => {}
        }
    }

    fn script(&mut self, path: &str, context: &Context, depth: u32) {
        let Some(source) = self.look(path, context).filter(|_| depth < DEEPEST) else { return self.open() };
        let value = Excerpt::verbatim(&source, source.whole().range());
        let directory = context.directories.first().cloned().unwrap_or_default();
        let directory = Fact::Default(directory, "the script starts there");
        let env = Environment::default();
        let written = Written { span: value.whole(), key: None, style: None, indicator: None };
        let line = from_shell(&value, Shell::Bash, written, &Place { directory: &directory, env: &env });
        self.line(&line, context, depth + 1);
        self.found.scripts.push(line);
    }

    /// `pip install` with these words.
    fn install(&mut self, command: &Command, words: &[usize], context: &Context) {
        const VALUED: [&str; 19] = [
            "-i",
            "--index-url",
            "--extra-index-url",
            "-f",
            "--find-links",
            "-t",
            "--target",
            "--prefix",
            "--root",
            "--timeout",
            "--retries",
            "--trusted-host",
            "--cache-dir",
            "-c",
            "--constraint",
            "--python",
            "--python-version",
            "-w",
            "--wheel-dir",
        ];
        let mut at = 0;
        while let Some(word) = words.get(at).and_then(|index| command.words.get(*index)) {
            let text = word.text.as_str();
            at += 1;
            if matches!(text, "-r" | "--requirement" | "--requirements") {
                if let Some(index) = words.get(at) {
                    self.file_of(command, *index, context);
                }
                at += 1;
            } else if let Some(path) = text.strip_prefix("--requirement=") {
                self.file(path, context);
            } else if let Some(path) = text.strip_prefix("-r").filter(|_| !text.starts_with("--")) {
                self.file(path, context);
            } else if VALUED.contains(&text) {
                at += 1;
            } else if text.starts_with('-') {
                // `-e` names a project with the word behind it.
            } else if text.contains('*') || text.starts_with('/') {
                if !self.wheels {
                    self.open();
                }
            } else if text.starts_with('.') {
                let (path, extras) = text.split_once('[').unwrap_or((text, ""));
                let extras: Vec<&str> = extras.trim_end_matches(']').split(',').collect();
                match context.directories.first().and_then(|directory| join(directory, path)) {
                    Some(directory) => {
                        let mut inner = context.clone();
                        inner.directories.insert(0, directory);
                        self.project(&inner, &extras);
                    }
                    None => self.open(),
                }
            } else {
                let span = word.inner();
                let source = self.gather.facts.sources.get(span.file);
                let found = (source.slice(span) == text).then(|| Excerpt::verbatim(source, span.range()));
                match found.as_ref().and_then(requirement) {
                    Some(requirement) => self.found.asked.push(requirement),
                    None => self.open(),
                }
            }
        }
    }

    fn file_of(&mut self, command: &Command, word: usize, context: &Context) {
        match command.words.get(word).and_then(|word| word.known()) {
            Some(path) => self.file(path, context),
            None => self.open(),
        }
    }

    /// A file of requirements.
    fn file(&mut self, path: &str, context: &Context) {
        match self.look(path, context) {
            Some(source) => self.requirements(&source, 0),
            // Poetry and uv write it from their lock file.
            None if self.found.words.iter().any(|word| word == "export") => self.project(context, &[]),
            None => self.open(),
        }
    }

    fn requirements(&mut self, source: &Source, depth: u32) {
        if self.found.files.contains(&source.id()) || depth > DEEPEST {
            return;
        }
        let file = requirements::read(source);
        self.found.files.push(source.id());
        let editable = file.options.iter().any(|(name, ..)| name == "-e");
        let nameless = file.requirements.iter().any(|it| it.name.is_empty());
        if !file.unread.is_empty() || editable || nameless {
            self.open();
        }
        self.found.asked.extend(file.requirements);
        for include in file.includes.iter().filter(|include| !include.constraint) {
            let path = join(source.directory(), include.path.text());
            match path.and_then(|path| self.gather.load(&path)) {
                Some(source) => self.requirements(&source, depth + 1),
                None => self.open(),
            }
        }
    }

    /// The project in the nearest directory that has one.
    fn project(&mut self, context: &Context, extras: &[&str]) {
        let mut known = false;
        for name in ["pyproject.toml", "Pipfile"] {
            let Some(source) = self.look(name, context) else { continue };
            let file = match pyproject::read(&source) {
                Ok(file) => file,
                Err(error) => {
                    self.gather.facts.sources.not_of_its_format(source.path(), error);
                    return self.open();
                }
            };
            known |= file.declares_dependencies();
            if file.root.at(&["project", "dynamic"]).is_some()
                || file.root.at(&["tool", "uv", "workspace"]).is_some()
            {
                self.open();
            }
            self.found.files.push(source.id());
            self.found.projects.push((source.id(), file.python.clone()));
            let groups =
                file.groups.iter().chain(file.extras.iter().filter(|it| extras.contains(&it.0.as_str())));
            self.found.asked.extend(file.dependencies.iter().chain(groups.flat_map(|it| &it.1)).cloned());
        }
        if !known {
            self.open();
        }
        for name in ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"] {
            let Some(source) = self.look(name, context) else { continue };
            let file = lock::read(&source);
            self.found.is_locked |= !file.packages.is_empty();
            self.found.locked.extend(file.packages);
        }
    }

    /// A file of the build.
    fn look(&mut self, path: &str, context: &Context) -> Option<std::rc::Rc<Source>> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let relative = path.trim_start_matches('/');
        let direct = context.directories.iter().filter_map(|directory| join(directory, relative));
        let copied = context.copied.iter().filter(|copied| copied.rsplit('/').next() == Some(name)).cloned();
        let below = context.directories.iter().filter_map(|directory| {
            // `/app/requirements.txt` of an image whose `/app` is the context.
            (path.starts_with('/')).then(|| join(directory, relative.split_once('/')?.1)).flatten()
        });
        let all: Vec<String> = direct.chain(copied).chain(below).collect();
        all.iter().find_map(|path| self.gather.load(path))
    }
}

/// The files that a platform installs by itself if no build command says it.
pub(in crate::facts) fn by_itself(gather: &mut Gather<'_>, directory: &str) -> Packages {
    let mut found = Packages::default();
    let context = Context { directories: vec![directory.to_owned()], copied: Vec::new() };
    let mut work = Work { gather, found: &mut found, wheels: false };
    if work.look("requirements.txt", &context).is_some() {
        work.file("requirements.txt", &context);
    } else {
        work.project(&context, &[]);
    }
    found
}
