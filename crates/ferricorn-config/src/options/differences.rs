//! The defaults that differ from gunicorn's or uvicorn's, on purpose.
//!
//! The differential test finds every default that differs: one that is not in this list fails it, and so does one of this
//! list that no longer differs. The page of differences in `docs/` is made from it.

/// A default that is another one than in the program that had the setting first.
#[derive(Clone, Copy, Debug)]
pub struct Difference {
    /// The setting by its name there.
    pub setting: &'static str,
    /// `gunicorn` or `uvicorn`.
    pub program: &'static str,
    /// Its default there; empty for none.
    pub theirs: &'static str,
    /// Ours, in the same form.
    pub ours: &'static str,
    /// Why.
    pub reason: &'static str,
}

const KEEP_ALIVE: &str = "common proxies keep their connections for 60 s or more; a server that closes first, while the \
    proxy sends, costs a client a 502";

const NO_LIMIT: &str = "with uvicorn's worker class gunicorn's number has no effect; the native protocol limits the whole head, \
    and obeys a number that is given";

/// All of them.
pub const DIFFERENCES: &[Difference] = &[
    Difference { setting: "keepalive", program: "gunicorn", theirs: "2", ours: "75", reason: KEEP_ALIVE },
    Difference {
        setting: "timeout_keep_alive",
        program: "uvicorn",
        theirs: "5",
        ours: "75",
        reason: KEEP_ALIVE,
    },
    Difference {
        setting: "timeout_graceful_shutdown",
        program: "uvicorn",
        theirs: "",
        ours: "30",
        reason: "every drain has a limit, as gunicorn's stop does: otherwise one request that hangs would delay a stop, a \
            reload and each replacement for ever",
    },
    Difference {
        setting: "worker_class",
        program: "gunicorn",
        theirs: "sync",
        ours: "uvicorn.workers.UvicornWorker",
        reason: "gunicorn's answers every request to an ASGI application with 500",
    },
    Difference {
        setting: "worker_connections",
        program: "gunicorn",
        theirs: "1000",
        ours: "no limit",
        reason: "with uvicorn's worker class gunicorn's number has no effect; here a given number takes effect",
    },
    Difference {
        setting: "accesslog",
        program: "gunicorn",
        theirs: "",
        ours: "-",
        reason: "only if no option is gunicorn's alone: such a command line hardly came from gunicorn, which needs at \
            least `-k` for an ASGI application, so it has uvicorn's default",
    },
    Difference {
        setting: "asgi_loop",
        program: "gunicorn",
        theirs: "auto",
        ours: "asyncio",
        reason: "with `-k uvicorn.workers.UvicornH11Worker`, which runs on asyncio; gunicorn's setting is for its own worker",
    },
    Difference {
        setting: "forwarded_allow_ips",
        program: "uvicorn",
        theirs: "127.0.0.1",
        ours: "127.0.0.1,::1",
        reason: "uvicorn 0.53 and gunicorn trust the loopback address of IPv6 as well; older uvicorns do not",
    },
    Difference {
        setting: "ssl_ciphers",
        program: "uvicorn",
        theirs: "TLSv1",
        ours: "",
        reason: "the default of the installed uvicorn is in effect; before 0.48 it was this one",
    },
    Difference {
        setting: "limit_request_line",
        program: "gunicorn",
        theirs: "4094",
        ours: "",
        reason: NO_LIMIT,
    },
    Difference {
        setting: "limit_request_fields",
        program: "gunicorn",
        theirs: "100",
        ours: "",
        reason: NO_LIMIT,
    },
    Difference {
        setting: "limit_request_field_size",
        program: "gunicorn",
        theirs: "8190",
        ours: "",
        reason: NO_LIMIT,
    },
    Difference {
        setting: "reload_delay",
        program: "uvicorn",
        theirs: "0.25",
        ours: "0.02",
        reason: "how long files must be quiet after a change, and not how often they are looked at",
    },
    Difference {
        setting: "reload_dirs",
        program: "uvicorn",
        theirs: "",
        ours: "the folder of --app-dir",
        reason: "the current folder, as in uvicorn, unless `--app-dir` names another one",
    },
    Difference {
        setting: "reload_includes",
        program: "uvicorn",
        theirs: "",
        ours: "*.py",
        reason: "the same files: uvicorn has its default in its watcher",
    },
];
