//! Preparing a run: the application, the arguments, the environment, the Python.
//!
//! Owns: the temporary folder until the program runs, and a clean environment: no variable that the program reads
//! comes from the user who runs the tests.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    net::TcpListener,
    os::{fd::OwnedFd, unix::process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

use nix::sys::prctl::set_child_subreaper;
use tempfile::TempDir;

use crate::{
    Exit, LogBook, Source, ledger, processes,
    server::{PATIENCE, Server},
};

/// The top folder of the sources.
pub fn repository() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    folder.expect("the crate lies in crates/ferricorn-test").to_owned()
}

/// The Python that the tests run: `FERRICORN_TEST_PYTHON`, or the one that `cargo dev test` set up.
pub fn python() -> PathBuf {
    let path = env::var_os("FERRICORN_TEST_PYTHON").map_or_else(|| set_up("newest"), PathBuf::from);
    assert!(path.exists(), "no Python to test with: run `cargo dev test`, or set FERRICORN_TEST_PYTHON");
    path
}

/// The Python that has libraries which do at their import what a fork may not survive: `FERRICORN_TEST_LIBRARIES`, or the
/// one that `cargo dev test` set up. None if there is none.
pub fn libraries() -> Option<PathBuf> {
    let path = env::var_os("FERRICORN_TEST_LIBRARIES").map_or_else(|| set_up("libraries"), PathBuf::from);
    path.exists().then_some(path)
}

/// The Python of an environment that `cargo dev` makes.
fn set_up(name: &str) -> PathBuf {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    target.join(format!("dev/venv-{name}/bin/python"))
}

/// What speaks HTTP/1.1 in every program that names nothing: the protocol that `FERRICORN_TEST_HTTP` names, so that the same
/// tests run on each.
const HTTP: &str = "FERRICORN_TEST_HTTP";

/// A port that is unused on all IPv4 addresses at the moment.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("0.0.0.0:0").expect("the system has a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// A run that is being prepared.
pub struct Builder {
    pub(crate) program: PathBuf,
    folder: TempDir,
    directory: PathBuf,
    target: Option<String>,
    bind: Vec<OsString>,
    arguments: Vec<OsString>,
    variables: Vec<(OsString, OsString)>,
    python: Option<PathBuf>,
    no_python: bool,
    wrapper: Vec<OsString>,
    stdin: Option<OwnedFd>,
    terminal: bool,
    expected: Expected,
}

/// What a test announces to find in the log.
#[derive(Default)]
pub(crate) struct Expected {
    /// Parts of lines at ERROR or CRITICAL.
    pub(crate) errors: Vec<String>,
    /// Parts of lines that are not in the log's format.
    pub(crate) strangers: Vec<String>,
}

impl Builder {
    pub(crate) fn new(program: PathBuf) -> Self {
        let folder =
            tempfile::Builder::new().prefix("ferricorn-test-").tempdir().expect("a temporary folder");
        let new = Self {
            program,
            directory: folder.path().to_owned(),
            folder,
            target: Some("main:app".to_owned()),
            bind: vec!["--bind".into(), "127.0.0.1:0".into()],
            arguments: Vec::new(),
            variables: Vec::new(),
            python: None,
            no_python: false,
            wrapper: Vec::new(),
            stdin: None,
            terminal: false,
            expected: Expected::default(),
        };
        new.app(ledger::APP)
    }

    /// Another program than the one that the builder was made with.
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// The application's source, written to `main.py` in the run's folder. Without it: the [`ledger`] application.
    #[must_use]
    pub fn app(self, source: &str) -> Self {
        fs::write(self.folder.path().join("main.py"), source).expect("the run's folder can be written");
        self
    }

    /// Runs in the folder of one of the examples instead.
    #[must_use]
    pub fn example(mut self, name: &str) -> Self {
        self.directory = repository().join("examples").join(name);
        self
    }

    /// Another target than `main:app`; none leaves it out.
    #[must_use]
    pub fn target(mut self, target: Option<&str>) -> Self {
        self.target = target.map(str::to_owned);
        self
    }

    /// Arguments after the target.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Arguments as one writes them in a shell, split at blanks.
    #[must_use]
    pub fn line(self, arguments: &str) -> Self {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        self.args(words)
    }

    /// Does not add `--bind 127.0.0.1:0`.
    #[must_use]
    pub fn no_bind(mut self) -> Self {
        self.bind.clear();
        self
    }

    /// A variable of the environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Another Python than [`python`].
    #[must_use]
    pub fn python(mut self, path: impl Into<PathBuf>) -> Self {
        self.python = Some(path.into());
        self
    }

    /// No environment is active, and no interpreter is named.
    #[must_use]
    pub fn no_python(mut self) -> Self {
        self.no_python = true;
        self
    }

    /// Runs in a directory of the run's folder, by this name of it, as if a shell had gone there.
    #[must_use]
    pub fn inside(mut self, name: &str) -> Self {
        self.directory = self.folder().join(name);
        let directory = self.directory.clone();
        self.variable("PWD", directory)
    }

