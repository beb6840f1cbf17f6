//! The master's hooks of one configuration, and what the process that calls them needs.

use std::{ffi::OsString, path::PathBuf};

use ferricorn_config::Settings;
use ferricorn_wire::LoadHooks;

use crate::python::{environment, start_message};

/// The hooks that are the master's.
const MASTERS: &[&str] = &[
    "on_starting",
    "on_reload",
    "when_ready",
    "pre_fork",
    "child_exit",
    "nworkers_changed",
    "pre_exec",
    "on_exit",
];

/// The master's hooks of one configuration.
#[derive(Default)]
pub(super) struct Loaded {
    names: Vec<String>,
    /// None without such a hook.
    pub(super) load: Option<LoadHooks>,
    pub(super) interpreter: PathBuf,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) directory: PathBuf,
}

impl Loaded {
    pub(super) fn new(settings: &Settings, version: &str, colors: bool) -> Self {
        let is_masters = |name: &&String| MASTERS.contains(&name.as_str());
        let names: Vec<String> = settings.hooks.iter().filter(is_masters).cloned().collect();
        let load = start_message::hooks(settings).filter(|_| !names.is_empty()).map(|hooks| LoadHooks {
            hooks,
            master_pid: ferricorn_sys::pid(),
            log: start_message::log(settings, colors),
            path: start_message::path(settings),
        });
        Self {
            names,
            load,
            interpreter: settings.python.clone().unwrap_or_default(),
            environment: environment::for_worker(version, &settings.environment),
            directory: settings.chdir.clone(),
        }
    }

    pub(super) fn has(&self, hook: &str) -> bool {
        self.names.iter().any(|name| name == hook)
    }

    /// Whether a process that was started for the one would do for the other: it keeps the interpreter, the variables, the
    /// directory and the log that it was started with.
    pub(super) fn runs_like(&self, other: &Self) -> bool {
        let same_log = match (&self.load, &other.load) {
            (Some(one), Some(other)) => one.log == other.log,
            _ => true,
        };
        same_log
            && self.interpreter == other.interpreter
            && self.environment == other.environment
            && self.directory == other.directory
    }
}
