//! The master's hooks of a configuration file, called in one resident Python process, because the master is
//! no Python program.
//!
//! Owns: which hooks those are, the order of the calls, their limits. The process is [`host`]'s. Does not own: which
//! function a hook is (the shim's `hook_host`), the hooks of workers (`worker_hooks`).
//!
//! Invariants: the process exists only while the file has such a hook. The event loop never waits for a hook; only the
//! start (`on_starting`) and the end (`on_exit`) do, with a limit. A process that died or hangs is replaced, and what it
//! had not done is lost; the service does not notice.

mod loaded;

use std::{
    future, iter,
    time::{Duration, Instant},
};

use ferricorn_config::{LogLevel, Settings};
use ferricorn_core::WorkerId;
use ferricorn_wire::{CallHook, HookServer, HookWorker, Hooks, ToHookHost, milliseconds};
use tokio::time::timeout;
use tracing::error;

use crate::{
    Command, Program,
    companions::host::{self, Fate, Host},
};
use loaded::Loaded;

/// The hooks that run in workers.
const WORKERS: &[&str] = &[
    "post_fork",
    "post_worker_init",
    "worker_int",
    "worker_abort",
    "pre_request",
    "post_request",
    "worker_exit",
];

/// Whether a worker has anything to do with these.
pub(crate) fn has_workers(hooks: &Hooks) -> bool {
    hooks.names.iter().any(|name| WORKERS.contains(&name.as_str()))
}

/// How long a hook may take before it is interrupted.
const LIMIT: Duration = Duration::from_secs(30);

/// The same for `on_starting`, which may migrate a database, and which the start waits for.
const START_LIMIT: Duration = Duration::from_secs(300);

/// The same for `on_exit`, and for what is still to be done before it.
const EXIT_LIMIT: Duration = Duration::from_secs(5);

/// From the start of one process to that of the next one in its place.
const RESTART_PAUSE: Duration = Duration::from_secs(10);

/// The master's hooks.
pub(crate) struct MasterHooks {
    version: &'static str,
    command: Command,
    /// Those that hold.
    current: Loaded,
    /// Those of a generation that has not proven itself.
    candidate: Option<Loaded>,
    host: Option<Host>,
    started: Option<Instant>,
    calls: u64,
    /// How many workers there shall be, and the number of the newest one.
    num_workers: u16,
    worker_age: u64,
}

/// What a call is about, besides the master itself.
#[derive(Default)]
pub(crate) struct About {
    worker: Option<HookWorker>,
    numbers: Vec<Option<u16>>,
    candidate: bool,
}

impl About {
    /// The generation that has not proven itself: its hooks are called.
    pub(crate) fn candidate() -> Self {
        Self { candidate: true, ..Self::default() }
    }

    /// A worker, by its pid or a word for a process that is not there yet. `candidate`: it is of such a generation.
    pub(crate) fn worker(pid: impl Into<serde_json::Value>, id: WorkerId, candidate: bool) -> Self {
        Self { worker: Some(HookWorker { pid: pid.into(), age: id.0 }), numbers: Vec::new(), candidate }
    }

    /// The new number of workers, and the old one.
    pub(crate) fn scaling(to: u16, from: Option<u16>) -> Self {
        Self { numbers: vec![Some(to), from], ..Self::default() }
    }
}

impl MasterHooks {
    /// Starts the process if the settings have hooks for it.
    pub(crate) fn new(program: &Program) -> Self {
        let mut hooks = Self {
            version: program.version,
            command: program.invocation.command(),
            current: Loaded::default(),
            candidate: None,
            host: None,
            started: None,
            calls: 0,
            num_workers: program.settings.workers,
            worker_age: 0,
        };
        hooks.current = Loaded::new(&program.settings, program.version, program.log.colors());
        hooks.start();
        hooks
    }

    /// Settings that may come to hold: the same process executes their file, as gunicorn's master does, and keeps the
    /// hooks of the old one until it is known which of the two are needed.
    pub(crate) fn propose(&mut self, settings: &Settings, colors: bool) {
        let candidate = Loaded::new(settings, self.version, colors);
        match (&self.host, &candidate.load) {
            (Some(host), Some(load)) => drop(host.send(&ToHookHost::Load(Box::new(load.clone())))),
            (Some(host), None) => drop(host.send(&ToHookHost::Discard)),
            (None, _) => {}
        }
        self.candidate = Some(candidate);
        if self.host.is_none() {
            self.start();
        }
    }

    /// What was proposed holds.
    pub(crate) fn commit(&mut self) {
        let Some(candidate) = self.candidate.take() else { return };
        let fits = self.current.runs_like(&candidate);
        self.current = candidate;
        if fits {
            return self.settled(&ToHookHost::Commit);
        }
        // This one finishes its orders, and ends with its channel.
        self.host = None;
        self.start();
    }

