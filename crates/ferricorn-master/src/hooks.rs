//! The hooks of a configuration file that are the master's: called in one resident Python process, since the master is
//! no Python program.
//!
//! Owns: the process, the order of the calls, what becomes of a hook that does not return. Does not own: which function
//! a hook is (the shim's `hook_host`), the hooks of workers (`worker_hooks`).
//!
//! Invariants: the process exists only while the file has such a hook. The event loop never waits for a hook; only the
//! start (`on_starting`) and the end (`on_exit`) do, with a limit. A process that died or hangs is replaced, and what it
//! had not done is lost; the service does not notice.

use std::{
    collections::VecDeque,
    ffi::OsString,
    future, io,
    os::fd::{AsRawFd as _, OwnedFd},
    path::PathBuf,
    time::{Duration, Instant},
};

use ferricorn_config::Settings;
use ferricorn_core::WorkerId;
use ferricorn_sys::{Process, Signal, SpawnPlan, channel, spawn, wait};
use ferricorn_wire::{
    CallHook, FromHookHost, HookServer, HookWorker, Hooks, LoadHooks, MAX_PACKET, ToHookHost,
};
use tokio::{io::unix::AsyncFd, time::timeout};
use tracing::{debug, error, warn};

use crate::{Program, crew, shim, start_message};

/// The hooks that are the master's.
const MASTERS: &[&str] =
    &["on_starting", "on_reload", "when_ready", "pre_fork", "child_exit", "nworkers_changed", "on_exit"];

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

/// How much longer than its limit a hook may take before the process is killed: C code cannot be interrupted.
const MERCY: Duration = Duration::from_secs(2);

/// How long the process may take to end after it was told to.
const END_LIMIT: Duration = Duration::from_secs(2);

/// From the start of one process to that of the next one in its place.
const RESTART_PAUSE: Duration = Duration::from_secs(10);

/// Calls that may wait for their turn; what comes when there are more is lost.
const MOST_WAITING: usize = 1000;

/// The master's hooks.
pub(crate) struct MasterHooks {
    version: &'static str,
    colors: bool,
    interpreter: PathBuf,
    names: Vec<String>,
    load: Option<LoadHooks>,
    environment: Vec<(OsString, OsString)>,
    directory: PathBuf,
    host: Option<Host>,
    started: Option<Instant>,
    calls: u64,
    /// How many workers there shall be, and the number of the newest one.
    num_workers: u16,
    worker_age: u64,
    buffer: Vec<u8>,
}

struct Host {
    process: Process,
    channel: AsyncFd<OwnedFd>,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    id: u64,
    hook: &'static str,
    limit: Duration,
    /// When the process is killed; set when its turn comes.
    due: Instant,
}

/// What a call is about, besides the master itself.
#[derive(Default)]
pub(crate) struct About {
    worker: Option<HookWorker>,
    numbers: Vec<Option<u16>>,
}

impl About {
    /// A worker, by its pid or a word for a process that is not there yet.
    pub(crate) fn worker(pid: impl Into<serde_json::Value>, id: WorkerId) -> Self {
        Self { worker: Some(HookWorker { pid: pid.into(), age: id.0 }), numbers: Vec::new() }
    }

    /// The new number of workers, and the old one.
    pub(crate) fn scaling(to: u16, from: Option<u16>) -> Self {
        Self { worker: None, numbers: vec![Some(to), from] }
    }
}

impl MasterHooks {
    /// Starts the process if the settings have hooks for it.
    pub(crate) fn new(program: &Program, interpreter: PathBuf) -> Self {
        let mut hooks = Self {
            version: program.version,
            colors: program.colors,
            interpreter,
            names: Vec::new(),
            load: None,
            environment: Vec::new(),
            directory: PathBuf::new(),
            host: None,
            started: None,
            calls: 0,
            num_workers: program.settings.workers,
            worker_age: 0,
            buffer: vec![0; MAX_PACKET],
        };
        hooks.reload(&program.settings);
        hooks
    }

    /// Takes over new settings: the same process executes the file again, as gunicorn's master does.
    pub(crate) fn reload(&mut self, settings: &Settings) {
        self.names = settings.hooks.iter().filter(|name| MASTERS.contains(&name.as_str())).cloned().collect();
        self.load =
            start_message::hooks(settings, 0).filter(|_| !self.names.is_empty()).map(|hooks| LoadHooks {
                hooks,
                master_pid: ferricorn_sys::pid(),
                log: start_message::log(settings, self.colors),
                path: start_message::path(settings),
            });
        self.environment = crew::worker_environment(self.version, &settings.environment);
        self.directory.clone_from(&settings.chdir);
        let Some(load) = self.load.clone() else { return };
        if self.host.is_none() {
            self.start();
        } else {
            self.send(&ToHookHost::Load(Box::new(load)));
        }
    }

    fn start(&mut self) {
        let Some(load) = self.load.clone() else { return };
        self.started = Some(Instant::now());
        match self.spawn() {
            Ok(host) => {
                self.host = Some(host);
                self.send(&ToHookHost::Load(Box::new(load)));
            }
            Err(error) => error!("cannot start the process that calls hooks: {error}"),
        }
    }

