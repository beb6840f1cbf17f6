//! Amounts of memory, and the address of metrics.

use ferricorn_config::{
    Bind, Given, Layer, MemoryLimit, WorkerMemory,
    options::{self, Spelling},
};

use crate::*;

#[test]
fn a_port_alone_shows_metrics_to_this_machine_only() {
    let bind = |line: &str| settings(&format!("a --metrics-bind {line}"), &[]).metrics.bind;
    let tcp = |host: &str, port| Some(Bind::Tcp { host: host.to_owned(), port });
    assert_eq!(bind("9100"), tcp("127.0.0.1", 9100));
    assert_eq!(bind("0.0.0.0:9100"), tcp("0.0.0.0", 9100));
    assert_eq!(bind("[::1]:9100"), tcp("::1", 9100));
    assert_eq!(bind("unix:/run/m"), Some(Bind::Unix("/run/m".into())));
    assert_eq!(bind("fd://5"), Some(Bind::Fd(5)));
    assert_eq!(settings("a", &[("FERRICORN_METRICS_BIND", "")]).metrics.bind, None);
    let metrics =
        settings("a --metrics-bind 9100 --metrics-token-file token --no-request-counts", &[]).metrics;
    assert!(metrics.token_file.is_some_and(|file| file.is_absolute() && file.ends_with("token")));
    assert!(!metrics.counts);
}

#[test]
fn memory_is_given_in_mebibytes_or_as_a_part_of_what_there_is() {
    let limit = |line| settings(line, &[]).max_worker_memory;
    let given = WorkerMemory { bytes: 400 << 20, share: None };
    assert_eq!(limit("a --max-worker-memory 400"), Some(given.clone()));
    let share = "40% (400 MiB of 1000 MiB, memory.max of /shop)".to_owned();
    assert_eq!(
        limit("a --max-worker-memory 40%"),
        Some(WorkerMemory { share: Some(share.clone()), ..given })
    );
    assert_eq!(limit("a --max-worker-memory 0"), None);
    let shown = |line| {
        let shown = run(line, &[]).unwrap().shown;
        shown.into_iter().find(|it| it.name == "max_worker_memory").unwrap().public
    };
    assert_eq!(shown("a --max-worker-memory 40%"), share);
    assert_eq!(shown("a --max-worker-memory 400"), "400");
}

#[test]
fn a_part_of_what_nobody_knows_is_no_limit_that_could_be_kept() {
    let percent = Spelling { short: false, ..options::find_long("max-worker-memory").unwrap() };
    let given = [Given::option(percent, "1%".to_owned(), Layer::CommandLine)];
    let refused = |limit: Option<&MemoryLimit>| {
        let error = run_within(limit, Some("a"), &given, &[]).unwrap_err();
        (error.to_string(), error.hint(), error.exit_code())
    };
    let words = |problem: &str| {
        let text = format!("invalid value `1%` for `--max-worker-memory`: {problem}");
        (text, Some("give a number of MiB such as `400`".to_owned()), 1)
    };
    let unknown =
        "there is no limit to take a part of: neither a control group nor `/proc/meminfo` can be read";
    assert_eq!(refused(None), words(unknown));
    let small = MemoryLimit { bytes: 30 << 20, ..limit() };
    assert_eq!(refused(Some(&small)), words("less than 1 MiB of 30 MiB, memory.max of /shop"));
}
