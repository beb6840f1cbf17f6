//! What was given, in all its places, becomes what holds.
//!
//! Precedence, lowest first: defaults (`PORT`, `WEB_CONCURRENCY` and `FORWARDED_ALLOW_IPS` enter here),
//! `GUNICORN_CMD_ARGS`, ferricorn's own variables, the command line. Within one of them the last word wins; when two
//! names of one setting disagree there, a warning says which one counts.
//!
//! Invariant: nothing is read but the arguments.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{
    address,
    choose::{Choices, check, keep_winners, overrides, read, value_error, warn},
    draft::Draft,
    environment::Environment,
    error::{ConfigError, Layer, Origin, Problem},
    numbers::Numbers,
    options::{self, Spelling, Standing, Target},
    settings::{AccessLog, ListenWhen, LogLevel, Settings, UvicornValue},
    value::Value,
    worker_class,
};

/// gunicorn's own access log format.
pub const DEFAULT_ACCESS_FORMAT: &str = r#"%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s""#;

/// Seconds that an idle connection is kept. gunicorn's 2 and uvicorn's 5 are shorter than what common proxies keep
/// theirs for (often 60): the server closes while the proxy sends, and the client gets a 502.
const KEEP_ALIVE: i64 = 75;

/// One option as it was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The option, under the name that was used.
    pub spelling: Spelling,
    /// Its value as typed; `true` or `false` for a switch.
    pub text: String,
    /// Where it was given.
    pub layer: Layer,
}

/// What resolving needs to know of the machine and the process.
pub struct Facts<'a> {
    /// The directory that the program was started in.
    pub current_directory: PathBuf,
    /// How many processors may be used (`--workers auto`).
    pub processors: u16,
    /// The memory in bytes that the container or the machine has (`--max-worker-memory 40%`).
    pub memory: u64,
    /// Whether there is such a directory.
    pub is_directory: &'a dyn Fn(&Path) -> bool,
}

/// What holds, and what to tell the user about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The settings.
    pub settings: Settings,
    /// Whether the log is coloured; none: on a terminal.
    pub colors: Option<bool>,
    /// One line each, to be logged as warnings.
    pub warnings: Vec<String>,
}

/// Resolves what was given to settings. `app` is the application as given, if any.
pub fn resolve(
    app: Option<&str>,
    given: &[Given],
    environment: &Environment,
    facts: &Facts<'_>,
) -> Result<Resolved, ConfigError> {
    let mut warnings = Vec::new();
    let mut choices = Choices::new();
    for (index, given) in given.iter().enumerate() {
        if let Some(choice) = check(given, index, environment, &mut warnings)? {
            choices.entry(choice.spelling.entry.name()).or_default().push(choice);
        }
    }
    for choices in choices.values_mut() {
        keep_winners(choices, &mut warnings);
    }
    let app = app.filter(|app| !app.trim().is_empty()).ok_or(ConfigError::NoApplication)?;

    let mut draft = Draft::default();
    from_variables(&mut choices, environment, &mut draft)?;
    for entry in options::all() {
        for choice in choices.get(entry.name()).into_iter().flatten() {
            apply(&mut draft, choice.spelling, choice.value.clone());
        }
    }
    let binds = address::resolve(&draft, &choices, environment, &mut warnings)?;
    let access_log = access_log(&draft, &choices, &mut warnings);
    let no_access = access_log == AccessLog::Off
        && (draft.access_switch.is_some() || draft.access_file.as_deref() == Some(""));
    let (chdir, app_dir) = directories(&draft, &choices, facts)?;
    let uvicorn_defaults = uvicorn_defaults(&draft);
    let numbers = Numbers { processors: facts.processors, choices: &choices };

    // Every field by name, so that the compiler tells of a forgotten one.
    let Draft {
        factory,
        chdir: _,
        app_dir: _,
        python,
        binds: _,
        host: _,
        port: _,
        uds: _,
        descriptor: _,
        backlog,
        listen,
        workers,
        worker_class,
        worker_connections,
        max_requests,
        max_requests_jitter,
        timeout,
        graceful_timeout,
        boot_timeout,
        drain_delay,
        max_worker_lifetime,
        max_worker_lifetime_jitter,
        max_worker_memory,
        reload_probation,
        access_file: _,
        access_switch: _,
        access_format,
        error_file,
        log_level,
        colors,
        logs,
        uvicorn,
    } = draft;
    let settings = Settings {
        app: app.trim().to_owned(),
        factory: factory.unwrap_or(false),
        python: python.filter(|path| !path.is_empty()).map(|path| interpreter(&path, facts)),
        chdir,
        app_dir,
        binds,
        backlog: numbers.backlog(backlog)?,
        listen: if listen.as_deref() == Some("early") { ListenWhen::Early } else { ListenWhen::Ready },
        workers: numbers.workers(workers.as_ref()),
        worker_class: worker_class.unwrap_or_else(|| worker_class::DEFAULT.to_owned()),
        worker_connections: numbers.worker_connections(worker_connections)?,
        max_requests: max_requests.unwrap_or(0),
        max_requests_jitter: max_requests_jitter.unwrap_or(0),
        timeout: timeout.unwrap_or(Duration::from_secs(30)),
        graceful_timeout: graceful_timeout.unwrap_or(Duration::from_secs(30)),
        boot_timeout: boot_timeout.unwrap_or(Duration::ZERO),
        reload_probation: reload_probation.unwrap_or(Duration::from_secs(5)),
        drain_delay: drain_delay.unwrap_or(Duration::ZERO),
        max_worker_lifetime: max_worker_lifetime.unwrap_or(Duration::ZERO),
        max_worker_lifetime_jitter: max_worker_lifetime_jitter.unwrap_or(Duration::ZERO),
        max_worker_memory: max_worker_memory.and_then(|value| memory_limit(&value, facts)),
        uvicorn,
        uvicorn_defaults,
        access_log,
        access_log_format: access_format.unwrap_or_else(|| DEFAULT_ACCESS_FORMAT.to_owned()),
        error_log: error_file.filter(|file| !file.is_empty() && file != "-").map(PathBuf::from),
        log_level: log_level.as_deref().map_or(LogLevel::Info, level),
        logs: logs.resolve(app.trim(), no_access),
    };
    Ok(Resolved { settings, colors, warnings })
}