    fn spawn(&self) -> io::Result<Host> {
        let sources = shim::sources()?;
        let (ours, theirs) = channel::pair()?;
        let descriptors = [sources.as_raw_fd(), theirs.as_raw_fd()];
        let mut arguments: Vec<OsString> = vec!["-c".into(), shim::BOOT.into()];
        arguments.extend(descriptors.map(|number| OsString::from(number.to_string())));
        arguments.push("hooks".into());
        let child = spawn::spawn(&SpawnPlan {
            program: self.interpreter.clone(),
            name: None,
            arguments,
            environment: self.environment.clone(),
            directory: Some(self.directory.clone()),
            inherit: descriptors.to_vec(),
            outlives_parent: false,
        })
        .map_err(io::Error::other)?;
        Ok(Host { process: child.process, channel: crew::watch(ours)?, waiting: VecDeque::new() })
    }

    /// A worker is about to be started.
    pub(crate) fn newest(&mut self, id: WorkerId) {
        self.worker_age = id.0;
    }

    /// Calls a hook, if there is such a one, and does not wait for it. `workers` are the pids and numbers of all.
    pub(crate) fn call(
        &mut self,
        hook: &'static str,
        about: About,
        workers: impl FnOnce() -> Vec<(i32, u64)>,
    ) {
        if let [Some(to), _] = about.numbers[..] {
            self.num_workers = to;
        }
        if !self.names.iter().any(|name| name == hook) {
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
        if host.waiting.len() >= MOST_WAITING {
            return;
        }
        let About { worker, numbers } = about;
        let call = CallHook {
            id,
            hook: hook.to_owned(),
            limit_ms: u64::try_from(limit.as_millis()).unwrap_or(u64::MAX),
            server: HookServer {
                num_workers: self.num_workers,
                worker_age: self.worker_age,
                workers: workers(),
            },
            worker,
            numbers,
        };
        host.waiting.push_back(Waiting { id, hook, limit, due: Instant::now() + limit + MERCY });
        self.send(&ToHookHost::Call(Box::new(call)));
    }

    /// Opens the log files of the process anew.
    pub(crate) fn reopen_logs(&self) {
        self.send(&ToHookHost::ReopenLogs);
    }

    fn send(&self, message: &ToHookHost) {
        let Some(host) = &self.host else { return };
        if let Err(error) = channel::send(&host.channel, &ferricorn_wire::encode(message)) {
            // A process that is gone is noticed by its channel; one that hangs by its calls.
            debug!("the process that calls hooks cannot be told anything: {error}");
        }
    }

    /// Listens to the process until something has to be done about it: it has ended, or hangs. Never comes back without
    /// a process. May be dropped while it waits: nothing is lost.
    pub(crate) async fn attend(&mut self) {
        loop {
            let Some(host) = &mut self.host else { return future::pending().await };
            let due = host.waiting.front().map(|call| call.due);
            let read = async {
                loop {
                    let mut ready = host.channel.readable().await?;
                    if let Ok(result) = ready.try_io(|channel| channel::receive(channel, &mut self.buffer)) {
                        return result;
                    }
                }
            };
            let heard: io::Result<usize> = match due {
                None => read.await,
                Some(due) => {
                    if let Ok(heard) = tokio::time::timeout_at(due.into(), read).await {
                        heard
                    } else {
                        let hook = host.waiting.front().map_or("", |call| call.hook);
                        error!(
                            "Hook `{hook}` of the configuration file does not return: its process is replaced"
                        );
                        return self.kill();
                    }
                }
            };
            match heard {
                Ok(0) | Err(_) => {
                    warn!("the process that calls hooks (pid: {}) has ended", host.process.pid());
                    self.host = None;
                    return;
                }
                Ok(length) => match ferricorn_wire::decode(&self.buffer[..length]) {
                    Ok(FromHookHost::Done { id }) => {
                        host.waiting.retain(|call| call.id != id);
                        if let Some(next) = host.waiting.front_mut() {
                            next.due = Instant::now() + next.limit + MERCY;
                        }
                        if host.waiting.is_empty() {
                            return;
                        }
                    }
                    Err(error) => warn!("an answer about a hook cannot be understood: {error}"),
                },
            }
        }
    }

    /// Waits until every call is over, or the process has ended. It is bounded by the limits of the calls.
    pub(crate) async fn settle(&mut self) {
        while self.host.as_ref().is_some_and(|host| !host.waiting.is_empty()) {
            self.attend().await;
        }
    }

    /// Calls `on_exit`, waits for it within its limit, and ends the process.
    pub(crate) async fn end(&mut self) {
        self.call("on_exit", About::default(), Vec::new);
        if timeout(EXIT_LIMIT + MERCY, self.settle()).await.is_err() {
            error!("hooks of the configuration file are not done in time: their process is killed");
            return self.kill();
        }
        self.send(&ToHookHost::End);
        let Some(host) = &self.host else { return };
        let ended = async {
            let mut buffer = [0; 64];
            loop {
                let Ok(mut ready) = host.channel.readable().await else { return };
                if let Ok(Ok(0) | Err(_)) = ready.try_io(|channel| channel::receive(channel, &mut buffer)) {
                    return;
                }
            }
        };
        if timeout(END_LIMIT, ended).await.is_err() {
            return self.kill();
        }
        // It has closed everything, so this does not take long.
        let _ = wait::wait_for(host.process.pid());
        self.host = None;
    }

    fn kill(&mut self) {
        if let Some(host) = self.host.take() {
            let _ = host.process.signal(Signal::Kill);
            let _ = wait::wait_for(host.process.pid());
        }
    }
}

impl Drop for MasterHooks {
    fn drop(&mut self) {
        self.kill();
    }
}
