//! How many, how long, how often.

use crate::options::{Entry, Group::Workers, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Workers, &["workers"], Kind::Workers, "N")
        .short('w')
        .variable("WEB_CONCURRENCY")
        .default("1")
        .sets("How many workers; auto: one per processor", |draft, value| {
            draft.workers = Some(value);
        }),
    Entry::new(Workers, &["worker-class"], Kind::WorkerClass, "CLASS").short('k').sets(
        "gunicorn's name of the uvicorn worker, or a subclass of it; may be left out",
        |draft, value| {
            draft.worker_class = value.text();
        },
    ),
    Entry::new(Workers, &["worker-connections"], Kind::Whole, "N").depends("no limit").sets(
        "Connections at which a worker stops accepting",
        |draft, value| {
            draft.worker_connections = value.whole();
        },
    ),
    Entry::new(Workers, &["max-requests", "limit-max-requests"], Kind::Whole, "N").default("0").sets(
        "Requests after which a worker is replaced, 0 for never",
        |draft, value| {
            draft.max_requests = value.whole();
        },
    ),
    Entry::new(Workers, &["max-requests-jitter", "limit-max-requests-jitter"], Kind::Whole, "N")
        .default("0")
        .sets("The most that is added to --max-requests at random", |draft, value| {
            draft.max_requests_jitter = value.whole();
        }),
    Entry::new(Workers, &["timeout"], Kind::Seconds, "SECONDS").short('t').default("30").sets(
        "Kill a worker whose event loop is silent for so long, 0 for never",
        |draft, value| {
            draft.timeout = value.seconds();
        },
    ),
    Entry::new(Workers, &["slow-loop"], Kind::Seconds, "SECONDS").default("0").sets(
        "Show where a worker is whose event loop is silent for so long, 0 for never",
        |draft, value| {
            draft.slow_loop = value.seconds();
        },
    ),
    Entry::new(Workers, &["graceful-timeout", "timeout-graceful-shutdown"], Kind::Seconds, "SECONDS")
        .default("30")
        .sets("How long a worker may take to finish its requests", |draft, value| {
            draft.graceful_timeout = value.seconds();
        }),
    Entry::new(Workers, &["boot-timeout"], Kind::Seconds, "SECONDS").default("0").sets(
        "How long a worker may take to become ready, 0 for ever",
        |draft, value| {
            draft.boot_timeout = value.seconds();
        },
    ),
    Entry::new(Workers, &["drain-delay"], Kind::Seconds, "SECONDS").default("0").sets(
        "How long a stop goes on accepting, with Connection: close, before it drains",
        |draft, value| {
            draft.drain_delay = value.seconds();
        },
    ),
    Entry::new(Workers, &["max-worker-lifetime"], Kind::Seconds, "SECONDS").default("0").sets(
        "How long a worker serves before it is replaced, 0 for ever",
        |draft, value| {
            draft.max_worker_lifetime = value.seconds();
        },
    ),
    Entry::new(Workers, &["max-worker-lifetime-jitter"], Kind::Seconds, "S").default("0").sets(
        "The most that is added to --max-worker-lifetime at random",
        |draft, value| {
            draft.max_worker_lifetime_jitter = value.seconds();
        },
    ),
    Entry::new(Workers, &["max-worker-memory"], Kind::Memory, "MIB").sets(
        "Memory above which a worker is replaced, and killed at twice as much: MiB, or 40% of the limit",
        |draft, value| {
            draft.max_worker_memory = Some(value);
        },
    ),
    Entry::new(Workers, &["reload-probation"], Kind::Seconds, "SECONDS").default("5").sets(
        "How long a reload's first worker must hold before the rest follows",
        |draft, value| {
            draft.reload_probation = value.seconds();
        },
    ),
    Entry::new(Workers, &["upgrade-timeout"], Kind::Seconds, "SECONDS").default("120").sets(
        "How long a new program may take until it is ready to take over",
        |draft, value| {
            draft.upgrade_timeout = value.seconds();
        },
    ),
    Entry::new(
        Workers,
        &["loop", "asgi-loop"],
        Kind::ChoiceOrImport(&["auto", "asyncio", "uvloop", "zuvloop", "none"]),
        "LOOP",
    )
    .uvicorns_default("auto")
    .uvicorn("auto, asyncio, uvloop or module:function", "loop"),
    Entry::new(Workers, &["threads"], Kind::Whole, "N")
        .neutral("1")
        .no_effect("a uvicorn worker runs one event loop; the application makes its own threads"),
    Entry::new(Workers, &["timeout-worker-healthcheck"], Kind::Whole, "SECONDS")
        .neutral("5")
        .no_effect("the workers' event loops are watched by `--timeout`"),
    Entry::new(Workers, &["worker-tmp-dir"], Kind::Text, "DIR"),
    Entry::switch(Workers, &["preload"])
        .setting(&["preload_app"])
        .not_yet("each worker loads the application by itself"),
    Entry::switch(Workers, &["reload"]).not_yet("changed files are not noticed; send SIGHUP to reload"),
    Entry::new(Workers, &["reload-engine"], Kind::Choice(&["auto", "poll", "inotify"]), "ENGINE"),
    Entry::new(Workers, &["reload-extra-file"], Kind::Text, "FILE")
        .setting(&["reload_extra_files"])
        .repeats()
        .not_yet("changed files are not noticed"),
    Entry::new(Workers, &["reload-dir"], Kind::Text, "DIR")
        .setting(&["reload_dirs"])
        .repeats()
        .not_yet("changed files are not noticed"),
    Entry::new(Workers, &["reload-include"], Kind::Text, "PATTERN")
        .setting(&["reload_includes"])
        .repeats()
        .not_yet("changed files are not noticed"),
    Entry::new(Workers, &["reload-exclude"], Kind::Text, "PATTERN")
        .setting(&["reload_excludes"])
        .repeats()
        .not_yet("changed files are not noticed"),
    Entry::new(Workers, &["reload-delay"], Kind::Seconds, "SECONDS").not_yet("changed files are not noticed"),
    Entry::switch(Workers, &["spew"]).no_effect("use `python -X importtime` or a profiler"),
];
