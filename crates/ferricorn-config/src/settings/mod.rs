//! The settings in effect: the one checked description of a run, without an `Option` that has no meaning.
//!
//! Owns: the types. Does not own: where the values came from ([`crate::resolve()`] decides that).

mod logs;
mod native_http;
mod reload;
mod rights;
pub(crate) mod worker_class;

use std::{fmt, path::PathBuf, time::Duration};

pub(crate) use logs::STATSD_PORT;
pub use logs::{LogConfig, LogFormat, LogOptions, Statsd, StatsdAddress, Syslog, SyslogAddress};
pub use native_http::NativeHttp;
pub use reload::{Reload, ReloadEngine};
pub use rights::Rights;

/// The port if none is given, as for gunicorn and uvicorn.
pub(crate) const DEFAULT_PORT: u16 = 8000;

/// Workers that a master has room for: as many as the scoreboard has rows, but for replacements.
pub const MOST_WORKERS: u16 = 4000;

/// Everything that a run of the master needs to know.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Settings {
    /// The application as the user wrote it: `module`, `module:attribute`, `module:factory()`.
    pub app: String,
    /// Call the attribute to get the application (`--factory`).
    pub factory: bool,
    /// The directory to work in, absolute (`--chdir`); exists.
    pub chdir: PathBuf,
    /// Put first on `sys.path` (`--app-dir`), absolute; `chdir` when not given.
    pub app_dir: PathBuf,
    /// Put before everything on `sys.path` (`--pythonpath`), absolute, the last one first, as gunicorn does.
    pub python_path: Vec<PathBuf>,
    /// Variables for the application (`--env-file`, `--env`), stronger than those of the master.
    pub environment: Vec<(String, String)>,
    /// The Python configuration file that was executed, for those who have to load it again.
    pub config_file: Option<PythonFile>,
    /// gunicorn's names of the hooks that `config_file` defines (`post_fork`).
    pub hooks: Vec<String>,
    /// The interpreter that the user chose (`--python`, `FERRICORN_PYTHON`).
    pub python: Option<PathBuf>,
    /// Where to listen; at least one.
    pub binds: Vec<Bind>,
    /// What is taken from the mode 0777 of unix sockets (`--umask`), 0 to 0o777.
    pub umask: u32,
    /// The queue of connections that are not accepted yet, per listening socket (`--backlog`), 1 or more.
    pub backlog: u32,
    /// Another program that asks for it as well may listen on the same port (`--reuse-port`).
    pub reuse_port: bool,
    /// When the sockets begin to listen (`--listen`).
    pub listen: ListenWhen,
    /// Whether the application is loaded once and workers are forked (`--preload`).
    pub preload: Preload,
    /// How many workers serve when all is well (`--workers`); 0 is legal, as in gunicorn.
    pub workers: u16,
    /// The class that the user named (`--worker-class`), for the log.
    pub worker_class: String,
    /// Connections per worker at which it stops accepting (`--worker-connections`); `None`: no limit.
    pub worker_connections: Option<u32>,
    /// Requests after which a worker is recycled (`--max-requests`), before jitter; 0: never.
    pub max_requests: u64,
    /// The most that is added to `max_requests`, drawn per worker.
    pub max_requests_jitter: u64,
    /// How long an event loop may be silent before its worker is killed (`--timeout`); zero: for ever.
    pub timeout: Duration,
    /// How long an event loop may be silent before its stack is shown (`--slow-loop`); zero: only shortly before it is
    /// killed.
    pub slow_loop: Duration,
    /// How long a drain may take (`--graceful-timeout`).
    pub graceful_timeout: Duration,
    /// How long a boot may take (`--boot-timeout`); zero: for ever.
    pub boot_timeout: Duration,
    /// How long a reload's first worker must hold before the others follow (`--reload-probation`).
    pub reload_probation: Duration,
    /// Which files are watched, if any (`--reload`).
    pub reload: Option<Reload>,
    /// One person works on the application and looks at this terminal (`ferricorn dev`).
    pub development: bool,
    /// If the port is in use, the next free one is taken, because this one was not asked for.
    pub port_may_move: bool,
    /// How long a new program may take until it is ready to take over (`--upgrade-timeout`).
    pub upgrade_timeout: Duration,
    /// Where the master's pid is written (`--pid`); relative to `chdir`.
    pub pid_file: Option<PathBuf>,
    /// Its name in the process list and in syslog (`--name`); `None`: the application.
    pub name: Option<String>,
    /// Whose rights the workers have (`--user`, `--group`, `--initgroups`).
    pub rights: Rights,
    /// How long a graceful stop keeps accepting, with `Connection: close` on every response, before it drains
    /// (`--drain-delay`).
    pub drain_delay: Duration,
    /// How long a worker serves before it is recycled (`--max-worker-lifetime`), before jitter; zero: for ever.
    pub max_worker_lifetime: Duration,
    /// The most that is added to `max_worker_lifetime`, drawn per worker.
    pub max_worker_lifetime_jitter: Duration,
    /// Resident memory above which a worker is recycled, and killed at twice as much (`--max-worker-memory`); `None`: no
    /// limit.
    pub max_worker_memory: Option<WorkerMemory>,
    /// uvicorn options that the user set, by their `uvicorn.Config` names.
    pub uvicorn: Vec<(&'static str, UvicornValue)>,
    /// uvicorn options that ferricorn sets because gunicorn's worker would, by their `uvicorn.Config` names.
    pub uvicorn_defaults: Vec<(&'static str, UvicornValue)>,
    /// The native protocol for HTTP/1.1 (`--http native`); `None`: uvicorn's, as its options say.
    pub native_http: Option<NativeHttp>,
    /// The access log (`--access-logfile`, `--access-log`).
    pub access_log: AccessLog,
    /// gunicorn's `--access-logformat`.
    pub access_log_format: String,
    /// The error log (`--error-logfile`); `None`: standard error.
    pub error_log: Option<PathBuf>,
    /// The least severe level that is logged (`--log-level`).
    pub log_level: LogLevel,
    /// The log's form, and where it goes besides its files.
    pub logs: LogOptions,
    /// The metrics of the service.
    pub metrics: Metrics,
}

/// The metrics of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metrics {
    /// Where metrics and the status page are served (`--metrics-bind`); `None`: nowhere.
    pub bind: Option<Bind>,
    /// The file with the token that readers must send (`--metrics-token-file`), absolute; `None`: they need none.
    pub token_file: Option<PathBuf>,
    /// Workers count requests and their times (`--request-counts`).
    pub counts: bool,
}

