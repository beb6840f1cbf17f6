//! Facts that a worker reports to its master.

use serde::{Deserialize, Serialize};

/// A message from a worker to the master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToMaster {
    /// The application's startup is over (ASGI lifespan included). The worker accepts nothing before
    /// [`ToWorker::Serve`](crate::ToWorker::Serve).
    Ready,
    /// What runs in the worker; right before it is ready.
    Runs(Runs),
    /// The application could not be started; the worker exits right after this message.
    BootFailed {
        /// How far the boot had come.
        stage: BootStage,
        /// What the user should read: a traceback, whole, or one line where a traceback would say less.
        text: String,
        /// The same with the frames of the application alone, for who works on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        short: Option<String>,
    },
    /// What the worker has imported since its last report; only with `--reload`.
    Imported {
        /// Absolute paths, without links, of the application's own files.
        files: Vec<String>,
        /// Modules from elsewhere, by their names, in the order of their import.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        modules: Vec<String>,
    },
    /// Somebody has opened a debugger in the worker, or has left it.
    Debugging {
        /// Whether it is open.
        open: bool,
    },
    /// The boot takes longer, and continues: it may take at least so long from now on.
    Extend {
        /// The time in milliseconds.
        milliseconds: u64,
    },
    /// The worker was sent SIGTERM or SIGINT by another process than its master. It keeps serving and asks to be
    /// replaced.
    AskedToStop {
        /// The signal's name in lower case without `SIG`: `term`, `int`.
        signal: String,
    },
    /// The drain is over: every request is answered, or the grace was spent.
    Drained {
        /// Idle connections that were handed to a sibling.
        handed_over: u32,
        /// Requests and WebSockets that were still open when the grace was spent, and were cut.
        cut: u32,
    },
    /// Something has ended the worker's event loop while it served, and the worker exits right after this message.
    Dying {
        /// What it was.
        cause: DyingCause,
        /// The traceback, whole.
        text: String,
    },
    /// The event loop has ended, or there was none. What is left are threads, `atexit` functions and the interpreter's own end,
    /// in which the worker answers no signal and hears no order.
    Exiting,
    /// The first line of something the user should see in the master's log at WARNING.
    Warning {
        /// One line, without a full stop.
        text: String,
    },
}

/// What an application runs on, as a worker finds it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runs {
    /// Python's version.
    pub python: String,
    /// uvicorn's version.
    pub uvicorn: String,
    /// The package of the event loop: `asyncio`, `uvloop`.
    #[serde(rename = "loop")]
    pub event_loop: String,
    /// What speaks HTTP/1.1: `native`, `httptools`, `h11`, or `module:class`.
    pub http: String,
}

/// How far a worker's boot had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BootStage {
    /// The interpreter cannot run a worker at all: Python too old, uvicorn missing or too old, an option that the
    /// installed uvicorn does not have. Ends a first start with exit code 1.
    Environment,
    /// The module, or something that it imports, raised while it was imported, or was not found. Exit code 3.
    Import,
    /// The module was imported, but the attribute is missing, is not callable, or the factory call failed.
    /// Exit code 4, as gunicorn's `AppImportError`.
    App,
    /// The application's lifespan startup failed. Exit code 3.
    Lifespan,
    /// The listening sockets could not be taken into use. Exit code 1.
    Bind,
}

impl BootStage {
    /// The stage's name in log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Import => "import",
            Self::App => "app",
            Self::Lifespan => "lifespan",
            Self::Bind => "bind",
        }
    }
}

/// What ended a worker from the inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DyingCause {
    /// The application called `sys.exit`, or raised `SystemExit`.
    SysExit,
    /// A `MemoryError`, or a `SystemExit` that was raised because of one.
    MemoryError,
    /// Any other uncaught exception.
    Exception,
}

impl DyingCause {
    /// The cause's name in log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SysExit => "sys-exit",
            Self::MemoryError => "memory-error",
            Self::Exception => "exception",
        }
    }
}
