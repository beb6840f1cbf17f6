//! Which value wins, and what the user is told: whole lines resolved to settings, over the crate's public face.

#![allow(clippy::unwrap_used, missing_docs)]

mod accounts;

use std::{path::PathBuf, time::Duration};

use ferricorn_config::{
    AccessLog, Bind, ConfigError, Environment, Facts, Given, Input, Layer, ListenWhen, LogFormat, LogLevel,
    LogOptions, MemoryLimit, Metrics, Preload, Resolved, Rights, Settings, StatsdAddress, SyslogAddress,
    UvicornValue, WorkerMemory,
    options::{self, Preset, Spelling},
    resolve,
};

/// Options in `--name value` form, with `--name` alone for switches and one word for the application.
fn given(line: &str, layer: Layer) -> (Option<String>, Vec<Given>) {
    let mut words = line.split_whitespace();
    let (mut app, mut given) = (None, Vec::new());
    while let Some(word) = words.next() {
        let Some(long) = word.strip_prefix("--") else {
            app = Some(word.to_owned());
            continue;
        };
        let spelling = options::find_long(long).unwrap_or_else(|| panic!("no option `{word}`"));
        let text = if spelling.entry.takes_value() {
            words.next().unwrap_or_else(|| panic!("no value for `{word}`")).to_owned()
        } else {
            spelling.on.to_string()
        };
        given.push(Given::option(spelling, text, layer));
    }
    (app, given)
}

fn run(line: &str, environment: &[(&str, &str)]) -> Result<Resolved, ConfigError> {
    let (app, given) = given(line, Layer::CommandLine);
    run_given(app.as_deref(), &given, environment)
}

fn run_given(
    app: Option<&str>,
    given: &[Given],
    environment: &[(&str, &str)],
) -> Result<Resolved, ConfigError> {
    run_within(Some(&limit()), app, given, environment)
}

fn limit() -> MemoryLimit {
    MemoryLimit { bytes: 1000 << 20, source: "memory.max of /shop".to_owned() }
}

fn run_within(
    limit: Option<&MemoryLimit>,
    app: Option<&str>,
    given: &[Given],
    environment: &[(&str, &str)],
) -> Result<Resolved, ConfigError> {
    let input = Input { app: app.map(str::to_owned), given: given.to_vec(), ..Input::default() };
    run_input(limit, &input, environment)
}

