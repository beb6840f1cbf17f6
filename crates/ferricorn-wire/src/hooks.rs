//! Hooks of a configuration file: where they are, and the messages between the master and the process that calls them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Where the hooks are, which of them there are, and what gunicorn's `server` and `worker` say of themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hooks {
    /// Whether the target is a path or a module.
    pub kind: HookFile,
    /// What is executed.
    pub target: String,
    /// The directory that it looks for its own modules in.
    pub directory: String,
    /// The names of the functions that it defines (`post_fork`).
    pub names: Vec<String>,
    /// The settings that hold, by gunicorn's names.
    pub cfg: Map<String, Value>,
    /// Where the service listens: `[host, port]`, or a path.
    pub address: Vec<Value>,
}

/// What a configuration file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HookFile {
    /// A file.
    Path,
    /// A module that is imported.
    Module,
}

/// A message to the process that calls the master's hooks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToHookHost {
    /// Execute the configuration file, for the first time or again. What it defines is a candidate.
    Load(Box<LoadHooks>),
    /// The candidate holds from now on, if the file could be executed.
    Commit,
    /// The candidate is dropped.
    Discard,
    /// Call a hook.
    Call(Box<CallHook>),
    /// Reopen the log files.
    ReopenLogs,
    /// Log from this level on, whatever a logging configuration says.
    LogLevel {
        /// Its name, in small letters.
        level: String,
    },
    /// Nothing more will come.
    End,
}

/// What is executed, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoadHooks {
    /// The hooks.
    pub hooks: Hooks,
    /// The pid of the master, which the hooks take for their own.
    pub master_pid: u32,
    /// Where the hooks' log lines go.
    pub log: crate::LogSettings,
    /// Put first on `sys.path`, in this order.
    pub path: Vec<String>,
}

/// A call of a hook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallHook {
    /// The number of the call, for its answer.
    pub id: u64,
    /// Its name (`child_exit`).
    pub hook: String,
    /// The candidate's, if there is one.
    pub candidate: bool,
    /// After so many milliseconds it is interrupted.
    pub limit_ms: u64,
    /// What the master says of itself.
    pub server: HookServer,
    /// The second argument of hooks about a worker.
    pub worker: Option<HookWorker>,
    /// Further arguments: the new and the old number of workers.
    pub numbers: Vec<Option<u16>>,
}

/// The master, as a hook sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HookServer {
    /// How many workers there shall be.
    pub num_workers: u16,
    /// The number of the newest worker.
    pub worker_age: u64,
    /// The pids and numbers of all workers.
    pub workers: Vec<(i32, u64)>,
}

/// A worker, as a hook of the master sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HookWorker {
    /// Its pid, or `[booting]`.
    pub pid: Value,
    /// Its number.
    pub age: u64,
}

/// What the process that calls hooks answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromHookHost {
    /// A call is over, however it went.
    Done {
        /// The number of the call.
        id: u64,
    },
}
