//! Workers: how many there are, how long they live, and when they are replaced.

use crate::options::{Entry, Group::Workers, Kind};

pub(super) static ENTRIES: &[Entry] = &[
    Entry::new(Workers, &["workers"], Kind::Workers, "N")
        .example("4")
        .short('w')
        .variable("WEB_CONCURRENCY")
        .default("1")
        .sets("Number of workers; auto starts one per processor", |draft, value| {
            draft.workers = Some(value);
        }),
    Entry::new(Workers, &["worker-class"], Kind::WorkerClass, "CLASS")
        .example("uvicorn.workers.UvicornWorker")
        .short('k').sets(
        "gunicorn's name for the uvicorn worker class, or a subclass of it; optional",
        |draft, value| {
            draft.worker_class = value.text();
        },
    ),
    Entry::new(Workers, &["worker-connections"], Kind::Whole, "N")
        .example("1000")
        .depends("no limit").sets(
        "Number of open connections at which a worker stops accepting",
        |draft, value| {
            draft.worker_connections = value.whole();
        },
    ),
    Entry::new(Workers, &["max-requests", "limit-max-requests"], Kind::Whole, "N")
        .example("5000")
        .default("0").sets(
        "Replace a worker after this many requests; 0 disables",
        |draft, value| {
            draft.max_requests = value.whole();
        },
    ),
    Entry::new(Workers, &["max-requests-jitter", "limit-max-requests-jitter"], Kind::Whole, "N")
        .example("500")
        .default("0")
        .sets("Upper limit of a random number added to --max-requests", |draft, value| {
            draft.max_requests_jitter = value.whole();
        }),
    Entry::new(Workers, &["timeout"], Kind::Seconds, "SECONDS")
        .example("60")
        .short('t').default("30").sets(
        "Kill a worker whose event loop has not run for this long; 0 disables",
        |draft, value| {
            draft.timeout = value.seconds();
        },
    ),
    Entry::new(Workers, &["slow-loop"], Kind::Seconds, "SECONDS")
        .example("0.5")
        .default("0").sets(
        "Log the stack of a worker whose event loop has not run for this long; 0 disables",
        |draft, value| {
            draft.slow_loop = value.seconds();
        },
    ),
    Entry::new(Workers, &["graceful-timeout", "timeout-graceful-shutdown"], Kind::Seconds, "SECONDS")
        .example("25")
        .default("30")
        .sets("Time limit for a worker to finish its requests before it stops", |draft, value| {
            draft.graceful_timeout = value.seconds();
        }),
    Entry::new(Workers, &["boot-timeout"], Kind::Seconds, "SECONDS")
        .example("120")
        .default("0").sets(
        "Time limit for a worker to boot; 0 disables",
        |draft, value| {
            draft.boot_timeout = value.seconds();
        },
    ),
    Entry::new(Workers, &["drain-delay"], Kind::Seconds, "SECONDS")
        .example("3")
        .default("0").sets(
        "Accept for this long after a stop signal, with Connection: close, before the drain",
        |draft, value| {
            draft.drain_delay = value.seconds();
        },
    ),
    Entry::new(Workers, &["max-worker-lifetime"], Kind::Seconds, "SECONDS")
        .example("86400")
        .default("0").sets(
        "Replace a worker that has served for this long; 0 disables",
        |draft, value| {
            draft.max_worker_lifetime = value.seconds();
        },
    ),
    Entry::new(Workers, &["max-worker-lifetime-jitter"], Kind::Seconds, "S")
        .example("3600")
        .default("0").sets(
        "Upper limit of a random time added to --max-worker-lifetime",
        |draft, value| {
            draft.max_worker_lifetime_jitter = value.seconds();
        },
    ),
    Entry::new(Workers, &["max-worker-memory"], Kind::Memory, "MIB")
        .example("40%")
        .sets(
        "Replace a worker above this resident memory, shared pages included, kill it at twice as much: MiB, or 40% of the limit",
        |draft, value| {
            draft.max_worker_memory = Some(value);
        },
    ),
    Entry::new(Workers, &["reload-probation"], Kind::Seconds, "SECONDS")
        .example("10")
        .default("5").sets(
        "How long the first worker of a reload must run before the others follow",
        |draft, value| {
            draft.reload_probation = value.seconds();
        },
    ),
    Entry::new(Workers, &["upgrade-timeout"], Kind::Seconds, "SECONDS")
        .example("300")
        .default("120").sets(
        "Time limit for the new program of an upgrade to become ready",
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
        .example("uvloop")
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
        .setting(&["preload_app"]).off("no-preload").sets(
        "Load the application once and fork the workers, unless its import does what a fork does not survive",
        |draft, value| {
            draft.preload = value.flag();
        },
    ),
    Entry::switch(Workers, &["preload-always"]).sets(
        "The same without the look at what the import does [also: --preload always]",
        |draft, value| {
            draft.preload_always = value.flag();
        },
    ),
    Entry::switch(Workers, &["spew"]).no_effect("use `python -X importtime` or a profiler"),
];
