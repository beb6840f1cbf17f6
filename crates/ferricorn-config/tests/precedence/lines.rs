//! Whole lines, and every setting that they come to.

use std::{path::PathBuf, time::Duration};

use ferricorn_config::{
    AccessLog, Input, Layer, ListenWhen, LogLevel, Settings, UvicornValue,
    options::{self, Preset},
};

use crate::*;

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