    /// The proposal is rejected: the old hooks stay.
    pub(crate) fn discard(&mut self) {
        if self.candidate.take().is_some() {
            self.settled(&ToHookHost::Discard);
        }
    }

    fn settled(&mut self, message: &ToHookHost) {
        let Some(host) = &self.host else { return };
        host.send(message);
        if self.current.load.is_none() {
            // It finishes its orders, and ends with its channel.
            self.host = None;
        }
    }

    /// Starts the process, if there is a hook for it.
    fn start(&mut self) {
        let Self { current, candidate, .. } = &*self;
        let wanted = || iter::once(current).chain(candidate).filter(|it| it.load.is_some());
        let Some(first) = wanted().next() else { return };
        let host = Host::start(
            &first.interpreter,
            &self.command,
            first.environment.clone(),
            first.directory.clone(),
        );
        match &host {
            Ok(host) => {
                if let Some(load) = current.load.clone() {
                    host.send(&ToHookHost::Load(Box::new(load)));
                    host.send(&ToHookHost::Commit);
                }
                if let Some(load) = candidate.as_ref().and_then(|candidate| candidate.load.clone()) {
                    host.send(&ToHookHost::Load(Box::new(load)));
                }
            }
            Err(error) => error!("cannot start the process that calls hooks: {error}"),
        }
        self.started = Some(Instant::now());
        self.host = host.ok();
    }

    /// A worker is about to be started.
    pub(crate) fn newest(&mut self, id: WorkerId) {
        self.worker_age = id.0;
    }

    /// Calls the hook, if the file defines it, and does not wait for it. `workers` are the pids and numbers of all.
    pub(crate) fn call(
        &mut self,
        hook: &'static str,
        about: About,
        workers: impl FnOnce() -> Vec<(i32, u64)>,
    ) {
        if let [Some(to), _] = about.numbers[..] {
            self.num_workers = to;
        }
        let named = self.candidate.as_ref().filter(|_| about.candidate).unwrap_or(&self.current);
        if !named.has(hook) {
            return;
        }
        if self.host.is_none() && self.started.is_none_or(|started| started.elapsed() > RESTART_PAUSE) {
            self.start();
        }
        let limit = match hook {
            "on_starting" => START_LIMIT,
            "on_exit" => EXIT_LIMIT,
            _ => LIMIT,
        };
        self.calls += 1;
        let id = self.calls;
        let Some(host) = &mut self.host else { return };
        let About { worker, numbers, candidate } = about;
        let call = CallHook {
            id,
            hook: hook.to_owned(),
            candidate,
            limit_ms: milliseconds(limit),
            server: HookServer {
                num_workers: self.num_workers,
                worker_age: self.worker_age,
                workers: workers(),
            },
            worker,
            numbers,
        };
        host.call(id, hook, limit, &ToHookHost::Call(Box::new(call)));
    }

    /// Whether there is such a hook among those that hold.
    pub(crate) fn has(&self, hook: &str) -> bool {
        self.current.has(hook)
    }

    /// Whether every call has been answered, or no process is left to answer.
    pub(crate) fn is_idle(&self) -> bool {
        self.host.as_ref().is_none_or(Host::is_idle)
    }

    /// Reopens the log files of the process.
    pub(crate) fn reopen_logs(&self) {
        if let Some(host) = &self.host {
            host.send(&ToHookHost::ReopenLogs);
        }
    }

    /// The process logs from this level on.
    pub(crate) fn set_level(&self, level: LogLevel) {
        if let Some(host) = &self.host {
            host.send(&ToHookHost::LogLevel { level: level.as_str().to_owned() });
        }
    }

    /// Listens to the process until something was done about it, or nothing more is to be heard. Never comes back without
    /// a process. May be dropped while it waits: nothing is lost.
    pub(crate) async fn attend(&mut self) {
        let Some(host) = &mut self.host else { return future::pending().await };
        match host.attend().await {
            Fate::Idle => {}
            Fate::Lost => self.kill(),
        }
    }

    /// Waits until every call is over, or the process has ended. It is bounded by the limits of the calls.
    pub(crate) async fn settle(&mut self) {
        while !self.is_idle() {
            self.attend().await;
        }
    }

    /// Calls `on_exit`, waits for it within its limit, and ends the process.
    pub(crate) async fn end(&mut self) {
        self.call("on_exit", About::default(), Vec::new);
        if timeout(EXIT_LIMIT + host::MERCY, self.settle()).await.is_err() {
            error!("hooks of the configuration file are not done in time: their process is killed");
            if let Some(host) = &self.host {
                host.kill();
            }
        }
        if let Some(host) = self.host.take() {
            host.send(&ToHookHost::End);
            host.end().await;
        }
    }

    fn kill(&mut self) {
        if let Some(host) = self.host.take() {
            host.kill();
        }
    }
}

impl Drop for MasterHooks {
    fn drop(&mut self) {
        self.kill();
    }
}