fn run_input(
    limit: Option<&MemoryLimit>,
    input: &Input,
    environment: &[(&str, &str)],
) -> Result<Resolved, ConfigError> {
    let environment: Environment = environment.iter().copied().collect();
    let facts = Facts {
        current_directory: PathBuf::from("/srv/app"),
        processors: 6,
        memory: limit.cloned(),
        is_directory: &|path| path.starts_with("/srv"),
        accounts: &accounts::Web { own: 0 },
        read_file: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    resolve(input, &environment, &facts)
}

fn settings(line: &str, environment: &[(&str, &str)]) -> Settings {
    let resolved = run(line, environment).unwrap();
    assert_eq!(resolved.warnings, Vec::<String>::new(), "warnings of `{line}`");
    resolved.settings
}

fn error(line: &str, environment: &[(&str, &str)]) -> (String, u8) {
    let error = run(line, environment).unwrap_err();
    assert!(error.hint().is_some(), "no hint for `{error}`");
    (error.to_string(), error.exit_code())
}

fn warnings(line: &str) -> Vec<String> {
    run(line, &[]).unwrap().warnings
}

fn tcp(host: &str, port: u16) -> Vec<Bind> {
    vec![Bind::Tcp { host: host.to_owned(), port }]
}

fn defaults() -> Settings {
    Settings {
        app: "main:app".to_owned(),
        factory: false,
        chdir: PathBuf::from("/srv/app"),
        app_dir: PathBuf::from("/srv/app"),
        python_path: vec![],
        environment: vec![],
        config_file: None,
        hooks: vec![],
        python: None,
        binds: tcp("127.0.0.1", 8000),
        umask: 0,
        backlog: 2048,
        reuse_port: false,
        preload: Preload::No,
        listen: ListenWhen::Ready,
        workers: 1,
        worker_class: "uvicorn.workers.UvicornWorker".to_owned(),
        worker_connections: None,
        max_requests: 0,
        max_requests_jitter: 0,
        timeout: Duration::from_secs(30),
        slow_loop: Duration::ZERO,
        graceful_timeout: Duration::from_secs(30),
        boot_timeout: Duration::ZERO,
        reload_probation: Duration::from_secs(5),
        reload: None,
        development: false,
        port_may_move: false,
        upgrade_timeout: Duration::from_secs(120),
        pid_file: None,
        name: None,
        rights: Rights { user: 0, group: 0, groups: None, changed: false },
        drain_delay: Duration::ZERO,
        max_worker_lifetime: Duration::ZERO,
        max_worker_lifetime_jitter: Duration::ZERO,
        max_worker_memory: None,
        uvicorn: vec![],
        native_http: None,
        uvicorn_defaults: vec![
            ("timeout_keep_alive", UvicornValue::Integer(75)),
            ("forwarded_allow_ips", UvicornValue::Text("127.0.0.1,::1".to_owned())),
        ],
        access_log: AccessLog::Stdout,
        access_log_format: r#"%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s""#.to_owned(),
        error_log: None,
        log_level: LogLevel::Info,
        logs: LogOptions::default(),
        metrics: Metrics { bind: None, token_file: None, counts: true },
    }
}

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

/// The defaults without that of the named uvicorn option.
fn without(name: &str) -> Vec<(&'static str, UvicornValue)> {
    let mut kept = defaults().uvicorn_defaults;
    kept.retain(|(known, _)| *known != name);
    kept
}

#[test]
fn an_application_alone_gets_the_defaults() {
    assert_eq!(settings("main:app", &[]), defaults());
}

#[test]
fn the_first_line_of_production_resolves_in_full() {
    let line = "main:app --bind 0.0.0.0:$PORT --workers 2 --worker-class uvicorn.workers.UvicornWorker \
        --worker-connections 500 --max-requests 5000 --max-requests-jitter 500 --timeout 30 --keep-alive 5 \
        --graceful-timeout 30 --backlog 1024 --access-logfile - --error-logfile - --log-level info";
    let expected = Settings {
        binds: tcp("0.0.0.0", 10000),
        workers: 2,
        worker_connections: Some(500),
        max_requests: 5000,
        max_requests_jitter: 500,
        backlog: 1024,
        access_log: AccessLog::Stdout,
        uvicorn: vec![("timeout_keep_alive", UvicornValue::Integer(5))],
        uvicorn_defaults: without("timeout_keep_alive"),
        ..defaults()
    };
    assert_eq!(settings(line, &[("PORT", "10000")]), expected);
}

#[test]
fn the_second_line_of_production_resolves_in_full() {
    let line = "main:app --bind 0.0.0.0:8009 --workers 1 --worker-class uvicorn.workers.UvicornWorker --timeout 30 \
        --access-logfile - --log-level debug";
    let expected = Settings {
        binds: tcp("0.0.0.0", 8009),
        access_log: AccessLog::Stdout,
        log_level: LogLevel::Debug,
        ..defaults()
    };
    assert_eq!(settings(line, &[("PORT", "10000")]), expected);
}

#[test]
fn the_line_that_mixes_both_dialects_resolves_in_full() {
    let line = "main:app --host 0.0.0.0 --port $PORT --workers 2 --worker-class uvicorn.workers.UvicornWorker \
        --loop uvloop --access-log --timeout-keep-alive 5 --timeout-graceful-shutdown 30 --limit-concurrency 500 \
        --limit-max-requests 5000 --backlog 1024";
    let expected = Settings {
        binds: tcp("0.0.0.0", 10000),
        workers: 2,
        max_requests: 5000,
        backlog: 1024,
        access_log: AccessLog::Stdout,
        uvicorn: vec![
            ("loop", UvicornValue::Text("uvloop".to_owned())),
            ("timeout_keep_alive", UvicornValue::Integer(5)),
            ("limit_concurrency", UvicornValue::Integer(500)),
        ],
        uvicorn_defaults: without("timeout_keep_alive"),
        ..defaults()
    };
    assert_eq!(settings(line, &[("PORT", "10000")]), expected);
}

#[test]
fn every_other_setting_goes_to_its_place() {
    let line = "main:make --factory --chdir sub --app-dir src --python ../venv/bin/python --listen early --timeout 0 \
        --graceful-timeout 2.5 --boot-timeout 60 --reload-probation 0 --upgrade-timeout 9 --pid a.pid --access-logfile access.log --access-logformat %(h)s \
        --error-logfile error.log --log-level WARNING --workers auto --worker-class asgi";
    let expected = Settings {
        app: "main:make".to_owned(),
        factory: true,
        chdir: PathBuf::from("/srv/app/sub"),
        app_dir: PathBuf::from("/srv/app/sub/src"),
        python: Some(PathBuf::from("/srv/app/../venv/bin/python")),
        listen: ListenWhen::Early,
        timeout: Duration::ZERO,
        graceful_timeout: Duration::from_millis(2500),
        boot_timeout: Duration::from_secs(60),
        reload_probation: Duration::ZERO,
        reload: None,
        development: false,
        port_may_move: false,
        upgrade_timeout: Duration::from_secs(9),
        pid_file: Some(PathBuf::from("a.pid")),
        access_log: AccessLog::File(PathBuf::from("access.log")),
        access_log_format: "%(h)s".to_owned(),
        error_log: Some(PathBuf::from("error.log")),
        log_level: LogLevel::Warning,
        workers: 6,
        worker_class: "asgi".to_owned(),
        ..defaults()
    };
    assert_eq!(settings(line, &[]), expected);
}

#[test]
fn uvicorn_options_are_passed_on_under_their_own_names() {
    let text = |word: &str| UvicornValue::Text(word.to_owned());
    for (line, name, value) in [
        ("--http h11", "http", text("h11")),
        ("--http2", "http2", UvicornValue::Flag(true)),
        ("--ws none", "ws", text("none")),
        ("--ws-max-size 1000", "ws_max_size", UvicornValue::Integer(1000)),
        ("--websocket-max-message-size 1000", "ws_max_size", UvicornValue::Integer(1000)),
        ("--ws-max-queue 8", "ws_max_queue", UvicornValue::Integer(8)),
        ("--ws-ping-interval 0.5", "ws_ping_interval", UvicornValue::Number(0.5)),
        ("--ws-ping-timeout 10", "ws_ping_timeout", UvicornValue::Number(10.0)),
        ("--ws-per-message-deflate false", "ws_per_message_deflate", UvicornValue::Flag(false)),
        ("--lifespan on", "lifespan", text("on")),
        ("--asgi-lifespan off", "lifespan", text("off")),
        ("--asgi-loop asyncio", "loop", text("asyncio")),
        ("--loop my.loops:new", "loop", text("my.loops:new")),
        ("--interface asgi3", "interface", text("asgi3")),
        ("--root-path /api", "root_path", text("/api")),
        ("--no-proxy-headers", "proxy_headers", UvicornValue::Flag(false)),
        ("--no-server-header", "server_header", UvicornValue::Flag(false)),
        ("--no-date-header", "date_header", UvicornValue::Flag(false)),
        ("--h11-max-incomplete-event-size 100", "h11_max_incomplete_event_size", UvicornValue::Integer(100)),
        ("--reset-contextvars", "reset_contextvars", UvicornValue::Flag(true)),
    ] {
        assert_eq!(settings(&format!("main:app {line}"), &[]).uvicorn, [(name, value)], "{line}");
    }
    let headers =
        UvicornValue::Pairs(vec![("A".to_owned(), "1".to_owned()), ("B".to_owned(), "2".to_owned())]);
    assert_eq!(settings("main:app --header A:1 --header B:2", &[]).uvicorn, [("headers", headers)]);
}

#[test]
fn a_h11_worker_class_sets_loop_and_parser_unless_the_user_does() {
    let class = "main:app --worker-class uvicorn_worker.UvicornH11Worker";
    let preset = |settings: Settings| -> Vec<&str> {
        settings.uvicorn_defaults.iter().skip(2).map(|(name, _)| *name).collect()
    };
    assert_eq!(preset(settings(class, &[])), ["loop", "http"]);
    assert_eq!(preset(settings(&format!("{class} --loop uvloop"), &[])), ["http"]);
}

#[test]
fn the_native_protocol_serves_where_it_is_unless_another_one_is_named() {
    let native = |line: &str, has_native_http: bool| {
        let (app, given) = given(line, Layer::CommandLine);
        let input = Input { app, given, has_native_http, ..Input::default() };
        run_input(None, &input, &[]).unwrap().settings.native_http
    };
    for (line, without, with) in [
        ("main:app", None, Some(false)),
        ("main:app --http auto", None, Some(false)),
        ("main:app --http native", Some(true), Some(true)),
        ("main:app --http h11", None, None),
        ("main:app --http my.protocol:Protocol", None, None),
        ("main:app --http2", None, None),
        ("main:app --worker-class uvicorn.workers.UvicornWorker", None, Some(false)),
        ("main:app --worker-class uvicorn_worker.UvicornH11Worker", None, None),
        ("main:app --worker-class uvicorn_worker.UvicornH11Worker --http native", Some(true), Some(true)),
    ] {
        let is_named = |is_there| native(line, is_there).map(|native| native.is_named);
        assert_eq!((is_named(false), is_named(true)), (without, with), "{line}");
    }
    let limits = native("main:app --limit-request-line 100 --timeout-head 0", true);
    assert_eq!(limits.map(|it| (it.request_line, it.head_timeout.is_zero())), Some((100, true)));
}

#[test]
fn variables_of_the_platform_stand_in_for_what_is_not_given() {
    let platform = [("PORT", "10000"), ("WEB_CONCURRENCY", "3"), ("FORWARDED_ALLOW_IPS", "*")];
    let resolved = settings("main:app", &platform);
    assert_eq!((resolved.binds, resolved.workers), (tcp("0.0.0.0", 10000), 3));
    assert_eq!(resolved.uvicorn, [("forwarded_allow_ips", UvicornValue::Text("*".to_owned()))]);
    let resolved = settings("main:app --bind :1 --workers 2 --forwarded-allow-ips 10.0.0.1", &platform);
    assert_eq!((resolved.binds, resolved.workers), (tcp("0.0.0.0", 1), 2));
    assert_eq!(resolved.uvicorn, [("forwarded_allow_ips", UvicornValue::Text("10.0.0.1".to_owned()))]);
}

#[test]
fn host_and_port_are_those_of_uvicorn() {
    let port = [("PORT", "10000")];
    assert_eq!(settings("a --host 0.0.0.0", &port).binds, tcp("0.0.0.0", 10000));
    assert_eq!(settings("a --host ::", &[]).binds, tcp("::", 8000));
    assert_eq!(settings("a --port 0", &port).binds, tcp("127.0.0.1", 0));
    assert_eq!(settings("a --uds x.sock", &port).binds, [Bind::Unix(PathBuf::from("x.sock"))]);
    assert_eq!(settings("a --fd 3", &port).binds, [Bind::Fd(3)]);
    assert_eq!(settings("a --bind a:1 --bind b:2", &port).binds, [tcp("a", 1), tcp("b", 2)].concat());
}

#[test]
fn the_later_of_two_dialects_wins_with_one_warning() {
    let resolved = run("a --keep-alive 2 --timeout-keep-alive 5", &[]).unwrap();
    assert_eq!(resolved.settings.uvicorn, [("timeout_keep_alive", UvicornValue::Integer(5))]);
    let warning = "`--timeout-keep-alive 5` overrides `--keep-alive 2`, which comes before it";
    assert_eq!(resolved.warnings, [warning]);
    assert_eq!(warnings("a --keep-alive 5 --timeout-keep-alive 5"), [""; 0]);
    assert_eq!(warnings("a --keep-alive 2 --keep-alive 5"), [""; 0]);

    let resolved = run("a --port 80 --bind :90", &[]).unwrap();
    assert_eq!(resolved.settings.binds, tcp("0.0.0.0", 90));
    assert_eq!(resolved.warnings, ["`--bind :90` overrides `--port 80`, which comes before it"]);
    let resolved = run("a --bind :90 --host 0.0.0.0 --port 80", &[]).unwrap();
    assert_eq!(resolved.settings.binds, tcp("0.0.0.0", 80));
    assert_eq!(resolved.warnings, ["`--port 80` overrides `--bind :90`, which comes before it"]);
    assert_eq!(warnings("a --bind 127.0.0.1:80 --port 80"), [""; 0]);
    assert_eq!(warnings("a --uds x --port 80"), ["`--port` has no effect: `--uds` says where to listen"]);
}

#[test]
fn the_access_log_has_two_dialects_too() {
    let log = |line: &str| run(line, &[]).unwrap().settings.access_log;
    assert_eq!(log("a --access-log"), AccessLog::Stdout);
    assert_eq!(log("a --no-access-log"), AccessLog::Off);
    assert_eq!(log("a --access-logfile x --access-log"), AccessLog::File(PathBuf::from("x")));
    assert_eq!(log("a --access-logfile x --no-access-log"), AccessLog::Off);
    assert_eq!(log("a --no-access-log --access-logfile x"), AccessLog::File(PathBuf::from("x")));
    let warning = "`--no-access-log` overrides `--access-logfile x`, which comes before it";
    assert_eq!(warnings("a --access-logfile x --no-access-log"), [warning]);
}

#[test]
fn a_higher_layer_overrides_a_lower_one_in_silence() {
    let (_, mut all) = given("--workers 3 --bind :1 --bind :2 --timeout 9", Layer::CommandVariable);
    all.extend(given("--workers 4 --port 5", Layer::CommandLine).1);
    let resolved =
        run_given(Some("a"), &all, &[("WEB_CONCURRENCY", "9"), ("FERRICORN_PYTHON", "py")]).unwrap();
    assert_eq!(resolved.warnings, [""; 0]);
    let Settings { workers, binds, timeout, python, .. } = resolved.settings;
    assert_eq!((workers, binds, timeout), (4, tcp("127.0.0.1", 5), Duration::from_secs(9)));
    assert_eq!(python, Some(PathBuf::from("py")));

    let environment = [("FERRICORN_PYTHON", "one")];
    let (_, lower) = given("--python two", Layer::CommandVariable);
    let python = |given: &[Given]| run_given(Some("a"), given, &environment).unwrap().settings.python;
    assert_eq!(python(&lower), Some(PathBuf::from("one")));
    assert_eq!(python(&given("--python two", Layer::CommandLine).1), Some(PathBuf::from("two")));
}

#[test]
fn options_that_do_nothing_here_say_so_once_unless_they_ask_for_nothing() {
    assert_eq!(
        warnings("a --threads 4 --spew --threads 4"),
        [
            "`--threads` has no effect: a uvicorn worker runs one event loop; the application makes its own threads",
            "`--spew` has no effect: use `python -X importtime` or a profiler",
        ]
    );
    let quiet = "a --threads 1 --limit-request-line 4094 --no-control-socket --worker-tmp-dir /dev/shm --protocol http";
    assert_eq!(warnings(quiet), [""; 0]);
}

#[test]
fn no_workers_is_what_somebody_may_want_and_is_said() {
    let said = "0 workers: nothing is served until there is one; add one with TTIN or `ferricorn ctl scale`";
    assert_eq!(warnings("a --workers 0"), [said]);
    assert_eq!(run("a", &[("WEB_CONCURRENCY", "0")]).unwrap().warnings, [said]);
    assert_eq!(warnings("a --workers 1"), [""; 0]);
}

#[test]
fn addresses_that_can_stand_side_by_side_are_taken() {
    for line in [
        "--bind :0 --bind :0",
        "--bind 127.0.0.1:80 --bind 127.0.0.2:80",
        "--bind :80 --bind [::]:80",
        "--bind :80 --bind :80 --reuse-port",
    ] {
        assert_eq!(settings(&format!("a {line}"), &[]).binds.len(), 2, "{line}");
    }
    for seconds in ["0", "0.5", "30"] {
        assert_eq!(
            settings(&format!("a --timeout {seconds}"), &[]).timeout,
            Duration::from_secs_f64(seconds.parse().unwrap())
        );
    }
}

#[test]
fn a_bad_value_is_named_with_its_source() {
    let value =
        |text: &str, origin: &str, reason: &str| format!("invalid value `{text}` for {origin}: {reason}");
    for (line, environment, message, code) in [
        ("--workers 2", &[][..], "no application module specified".to_owned(), 1),
        ("a --workers x", &[], value("x", "`-w/--workers`", "not a whole number"), 2),
        ("a --timeout -1", &[], value("-1", "`-t/--timeout`", "below 0"), 1),
        (
            "a --timeout 0.4",
            &[],
            value("0.4", "`-t/--timeout`", "too short: workers show ten times a second that they live"),
            1,
        ),
        (
            "a --bind :80 --bind 0.0.0.0:80",
            &[],
            value("0.0.0.0:80", "`-b/--bind`", "`0.0.0.0:80` is given twice"),
            1,
        ),
        (
            "a --bind 127.0.0.1:80 --bind unix:a --bind :80",
            &[],
            value(":80", "`-b/--bind`", "`0.0.0.0:80` overlaps with `127.0.0.1:80`"),
            1,
        ),
        ("a --timeout-keep-alive 1.5", &[], value("1.5", "`--timeout-keep-alive`", "not a whole number"), 2),
        (
            "a --bind 1.2.3.4:99999",
            &[],
            value("1.2.3.4:99999", "`-b/--bind`", "`99999` is not a port number"),
            1,
        ),
        ("a --log-level loud", &[], value("loud", "`--log-level`", "not one of the choices"), 2),
        ("a --chdir /nope", &[], value("/nope", "`--chdir`", "no such directory"), 1),
        ("a --backlog 9999999999", &[], value("9999999999", "`--backlog`", "too large"), 1),
        (
            "a --worker-class gevent",
            &[],
            value("gevent", "`-k/--worker-class`", "not a class for ASGI applications"),
            1,
        ),
        ("a", &[("PORT", "x")], value("x", "the environment variable `PORT`", "not a port number"), 1),
        (
            "a",
            &[("WEB_CONCURRENCY", "")],
            value("", "the environment variable `WEB_CONCURRENCY`", "not a whole number"),
            1,
        ),
        ("a --port $PORT", &[], value("$PORT", "`--port`", "the variable `PORT` is not set"), 1),
        ("a --workers ${N:-x}", &[], value("x", "`-w/--workers`", "not a whole number"), 2),
        ("a --max-worker-memory 0.5", &[], value("0.5", "`--max-worker-memory`", "not a whole number"), 2),
        (
            "a --max-worker-memory 101%",
            &[],
            value("101%", "`--max-worker-memory`", "not a percentage from 1 to 100"),
            1,
        ),
    ] {
        assert_eq!(error(line, environment), (message, code), "{line}");
    }
    // What is overridden is not looked at.
    assert_eq!(settings("a --bind :1 --workers 2", &[("PORT", "x"), ("WEB_CONCURRENCY", "x")]).workers, 2);
}

/// Every option of the table with every one of these values: an answer or an error with a hint, never a panic.
#[test]
fn no_option_panics_whatever_its_value_is() {
    let values = [
        "",
        "0",
        "-1",
        "1e308",
        "99999999999999999999",
        "x",
        "é\u{0}",
        "$PORT",
        "${",
        ":",
        "[",
        "a:b",
        "unix:",
    ];
    for entry in options::all() {
        for text in values {
            let given = Given::option(Spelling::first(entry), text.to_owned(), Layer::CommandLine);
            if let Err(error) = run_given(Some("a"), &[given], &[]) {
                assert!(error.hint().is_some(), "`--{} {text}`: {error}", entry.name());
            }
        }
    }
}

#[test]
fn what_the_log_is_made_of_is_given_in_gunicorns_words() {
    let logs = |line| settings(line, &[]).logs;
    let config =
        |line| logs(line).config.map(|config| (config.file, config.over_gunicorns, config.no_access));
    assert_eq!(config("a --log-config l.ini"), Some(("l.ini".into(), false, false)));
    assert_eq!(config("a --log-config l.ini --log-config-json l.json"), Some(("l.json".into(), true, false)));
    assert_eq!(config("a --log-config l.yaml --no-access-log"), Some(("l.yaml".into(), false, true)));
    assert_eq!(logs("a --log-format JSON").format, LogFormat::Json);
    assert!(logs("a --capture-output").capture_output);
    let syslog = logs("a:b --log-syslog --log-syslog-facility LOCAL0").syslog.unwrap();
    let daemon = SyslogAddress::Udp("localhost".to_owned(), 514);
    assert_eq!(
        (syslog.address, syslog.prefix.as_str(), syslog.facility, syslog.access),
        (daemon, "a.b", 16, true)
    );
    assert!(!logs("a --log-syslog --disable-redirect-access-to-syslog").syslog.unwrap().access);
    assert_eq!(logs("a --log-syslog-to tcp://h:1").syslog, None);
    let statsd = logs("a --statsd-host metrics --statsd-prefix shop --dogstatsd-tags a:b,c").statsd.unwrap();
    assert_eq!(statsd.address, StatsdAddress::Udp { host: "metrics".to_owned(), port: 8125 });
    assert_eq!((statsd.prefix.as_str(), statsd.tags.as_str()), ("shop.", "a:b,c"));
    assert_eq!(
        logs("a --statsd-host unix:/run/s").statsd.unwrap().address,
        StatsdAddress::Unix("/run/s".into())
    );
}

#[test]
fn the_access_log_is_on_where_nothing_is_gunicorns() {
    let log = |line: &str, environment: &[(&str, &str)]| run(line, environment).unwrap().settings.access_log;
    for line in [
        "main:app",
        "main:app --workers 2 --log-level info",
        "main:app --host 0.0.0.0 --port 80",
        "main:app --max-worker-memory 400",
        "main:app --bind :80 --access-log",
    ] {
        assert_eq!(log(line, &[]), AccessLog::Stdout, "{line}");
    }
    for line in [
        "main:app --bind :80",
        "main:app --worker-class uvicorn.workers.UvicornWorker",
        "main:app --host 0.0.0.0 --keep-alive 5",
        "main:app --host 0.0.0.0 --no-access-log",
        // uvicorn's lines are of level info, and its configuration says where they go.
        "main:app --host 0.0.0.0 --log-level warning",
        "main:app --log-config logging.ini",
    ] {
        assert_eq!(log(line, &[]), AccessLog::Off, "{line}");
    }
    assert_eq!(log("main:app", &[("GUNICORN_CMD_ARGS", "")]), AccessLog::Off);
    assert_eq!(log("main:app", &[("FERRICORN_BIND", ":80")]), AccessLog::Off);
    assert_eq!(log("main:app", &[("UVICORN_PORT", "80"), ("WEB_CONCURRENCY", "2")]), AccessLog::Stdout);
    // gunicorn alone has short names.
    let workers = Spelling { short: true, ..options::find_long("workers").unwrap() };
    let given = [Given::option(workers, "2".to_owned(), Layer::CommandLine)];
    assert_eq!(run_given(Some("main:app"), &given, &[]).unwrap().settings.access_log, AccessLog::Off);
}

/// To give an option with its default changes nothing.
#[test]
fn a_default_of_the_table_takes_effect() {
    let nothing = settings("main:app", &[]);
    let mut tried = 0;
    for entry in options::all().filter(|entry| entry.is_supported() && !entry.file_only) {
        let (Preset::Value(text) | Preset::Uvicorns(text)) = entry.preset else { continue };
        let line = match (entry.takes_value(), text) {
            (true, _) => format!("main:app --{} {text}", entry.name()),
            (false, "on") => format!("main:app --{}", entry.name()),
            (false, _) => panic!("`--{}` has the default `{text}`", entry.name()),
        };
        let Settings { uvicorn, uvicorn_defaults, access_log, .. } = settings(&line, &[]);
        // uvicorn's own defaults are left to it; that they are as the help says, the differential test knows.
        let ours = uvicorn.iter().find_map(|(name, value)| {
            Some((value, nothing.uvicorn_defaults.iter().find(|(known, _)| known == name)?))
        });
        assert!(ours.is_none_or(|(value, (_, preset))| value == preset), "{line}");
        let given = Settings { uvicorn: vec![], uvicorn_defaults, access_log, ..settings(&line, &[]) };
        let nothing = Settings {
            uvicorn_defaults: given.uvicorn_defaults.clone(),
            access_log: given.access_log.clone(),
            ..nothing.clone()
        };
        assert_eq!(given, nothing, "{line}");
        tried += 1;
    }
    assert!(tried > 25, "only {tried} were tried");
}

#[test]
fn what_kubernetes_sets_for_a_service_of_the_same_name_is_passed_over() {
    let environment = [
        ("UVICORN_PORT", "tcp://10.0.0.1:80"),
        ("UVICORN_SERVICE_HOST", "10.0.0.1"),
        ("UVICORN_PORT_80_TCP_PROTO", "tcp"),
        ("UVICORN_VERSION", "1"),
        ("FERRICORN_PORT", "tcp://10.0.0.1:80"),
        ("FERRICORN_PORT_53_UDP_PROTO", "udp"),
        ("FERRICORN_PORT_53_UDP_ADDR", "10.0.0.1"),
        ("FERRICORN_SERVICE_PORT_HTTP", "80"),
    ];
    let resolved = run("main:app", &environment).unwrap();
    assert_eq!((resolved.settings, resolved.warnings), (defaults(), vec![]));
}

#[test]
fn the_source_of_the_address_is_what_says_it() {
    let source = |line: &str, environment: &[(&str, &str)]| {
        let shown = run(line, environment).unwrap().shown;
        shown.into_iter().find(|it| it.name == "bind").map(|it| (it.value, it.source)).unwrap()
    };
    let of = |value: &str, source: &str| (value.to_owned(), source.to_owned());
    assert_eq!(source("a", &[]), of("127.0.0.1:8000", "default"));
    assert_eq!(source("a", &[("PORT", "9")]), of("0.0.0.0:9", "PORT"));
    assert_eq!(source("a --port 9", &[]), of("127.0.0.1:9", "--port"));
    assert_eq!(source("a --bind :8 --port 9", &[]), of("127.0.0.1:9", "--port"));
    assert_eq!(source("a --bind 127.0.0.1:1 --host 0.0.0.0", &[]), of("0.0.0.0:8000", "--host"));
    assert_eq!(source("a --port 9 --bind :8", &[]), of("0.0.0.0:8", "-b/--bind"));
    assert_eq!(source("a", &[("UVICORN_PORT", "9")]), of("127.0.0.1:9", "UVICORN_PORT"));
}

#[test]
fn an_empty_path_is_none_and_takes_back_one_from_a_file() {
    let option = |name: &str, text: &str, layer| {
        Given::option(options::find_long(name).expect("an option"), text.to_owned(), layer)
    };
    let empty = ["uds", "certfile", "keyfile", "ca-certs", "ciphers"]
        .map(|name| option(name, "", Layer::CommandLine))
        .into_iter()
        .chain([
            option("certfile", "/srv/cert.pem", Layer::File),
            option("bind", "127.0.0.1:80", Layer::CommandLine),
        ]);
    let resolved = run_given(Some("main:app"), &empty.collect::<Vec<_>>(), &[]).unwrap();
    assert_eq!(resolved.warnings, [] as [&str; 0]);
    assert_eq!(resolved.settings.binds, [Bind::Tcp { host: "127.0.0.1".to_owned(), port: 80 }]);
    let tls = resolved.settings.uvicorn.iter().find(|(name, _)| name.starts_with("ssl_"));
    assert_eq!(tls, None);
}
