//! What was given, in all places, becomes the settings in effect.
//!
//! Precedence, lowest first: defaults (`PORT`, `WEB_CONCURRENCY` and `FORWARDED_ALLOW_IPS` enter here), `UVICORN_*`, the
//! configuration file, `GUNICORN_CMD_ARGS`, what `ferricorn dev` stands for, `FERRICORN_*`, the command line. Within one of them the last word wins; when
//! two names of one setting disagree there, a warning says which one counts.
//!
//! Invariant: nothing is read but the arguments.

mod access_log;
mod address;
mod directories;
mod http;
mod log_config;
mod logs;
mod memory;
mod numbers;
mod reload;
mod rights;

use std::path::PathBuf;

use access_log::access_log;
use directories::{directories, interpreter, python_paths};
use numbers::Numbers;

use crate::{
    given::{
        Choices, ConfigError, Facts, Gathered, Input, Layer, application_environment, decisive, gather,
        value_error,
    },
    options::{self, Draft, Entry, Standing, Target},
    settings::{AccessLog, ListenWhen, LogLevel, Metrics, Preload, Settings, UvicornValue, worker_class},
    show::{self, Shown},
    values::{Environment, Problem, Value},
};

/// gunicorn's own access log format.
pub const DEFAULT_ACCESS_FORMAT: &str = r#"%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s""#;

/// What is to be done with the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Serve the application.
    Serve,
    /// Check everything that can be known without binding (`--check-config`).
    Check,
    /// Print the settings, and check them (`--print-config`).
    Print,
}

/// What holds, and what to tell the user about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The settings.
    pub settings: Settings,
    /// Whether the log is coloured; `None`: on a terminal.
    pub colors: Option<bool>,
    /// What is to be done with the settings.
    pub task: Task,
    /// Every setting with its value and its source, for `--print-config`.
    pub shown: Vec<Shown>,
    /// One line each, about what was decided in the user's place.
    pub notes: Vec<String>,
    /// One line each, to be logged as warnings.
    pub warnings: Vec<String>,
}