/// The limit in bytes; 0 is none.
fn memory_limit(value: &Value, facts: &Facts<'_>) -> Option<u64> {
    let bytes = match value {
        Value::Whole(mebibytes) => mebibytes << 20,
        Value::Percent(percent) => facts.memory / 100 * percent,
        _ => 0,
    };
    (bytes > 0).then_some(bytes)
}

/// Values of variables: those of platforms stand in for an option that was not given, ferricorn's own also override
/// `GUNICORN_CMD_ARGS`.
fn from_variables(
    choices: &mut Choices,
    environment: &Environment,
    draft: &mut Draft,
) -> Result<(), ConfigError> {
    for entry in options::all() {
        let Some((name, text)) = entry.variable.and_then(|name| Some((name, environment.get(name)?))) else {
            continue;
        };
        let layer = if name.starts_with("FERRICORN_") { Layer::Variable } else { Layer::Default };
        let given = choices.get(entry.name()).and_then(|choices| choices.last()).map(|choice| choice.layer);
        if given.is_some_and(|given| given > layer) {
            continue;
        }
        choices.remove(entry.name());
        let value = read(entry.kind, text, Origin::Variable(name), &Environment::default())?;
        apply(draft, Spelling::first(entry), value);
    }
    Ok(())
}

/// Puts a value where the table says.
fn apply(draft: &mut Draft, spelling: Spelling, value: Value) {
    match spelling.entry.standing {
        Standing::Supported(Target::Draft(set)) => set(draft, value),
        Standing::Supported(Target::Uvicorn(name)) => draft.set_uvicorn(name, value.for_uvicorn()),
        _ => {}
    }
}

/// What ferricorn sets by itself: what gunicorn's uvicorn worker would, where that differs from uvicorn's defaults.
fn uvicorn_defaults(draft: &Draft) -> Vec<(&'static str, UvicornValue)> {
    let mut defaults = vec![
        ("timeout_keep_alive", UvicornValue::Integer(KEEP_ALIVE)),
        // Before 0.53 uvicorn trusts 127.0.0.1 alone.
        ("forwarded_allow_ips", UvicornValue::Text("127.0.0.1,::1".to_owned())),
    ];
    defaults.extend(draft.worker_class.as_deref().map(worker_class::presets).unwrap_or_default());
    defaults.retain(|(name, _)| draft.uvicorn.iter().all(|(given, _)| given != name));
    defaults
}

/// gunicorn's destination and uvicorn's switch, of which the later one decides whether there is an access log.
fn access_log(draft: &Draft, choices: &Choices, warnings: &mut Vec<String>) -> AccessLog {
    let last = |name: &str| choices.get(name).and_then(|choices| choices.last());
    let file = match draft.access_file.as_deref() {
        None => None,
        Some("") => Some(AccessLog::Off),
        Some("-") => Some(AccessLog::Stdout),
        Some(path) => Some(AccessLog::File(PathBuf::from(path))),
    };
    match (file, draft.access_switch) {
        (None | Some(AccessLog::Off), Some(true)) => AccessLog::Stdout,
        (None, _) => AccessLog::Off,
        (Some(file), None | Some(true)) => file,
        (Some(file), Some(false)) => {
            let (Some(named), Some(switched)) = (last("access-logfile"), last("access-log")) else {
                return file;
            };
            let off_wins = (switched.layer, switched.index) > (named.layer, named.index);
            if switched.layer == named.layer && file != AccessLog::Off {
                let (winner, loser) = if off_wins { (switched, named) } else { (named, switched) };
                warn(warnings, overrides(winner, loser));
            }
            if off_wins { AccessLog::Off } else { file }
        }
    }
}

/// The working directory and the one that goes first on `sys.path`, both absolute.
fn directories(
    draft: &Draft,
    choices: &Choices,
    facts: &Facts<'_>,
) -> Result<(PathBuf, PathBuf), ConfigError> {
    let chdir = match &draft.chdir {
        Some(directory) => facts.current_directory.join(directory),
        None => facts.current_directory.clone(),
    };
    if let Some(choice) = choices.get("chdir").and_then(|choices| choices.last())
        && !(facts.is_directory)(&chdir)
    {
        let problem = Problem::meaning("no such directory", "give a directory that exists");
        return Err(value_error(choice, problem));
    }
    // Joining an empty path would add a slash.
    let app_dir = match draft.app_dir.as_deref() {
        None | Some("") => chdir.clone(),
        Some(directory) => chdir.join(directory),
    };
    Ok((chdir, app_dir))
}

/// A name without a slash is looked for on the path when it is needed; a relative path is one from where we started.
fn interpreter(path: &str, facts: &Facts<'_>) -> PathBuf {
    if path.contains('/') { facts.current_directory.join(path) } else { PathBuf::from(path) }
}

fn level(name: &str) -> LogLevel {
    match name {
        "trace" => LogLevel::Trace,
        "debug" => LogLevel::Debug,
        "warning" => LogLevel::Warning,
        "error" => LogLevel::Error,
        "critical" => LogLevel::Critical,
        _ => LogLevel::Info,
    }
}
