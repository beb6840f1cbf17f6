//! Orders that a master gives its worker, the first of which is everything the worker needs to know.

use serde::{Deserialize, Serialize};

use crate::{Hooks, LogSettings};

/// A message from the master to a worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToWorker {
    /// The first message on every channel: who the worker is and what it runs.
    Start(Box<Start>),
    /// Begin to accept connections, on the listening sockets that come with the message and listen by now. Nobody has
    /// them before: a worker that does not serve must not keep a client waiting by holding one.
    Serve {
        /// How many sockets these are.
        listeners: u32,
    },
    /// Begin the application's startup. Only a worker that waits for this order (`Development`) gets it.
    Proceed,
    /// Send `Connection: close` with every response from now on, and keep accepting: a stop is near.
    AnnounceClose,
    /// Stop accepting, finish what is in flight, run the lifespan shutdown, exit 0.
    Drain {
        /// What to do with idle connections.
        mode: DrainMode,
        /// After this many milliseconds whatever is still in flight is cut, and the lifespan shutdown runs.
        grace_ms: u64,
        /// That is the time of a quick stop, and not the graceful timeout: the log says which has cut a request.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        quick: bool,
        /// The service stops because of a SIGINT or SIGQUIT, which is what the hook `worker_int` is about.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        interrupted: bool,
        /// The whole service stops, which the master logs: the worker's usual lines are at DEBUG.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        stop: bool,
    },
    /// Reopen the log files (logrotate).
    ReopenLogs,
    /// Log from this level on, whatever a logging configuration says.
    LogLevel {
        /// Its name, in small letters.
        level: String,
    },
}

/// What a draining worker does with its idle keep-alive connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrainMode {
    /// Siblings keep serving: plain HTTP/1.1 connections are handed to them, the rest is sent
    /// `Connection: close` on the next response.
    Handoff,
    /// The worker's code is no longer on disk: as `Handoff`, and every response says `Connection: close`, so that a client that
    /// keeps asking waits for the next worker.
    Replace,
    /// The whole service stops: every response says `Connection: close`, the accept queue is emptied first, and
    /// idle connections are kept for a moment in case a request is on its way.
    Close,
}

/// The first message, in two parts: one process may load, and another one, which it has forked, may serve.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// What is loaded: the same for every worker of a generation.
    pub load: Load,
    /// Who serves it: another one for each worker.
    pub worker: Who,
}

/// What is loaded before a worker serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Load {
    /// The application and how uvicorn shall run it.
    pub app: AppSettings,
    /// The queue length that the master gives to `listen(2)`; asyncio calls it again on the shared socket.
    pub backlog: u32,
    /// The hooks of a configuration file, if there are any that run in a worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<Hooks>,
}

/// Who a worker is. Numbers of descriptors are those of the worker's own table: they are inherited under the same number
/// that the master has them under.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Who {
    /// The worker's slot, from 0; kept across replacement.
    pub slot: u16,
    /// The reload it belongs to, from 1.
    pub generation: u32,
    /// The number of the worker, from 1, which hooks know as its age.
    pub age: u64,
    /// The pid of the master, to notice that it has died.
    pub master_pid: u32,
    /// The memfd of the scoreboard.
    pub scoreboard: i32,
    /// The row of the scoreboard that this worker writes.
    pub row: u32,
    /// The memfd of the tally board; `None` if the worker is not to count requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tally: Option<i32>,
    /// The file that stacks go to: of a crash, and of a hang when the master asks for it.
    pub black_box: i32,
    /// How many workers there are when all is well; 1 lets the worker use the event loop's own acceptor.
    pub workers: u16,
    /// The two ends of the handoff queue: draining workers send into the first, serving ones read the second.
    pub handoff: [i32; 2],
    /// Stop accepting at this many open connections (`--worker-connections`).
    pub worker_connections: Option<u32>,
    /// Count WebSockets towards the request counter as well (only worth its cost when there is a limit).
    pub count_websockets: bool,
    /// Where log lines go.
    pub log: LogSettings,
    /// What is different if the code is being worked on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub development: Option<Development>,
}

/// A worker of a service whose code is being worked on (`--reload`). It waits for `Proceed` before the application's startup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Development {
    /// The watched folders: the worker reports which of their files it has imported.
    pub watched: Vec<String>,
    /// Why the boot before it has failed: it shows that, and loads no application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
}

/// The application, and the options that go to `uvicorn.Config` by their own names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppSettings {
    /// As the user wrote it: `module`, `module:attribute`, `module:factory()`, `module:factory("literal")`.
    pub target: String,
    /// Call the attribute without arguments to get the application (`--factory`).
    pub factory: bool,
    /// Put first on `sys.path` (`--app-dir`; the working directory when not given).
    pub app_dir: String,
    /// A worker class of the user's, by its dotted name, whose options for uvicorn count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_class: Option<String>,
    /// Put before that on `sys.path`, in this order (`--pythonpath`).
    #[serde(default)]
    pub python_path: Vec<String>,
    /// Options that the *user* set, by their `uvicorn.Config` names (`loop`, `timeout_keep_alive`, ...). One that the
    /// installed uvicorn lacks is an error that names it.
    pub uvicorn: serde_json::Map<String, serde_json::Value>,
    /// Options that ferricorn sets by itself; one that the installed uvicorn lacks is left out.
    pub uvicorn_defaults: serde_json::Map<String, serde_json::Value>,
    /// Serve HTTP/1.1 by the native protocol if it can be loaded, and else as uvicorn chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_http: Option<NativeHttp>,
}

/// The settings of the native protocol; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeHttp {
    /// The most bytes of a request line.
    pub request_line: u64,
    /// The most header fields.
    pub fields: u64,
    /// The most bytes of one header field.
    pub field: u64,
    /// The milliseconds that a head may take.
    pub head_ms: u64,
    /// Whether the user has named it, so that a worker class does not name another one.
    #[serde(default)]
    pub is_named: bool,
}
