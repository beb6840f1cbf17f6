//! The servers that are compared, and the command line of each for the same work.
//!
//! Invariant: what costs processor time is chosen alike for all: uvloop, httptools, 75 s keep-alive, no access log
//! unless it is what is measured. All the rest are each server's defaults.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use ferricorn_test::{Builder, Server};

use crate::{extension, failure::Failure, steps::loudly_checked, venv::Venv, workspace::Workspace};

/// Who serves.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The release build of this workspace.
    Ferricorn,
    /// The same with the native protocol.
    Native,
    /// uvicorn with its own supervisor.
    Uvicorn,
    /// gunicorn with `uvicorn_worker.UvicornWorker`.
    Gunicorn,
    /// granian, which speaks HTTP and runs Python from Rust.
    Granian,
    /// h2corn, the same.
    H2corn,
}

/// Those that are compared everywhere; the first is compared with the others.
pub(crate) const ALL: [Contender; 3] = [Contender::Ferricorn, Contender::Uvicorn, Contender::Gunicorn];

/// What is to be served.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Module and attribute in `benches/apps`.
    pub(crate) app: &'static str,
    /// How many workers.
    pub(crate) workers: usize,
    /// Whether each request is logged, to a file.
    pub(crate) access_log: bool,
    /// Whether the application is loaded once and the workers are forked; uvicorn has no such thing.
    pub(crate) preload: bool,
    /// Its name as `--loop` takes it. gunicorn's worker takes uvloop by itself.
    pub(crate) event_loop: &'static str,
}

impl Plan {
    /// An application on so many workers; the rest as most measurements have it.
    pub(crate) const fn new(app: &'static str, workers: usize) -> Self {
        Self { app, workers, access_log: false, preload: false, event_loop: "uvloop" }
    }
}

/// The applications of `benches/apps`, with their names in tables.
pub(crate) const APPS: [(&str, &str); 2] = [("bare:app", "bare ASGI"), ("fast:app", "FastAPI")];

/// Where everything is that the servers need.
#[derive(Clone)]
pub(crate) struct Ground {
    /// The program under test.
    pub(crate) ferricorn: PathBuf,
    /// The environment of `requirements/bench.txt`.
    pub(crate) venv: Venv,
    /// What runs all the Python code: that environment's, or something that runs it in turn.
    python: PathBuf,
    /// `benches/apps`, in which every server runs.
    pub(crate) apps: PathBuf,
    /// For logs of the servers.
    pub(crate) logs: PathBuf,
}

impl Ground {
    /// The places in this workspace. The program is built, and the folder for logs is made.
    pub(crate) fn prepare(workspace: &Workspace, venv: Venv) -> Result<Self, Failure> {
        extension::build(workspace)?;
        let mut build = workspace.cargo(["build", "--release", "--package", "ferricorn"]);
        loudly_checked("build", &mut build)?;
        let logs = workspace.dev_folder().join("bench");
        let made = fs::create_dir_all(&logs);
        made.map_err(|error| Failure::new(format!("cannot make `{}`: {error}", logs.display())))?;
        Ok(Self {
            ferricorn: workspace.target.join("release/ferricorn"),
            python: venv.program("python"),
            venv,
            apps: workspace.root.join("benches/apps"),
            logs,
        })
    }

    /// Where a program of the environment is; ours, if none is named.
    pub(crate) fn named(&self, program: Option<&str>) -> PathBuf {
        program.map_or_else(|| self.ferricorn.clone(), |name| self.venv.program(name))
    }

    /// A run of such a program, which is told where to listen by its own line.
    pub(crate) fn run_of(&self, program: Option<&str>) -> Builder {
        let python = self.venv.program("python");
        let mut builder = Server::command(self.named(program)).target(None).no_bind();
        if program.is_some() {
            // Not the script by itself: its first line is a path that need not be there any more.
            builder = builder.wrapped(&[&python.display().to_string()]);
        }
        builder.python(python)
    }

    /// The same with another program in the place of Python.
    pub(crate) fn with_python(&self, python: PathBuf) -> Self {
        Self { python, ..self.clone() }
    }