    /// A program that starts the program: its words come first.
    #[must_use]
    pub fn wrapped(mut self, words: &[&str]) -> Self {
        self.wrapper = words.iter().map(Into::into).collect();
        self
    }

    /// What the program has as standard input (for [`Builder::wrapped`] to move where it is wanted).
    #[must_use]
    pub fn stdin(mut self, stdin: impl Into<OwnedFd>) -> Self {
        self.stdin = Some(stdin.into());
        self
    }

    /// Gives the program a terminal as standard error.
    #[must_use]
    pub fn terminal(mut self) -> Self {
        self.terminal = true;
        self
    }

    /// Announces lines at ERROR or CRITICAL that contain this text; others fail the test.
    #[must_use]
    pub fn expect_error(mut self, text: &str) -> Self {
        self.expected.errors.push(text.to_owned());
        self
    }

    /// Announces lines that contain this text and are not in the log's format.
    #[must_use]
    pub fn expect_stranger(mut self, text: &str) -> Self {
        self.expected.strangers.push(text.to_owned());
        self
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn command(&self, run: &str) -> Command {
        let mut words: Vec<&OsStr> = self.wrapper.iter().map(AsRef::as_ref).collect();
        words.push(self.program.as_os_str());
        words.extend(self.target.as_ref().map(OsStr::new));
        words.extend(self.bind.iter().map(AsRef::<OsStr>::as_ref));
        words.extend(self.arguments.iter().map(AsRef::<OsStr>::as_ref));
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(&self.directory).process_group(0);
        for (name, _) in env::vars_os() {
            let ours = ["FERRICORN_", "GUNICORN_", "UVICORN_", "PYTHON", "LISTEN_", "JOURNAL_"];
            let name_text = name.to_string_lossy();
            if ours.iter().any(|prefix| name_text.starts_with(prefix))
                || ["PORT", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS", "VIRTUAL_ENV", "CONDA_PREFIX"]
                    .contains(&&*name_text)
            {
                command.env_remove(name);
            }
        }
        if !self.no_python {
            self.name_python(&mut command);
        }
        if let Some(protocol) = env::var_os(HTTP) {
            command.env("FERRICORN_HTTP", protocol);
        }
        command
            // A .pyc is matched by its source's size and second of change: two versions in one second look alike.
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env(ledger::VARIABLE, self.folder.path().join("ledger"))
            .env(processes::RUN_VARIABLE, run)
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The environment of the Python is active, as it is for people who run the program from a shell; one that is in none
    /// is named.
    fn name_python(&self, command: &mut Command) {
        let python = self.python.clone().unwrap_or_else(python);
        let folder = python.parent().expect("the path of a Python has a folder");
        if folder.parent().is_some_and(|venv| venv.join("pyvenv.cfg").exists()) {
            let mut path = OsString::from(folder);
            path.push(":");
            path.push(env::var_os("PATH").unwrap_or_default());
            command.env("VIRTUAL_ENV", folder.parent().expect("checked above")).env("PATH", path);
        } else {
            command.env("FERRICORN_PYTHON", &python);
        }
    }

    /// Starts the program; it need not be ready when this returns.
    pub fn start(mut self) -> Server {
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let run = format!("{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
        // Whatever loses its parent comes to the harness, where it can be found.
        set_child_subreaper(true).expect("Linux has subreapers since 3.4");
        let mut command = self.command(&run);
        command.stdin(self.stdin.take().map_or_else(Stdio::null, Stdio::from)).stdout(Stdio::piped());
        let mut terminal = None;
        if self.terminal {
            let pair = nix::pty::openpty(None, None).expect("the system has a pseudo-terminal");
            command.stderr(pair.slave);
            terminal = Some(fs::File::from(pair.master));
        } else {
            command.stderr(Stdio::piped());
        }
        let description = format!("{command:?}");
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {description}: {error}"));
        // It holds the slave's end of the terminal.
        drop(command);
        let log = LogBook::default();
        log.collect(Source::Stdout, child.stdout.take().expect("asked for a pipe"));
        match (terminal, child.stderr.take()) {
            (Some(master), _) => log.collect(Source::Stderr, master),
            (None, stderr) => log.collect(Source::Stderr, stderr.expect("asked for a pipe")),
        }
        let pid = i32::try_from(child.id()).expect("a pid fits");
        let book = log.clone();
        thread::spawn(move || book.note_exit(Exit::new(child.wait().expect("the child is waited for once"))));
        Server::new(pid, run, log, description, self.folder, self.expected)
    }

    /// Starts the program and waits until it listens and this many workers are ready.
    pub fn serve(self, workers: usize) -> Server {
        let server = self.start();
        server.wait_for_line("Listening at: ", PATIENCE);
        server.wait_for_ready(workers);
        server
    }
}