/// The memory that one worker may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerMemory {
    /// In bytes.
    pub bytes: u64,
    /// What a percentage comes to, in words; `None` if the limit was given in MiB.
    pub share: Option<String>,
}

impl Settings {
    /// The worker class, if it is one of the user's own.
    pub fn own_worker_class(&self) -> Option<&str> {
        worker_class::is_own(&self.worker_class).then_some(self.worker_class.as_str())
    }

    /// What the process list calls it, as gunicorn's `proc_name`.
    pub fn process_name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.app)
    }

    /// The least severe level of the master's lines.
    pub fn master_level(&self) -> LogLevel {
        self.logs.asked_level.or(self.logs.level).unwrap_or(self.log_level)
    }

    /// The least severe level of the workers' lines; a logging configuration may have its own.
    pub fn worker_level(&self) -> LogLevel {
        self.logs.asked_level.unwrap_or(self.log_level)
    }

    /// Whether the workers speak TLS.
    pub fn speaks_tls(&self) -> bool {
        self.uvicorn.iter().any(|(name, _)| *name == "ssl_certfile")
    }
}

/// A configuration file in Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonFile {
    /// What is executed.
    pub target: PythonTarget,
    /// The directory that it is executed in, and that goes first on `sys.path`.
    pub directory: PathBuf,
}

/// What is executed as a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PythonTarget {
    /// A file, absolute.
    Path(PathBuf),
    /// A module that is imported (`python:project.settings`).
    Module(String),
}

impl fmt::Display for PythonTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(formatter),
            Self::Module(name) => write!(formatter, "python:{name}"),
        }
    }
}

/// A listening address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bind {
    /// A host (name or literal, without brackets) and a port; port 0 lets the system choose.
    Tcp {
        /// The name or the literal address.
        host: String,
        /// The port, 0 to 65535.
        port: u16,
    },
    /// A unix socket at a path.
    Unix(PathBuf),
    /// A socket that was inherited under this number.
    Fd(i32),
}

impl Default for Bind {
    /// The address if none is given.
    fn default() -> Self {
        Self::Tcp { host: "127.0.0.1".to_owned(), port: DEFAULT_PORT }
    }
}

/// When the listening sockets begin to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListenWhen {
    /// When the first worker is ready: before that a connection is refused, and a port check tells the truth.
    Ready,
    /// Before the first worker is started, as gunicorn does: early connections wait in the backlog.
    Early,
}

/// Whether workers are forked from a process that has loaded the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preload {
    /// Each worker loads it by itself.
    No,
    /// If nothing that the import does speaks against it (`--preload`).
    IfFit,
    /// Whatever the import does (`--preload always`).
    Always,
}

/// Where the access log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessLog {
    /// There is none.
    Off,
    /// Standard output.
    Stdout,
    /// A file, appended to.
    File(PathBuf),
}

/// The least severe level that is logged, by gunicorn's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Everything, uvicorn's trace included.
    Trace,
    /// Details for debugging.
    Debug,
    /// The normal course of things.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something failed.
    Error,
    /// The service is at risk.
    Critical,
}

impl LogLevel {
    /// Every level, the least severe first.
    pub const ALL: [Self; 6] =
        [Self::Trace, Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// The level with this name, in capitals or not.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str().eq_ignore_ascii_case(name))
    }

    /// The level's name in lower case, as gunicorn and uvicorn spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// The value of a uvicorn option.
#[derive(Clone, Debug, PartialEq)]
pub enum UvicornValue {
    /// A string.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number of seconds.
    Number(f64),
    /// On or off.
    Flag(bool),
    /// Names with values, in order (`headers`).
    Pairs(Vec<(String, String)>),
}