    fn program(&self, contender: Contender) -> Command {
        match contender {
            Contender::Ferricorn | Contender::Native => Command::new(&self.ferricorn),
            // Not the script by itself: its first line is a path that need not be there any more.
            Contender::Uvicorn | Contender::Gunicorn | Contender::Granian | Contender::H2corn => {
                let mut command = Command::new(&self.python);
                command.arg(self.venv.program(contender.name()));
                command
            }
        }
    }

    /// The command of a contender, with all its output in files of these paths.
    pub(crate) fn command(
        &self,
        contender: Contender,
        plan: Plan,
        port: u16,
        log: &Path,
        access: &Path,
    ) -> Result<Command, Failure> {
        let unwritable =
            |error: io::Error| Failure::new(format!("cannot write `{}`: {error}", log.display()));
        let mut command = self.program(contender);
        command.args(contender.arguments(plan, port, &access.display().to_string()));
        command.current_dir(&self.apps).env("FERRICORN_PYTHON", &self.python);
        // The environment of the user must not change what is compared.
        for variable in ["GUNICORN_CMD_ARGS", "WEB_CONCURRENCY", "PORT", "FORWARDED_ALLOW_IPS", "VIRTUAL_ENV"]
        {
            command.env_remove(variable);
        }
        command.stdin(Stdio::null()).stderr(File::create(log).map_err(unwritable)?);
        let out =
            if plan.access_log && contender == Contender::Uvicorn { access } else { Path::new("/dev/null") };
        command.stdout(File::create(out).map_err(unwritable)?);
        Ok(command)
    }
}

impl Contender {
    /// The name in tables, which is the program's.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ferricorn | Self::Native => "ferricorn",
            Self::Uvicorn => "uvicorn",
            Self::Gunicorn => "gunicorn",
            Self::Granian => "granian",
            Self::H2corn => "h2corn",
        }
    }

    /// Whether its workers are uvicorn's, and say what uvicorn says.
    pub(crate) const fn is_uvicorn(self) -> bool {
        !matches!(self, Self::Granian | Self::H2corn)
    }

    /// The command as a person would type it in `benches/apps`.
    pub(crate) fn shown(self, plan: Plan) -> String {
        let arguments = self.arguments(plan, 8000, "access.log").join(" ");
        let redirected = if plan.access_log && self == Self::Uvicorn { " > access.log" } else { "" };
        format!("{} {arguments}{redirected}", self.name())
    }

    fn arguments(self, plan: Plan, port: u16, access: &str) -> Vec<String> {
        let Plan { app, event_loop, .. } = plan;
        let ours = format!("{app} --bind 127.0.0.1:{port} --keep-alive 75 --loop {event_loop}");
        let text = match self {
            Self::Ferricorn => format!("{ours} --http httptools"),
            Self::Native => format!("{ours} --http native"),
            Self::Uvicorn => format!(
                "{app} --host 127.0.0.1 --port {port} --timeout-keep-alive 75 --loop {event_loop} --http httptools"
            ),
            // Its worker takes uvloop and httptools by itself where they are installed.
            Self::Gunicorn => format!(
                "{} --bind 127.0.0.1:{port} -k uvicorn_worker.UvicornWorker --keep-alive 75",
                plan.app
            ),
            Self::Granian => {
                format!("{} --interface asgi --loop uvloop --host 127.0.0.1 --port {port}", plan.app)
            }
            Self::H2corn => format!("{} --bind 127.0.0.1:{port} --loop uvloop", plan.app),
        };
        let mut arguments: Vec<String> = text.split(' ').map(str::to_owned).collect();
        arguments.extend(["--workers".to_owned(), plan.workers.to_string()]);
        if plan.preload && self != Self::Uvicorn {
            arguments.push("--preload".to_owned());
        }
        match (self, plan.access_log) {
            (Self::Uvicorn, true) => arguments.push("--access-log".to_owned()),
            (Self::Uvicorn | Self::Granian | Self::H2corn, false) => {
                arguments.push("--no-access-log".to_owned());
            }
            (_, true) => arguments.extend(["--access-logfile".to_owned(), access.to_owned()]),
            (_, false) => {}
        }
        arguments
    }
}
