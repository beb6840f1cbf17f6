//! Which value wins, and what the user is told: whole lines resolved to settings, over the crate's public face.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../accounts/mod.rs"]
mod accounts;
mod lines;
mod logs;
mod measures;
mod refusals;
mod winners;

use std::{path::PathBuf, time::Duration};

use ferricorn_config::{
    AccessLog, Bind, ConfigError, Environment, Facts, Given, Input, Layer, ListenWhen, LogLevel, LogOptions,
    MemoryLimit, Metrics, Preload, Resolved, Rights, Settings, UvicornValue,
    options::{self},
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
