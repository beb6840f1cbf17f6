//! gunicorn's hooks: functions of a configuration file, which only a file can give.
//!
//! A hook is known here by name and number of arguments. Whoever calls it loads the file again, in a process of its own
//! (`Settings::hooks`, `Settings::config_file`).

use super::{Entry, Group::Hooks, Kind};

const NOT_CALLED: &str = "hooks are not called";

const fn hook(longs: &'static [&'static str], arguments: &'static [u32]) -> Entry {
    Entry::new(Hooks, longs, Kind::Hook(arguments), "FUNCTION").file_only()
}

pub(super) static ENTRIES: &[Entry] = &[
    hook(&["on-starting"], &[1]).not_yet(NOT_CALLED),
    hook(&["on-reload"], &[1]).not_yet(NOT_CALLED),
    hook(&["when-ready"], &[1]).not_yet(NOT_CALLED),
    hook(&["pre-fork"], &[2]).not_yet(NOT_CALLED),
    hook(&["post-fork"], &[2]).not_yet(NOT_CALLED),
    hook(&["post-worker-init"], &[1]).not_yet(NOT_CALLED),
    hook(&["worker-int"], &[1]).not_yet(NOT_CALLED),
    hook(&["worker-abort"], &[1]).not_yet(NOT_CALLED),
    hook(&["pre-exec"], &[1]).not_yet(NOT_CALLED),
    hook(&["pre-request"], &[2]).not_yet(NOT_CALLED),
    hook(&["post-request"], &[2, 3, 4]).not_yet(NOT_CALLED),
    hook(&["child-exit"], &[2]).not_yet(NOT_CALLED),
    hook(&["worker-exit"], &[2]).not_yet(NOT_CALLED),
    hook(&["nworkers-changed"], &[3]).not_yet(NOT_CALLED),
    hook(&["on-exit"], &[1]).not_yet(NOT_CALLED),
    hook(&["on-dirty-starting"], &[1]).no_effect("uvicorn has no dirty workers"),
    hook(&["dirty-post-fork"], &[2]).no_effect("uvicorn has no dirty workers"),
    hook(&["dirty-worker-init"], &[1]).no_effect("uvicorn has no dirty workers"),
    hook(&["dirty-worker-exit"], &[2]).no_effect("uvicorn has no dirty workers"),
];