/// Resolves what was given to settings.
#[expect(
    clippy::too_many_lines,
    reason = "every field by name, so that the compiler tells of a forgotten one"
)]
pub fn resolve(input: &Input, environment: &Environment, facts: &Facts<'_>) -> Result<Resolved, ConfigError> {
    let Gathered { choices, spoken, environment, from_file, hooks, mut warnings } =
        gather(input, environment, facts)?;
    let mut draft = Draft::default();
    for entry in options::all() {
        match choices.get(entry.name()) {
            Some(choices) => {
                for choice in choices {
                    apply(&mut draft, entry, choice.value.clone());
                }
            }
            None => apply_default(&mut draft, entry),
        }
    }
    let named = input.app.as_deref().or(draft.app.as_deref()).or(environment.get("UVICORN_APP"));
    let named = named.map(|app| app.trim().to_owned());
    let app = named.filter(|app| !app.is_empty()).ok_or(ConfigError::NoApplication)?;
    let binds = address::resolve(&draft, &choices, &environment, &mut warnings)?;
    let access_log = access_log(&draft, &choices, spoken, &mut warnings);
    let no_access = access_log == AccessLog::Off
        && (draft.access_switch.is_some() || draft.access_file.as_deref() == Some(""));
    let (chdir, app_dir) = directories(&draft, &choices, facts)?;
    let uvicorn_defaults = uvicorn_defaults(&draft);
    let native_http =
        http::native(&mut draft, &choices, &uvicorn_defaults, input.has_native_http, &mut warnings);
    let variables = environment;
    let environment = application_environment(from_file, &draft, &choices)?;
    let task = match (draft.print_config, draft.check_config) {
        (Some(true), _) => Task::Print,
        (_, Some(true)) => Task::Check,
        _ => Task::Serve,
    };
    let rights = rights::resolve(&draft, &choices, facts.accounts, task, &mut warnings)?;
    if draft.logs.backlog_metric == Some(true) && draft.logs.statsd_host.is_none() {
        warnings.push("`--enable-backlog-metric` has no effect without `--statsd-host`".to_owned());
    }
    let reload =
        reload::reload(std::mem::take(&mut draft.reload), input, &choices, &app_dir, &variables, facts)?;
    let port_may_move = decisive(&choices).is_some_and(|choice| choice.layer == Layer::Development);
    let numbers = Numbers { processors: facts.processors, choices: &choices };

    // Every field by name, so that the compiler names a forgotten one. A field whose option has a default in the table
    // is always there.
    let Draft {
        app: _,
        environment: _,
        python_path,
        factory,
        chdir: _,
        app_dir: _,
        python,
        binds: _,
        host: _,
        port: _,
        uds: _,
        descriptor: _,
        umask,
        backlog,
        reuse_port,
        listen,
        preload,
        preload_always,
        workers,
        worker_class,
        worker_connections,
        max_requests,
        max_requests_jitter,
        timeout,
        slow_loop,
        graceful_timeout,
        boot_timeout,
        drain_delay,
        max_worker_lifetime,
        max_worker_lifetime_jitter,
        max_worker_memory,
        reload: _,
        reload_probation,
        upgrade_timeout,
        pid_file,
        name,
        user: _,
        group: _,
        initgroups: _,
        access_file: _,
        access_switch: _,
        access_format,
        error_file,
        log_level,
        colors,
        logs,
        metrics_bind,
        metrics_token_file,
        request_counts,
        check_config: _,
        print_config: _,
        http: _,
        uvicorn,
    } = draft;
    let name = process_name(name, &choices)?;
    let metrics = Metrics {
        bind: metrics_bind,
        token_file: metrics_token_file.filter(|file| !file.is_empty()).map(|file| chdir.join(file)),
        counts: request_counts.unwrap_or(true),
    };
    if metrics.token_file.is_some() && metrics.bind.is_none() {
        warnings.push("`--metrics-token-file` has no effect without `--metrics-bind`".to_owned());
    }
    let settings = Settings {
        // One that cannot be read is a worker's to tell of, which applies it.
        logs: logs.resolve(name.as_ref().unwrap_or(&app), no_access, &|file| {
            (facts.read_file)(&chdir.join(file)).ok()
        }),
        app,
        factory: factory.unwrap_or(false),
        python_path: python_paths(python_path.as_deref(), &chdir),
        environment,
        config_file: input.python_file.clone(),
        hooks,
        python: python.filter(|path| !path.is_empty()).map(|path| interpreter(&path, facts)),
        chdir,
        app_dir,
        binds,
        umask: umask.and_then(|umask| u32::try_from(umask).ok()).unwrap_or(0),
        backlog: numbers.backlog(backlog.unwrap_or_default())?,
        reuse_port: reuse_port.unwrap_or(false),
        preload: match (preload, preload_always) {
            (Some(false), _) | (None, None | Some(false)) => Preload::No,
            (_, Some(true)) => Preload::Always,
            (Some(true), _) => Preload::IfFit,
        },
        listen: if listen.as_deref() == Some("early") { ListenWhen::Early } else { ListenWhen::Ready },
        workers: numbers.workers(workers.as_ref()),
        worker_class: worker_class.unwrap_or_else(|| worker_class::DEFAULT.to_owned()),
        worker_connections: numbers.worker_connections(worker_connections)?,
        max_requests: max_requests.unwrap_or_default(),
        max_requests_jitter: max_requests_jitter.unwrap_or_default(),
        timeout: numbers.timeout(timeout.unwrap_or_default())?,
        slow_loop: slow_loop.unwrap_or_default(),
        graceful_timeout: graceful_timeout.unwrap_or_default(),
        boot_timeout: boot_timeout.unwrap_or_default(),
        upgrade_timeout: upgrade_timeout.unwrap_or_default(),
        pid_file: pid_file.filter(|file| !file.is_empty()).map(PathBuf::from),
        name,
        rights,
        reload_probation: reload_probation.unwrap_or_default(),
        reload,
        development: input.development,
        port_may_move,
        drain_delay: drain_delay.unwrap_or_default(),
        max_worker_lifetime: max_worker_lifetime.unwrap_or_default(),
        max_worker_lifetime_jitter: max_worker_lifetime_jitter.unwrap_or_default(),
        max_worker_memory: memory::resolve(max_worker_memory.as_ref(), facts.memory.as_ref(), &choices)?,
        uvicorn,
        uvicorn_defaults,
        native_http,
        access_log,
        access_log_format: access_format.unwrap_or_else(|| DEFAULT_ACCESS_FORMAT.to_owned()),
        error_log: error_file.filter(|file| !file.is_empty() && file != "-").map(PathBuf::from),
        log_level: log_level.as_deref().and_then(LogLevel::named).unwrap_or(LogLevel::Info),
        metrics,
    };
    if settings.workers == 0 {
        let how = "add one with TTIN or `ferricorn ctl scale`";
        warnings.push(format!("0 workers: nothing is served until there is one; {how}"));
    }
    let mut notes = Vec::new();
    if settings.reload.is_some() && settings.preload != Preload::No {
        notes.push(
            "`--preload` changes nothing with `--reload`: libraries are loaded once, and the application's own code at each save"
                .to_owned(),
        );
    }
    let shown = show::all(&choices, &settings, spoken);
    Ok(Resolved { settings, colors, task, shown, notes, warnings })
}

/// The name, unless it is empty. It is to be a word of a command line.
fn process_name(name: Option<String>, choices: &Choices) -> Result<Option<String>, ConfigError> {
    match choices.get("name").and_then(|choices| choices.last()) {
        Some(choice) if choice.text.contains('\0') => Err(value_error(
            choice,
            Problem::meaning("a zero byte in the name", "give a name in plain letters"),
        )),
        _ => Ok(name.filter(|name| !name.is_empty())),
    }
}

/// Puts the default of an option where the table says. Those of uvicorn's options are [`uvicorn_defaults`].
fn apply_default(draft: &mut Draft, entry: &Entry) {
    if let (Standing::Supported(Target::Draft(set)), Some(value)) = (&entry.standing, entry.default_value()) {
        set(draft, value);
    }
}

/// Puts a value where the table says.
fn apply(draft: &mut Draft, entry: &Entry, value: Value) {
    match entry.standing {
        Standing::Supported(Target::Draft(set)) => set(draft, value),
        Standing::Supported(Target::Uvicorn(name)) => draft.set_uvicorn(name, value.for_uvicorn()),
        _ => {}
    }
}

/// What ferricorn sets by itself: the table's defaults of uvicorn's options, and what gunicorn's worker class would set.
fn uvicorn_defaults(draft: &Draft) -> Vec<(&'static str, UvicornValue)> {
    let mut defaults: Vec<(&'static str, UvicornValue)> = options::all()
        .filter_map(|entry| match entry.standing {
            Standing::Supported(Target::Uvicorn(name)) => Some((name, entry.default_value()?.for_uvicorn())),
            _ => None,
        })
        .collect();
    defaults.extend(draft.worker_class.as_deref().map(worker_class::presets).unwrap_or_default());
    defaults.retain(|(name, _)| draft.uvicorn.iter().all(|(given, _)| given != name));
    defaults
}
