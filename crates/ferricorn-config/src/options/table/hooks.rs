//! gunicorn's hooks: functions of a configuration file, which only a file can give.
//!
//! A hook is known here by name and number of arguments. Whoever calls it loads the file again, in a process of its own
//! (`Settings::hooks`, `Settings::config_file`).

use crate::options::{Entry, Group::Hooks, Kind};
use crate::{options::Draft, values::Value};

/// A hook is a setting only in that the file defines it.
fn called(_draft: &mut Draft, _value: Value) {}

/// `parameters` are those of an example, which has the most of them.
const fn hook(longs: &'static [&'static str], arguments: &'static [u32], parameters: &'static str) -> Entry {
    Entry::new(Hooks, longs, Kind::Hook(arguments), "FUNCTION").file_only().example(parameters)
}

pub(super) static ENTRIES: &[Entry] = &[
    hook(&["on-starting"], &[1], "server").sets("Called before anything is bound", called),
    hook(&["on-reload"], &[1], "server").sets("Called during a reload", called),
    hook(&["when-ready"], &[1], "server").sets("Called once the sockets listen", called),
    hook(&["pre-fork"], &[2], "server, worker").sets("Called before a worker is started", called),
    hook(&["post-fork"], &[2], "server, worker")
        .sets("Called in a worker, before the application is loaded", called),
    hook(&["post-worker-init"], &[1], "worker")
        .sets("Called in a worker, after the application is loaded", called),
    hook(&["worker-int"], &[1], "worker").sets("Called in a worker when SIGINT or SIGQUIT ends it", called),
    hook(&["worker-abort"], &[1], "worker")
        .sets("Called in a worker that is about to be killed by --timeout", called),
    hook(&["pre-exec"], &[1], "server").sets("Called before an upgrade starts the new program", called),
    hook(&["pre-request"], &[2], "worker, req").sets("Called in a worker before a request", called),
    hook(&["post-request"], &[2, 3, 4], "worker, req, environ, resp")
        .sets("Called in a worker after a request", called),
    hook(&["child-exit"], &[2], "server, worker").sets("Called after a worker has ended", called),
    hook(&["worker-exit"], &[2], "server, worker").sets("Called in a worker that is about to end", called),
    hook(&["nworkers-changed"], &[3], "server, new_value, old_value")
        .sets("Called when the number of workers has changed", called),
    hook(&["on-exit"], &[1], "server").sets("Called after the last worker", called),
    hook(&["on-dirty-starting"], &[1], "").no_effect("uvicorn has no dirty workers"),
    hook(&["dirty-post-fork"], &[2], "").no_effect("uvicorn has no dirty workers"),
    hook(&["dirty-worker-init"], &[1], "").no_effect("uvicorn has no dirty workers"),
    hook(&["dirty-worker-exit"], &[2], "").no_effect("uvicorn has no dirty workers"),
];
