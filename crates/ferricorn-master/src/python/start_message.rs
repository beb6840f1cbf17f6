//! The first message to a new worker.

use ferricorn_config::{
    AccessLog, Bind, LogFormat, NativeHttp, Preload, PythonTarget, Settings, StatsdAddress, SyslogAddress,
    UvicornValue,
};
use ferricorn_wire::{AppSettings, DaemonAddress, HookFile, Hooks, LogSettings};
use serde_json::{Map, Value, json};

/// The application and its uvicorn options.
pub(crate) fn app(settings: &Settings) -> AppSettings {
    AppSettings {
        target: settings.app.clone(),
        factory: settings.factory,
        app_dir: settings.app_dir.to_string_lossy().into_owned(),
        worker_class: settings.own_worker_class().map(str::to_owned),
        python_path: settings.python_path.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
        uvicorn: options(&settings.uvicorn),
        uvicorn_defaults: options(&settings.uvicorn_defaults),
        native_http: settings.native_http.map(native_http),
    }
}

fn native_http(native: NativeHttp) -> ferricorn_wire::NativeHttp {
    let NativeHttp { is_named, request_line, fields, field, head_timeout } = native;
    let head_ms = u64::try_from(head_timeout.as_millis()).unwrap_or(0);
    ferricorn_wire::NativeHttp { request_line, fields, field, head_ms, is_named }
}

/// Where the worker's log lines go.
pub(crate) fn log(settings: &Settings, colors: bool) -> LogSettings {
    let file = match &settings.access_log {
        AccessLog::Off => None,
        AccessLog::Stdout => Some(None),
        AccessLog::File(path) => Some(Some(path.to_string_lossy().into_owned())),
    };
    LogSettings {
        level: settings.worker_level().as_str().to_owned(),
        level_asked: settings.logs.asked_level.is_some(),
        error_file: settings.error_log.as_ref().map(|path| path.to_string_lossy().into_owned()),
        colors,
        access: file
            .map(|file| ferricorn_wire::AccessLog { file, format: settings.access_log_format.clone() }),
        short: settings.development,
        json: settings.logs.format == LogFormat::Json,
        config: settings.logs.config.as_ref().map(|config| ferricorn_wire::LogConfig {
            file: config.file.to_string_lossy().into_owned(),
            over_gunicorns: config.over_gunicorns,
            no_access: config.no_access,
        }),
        dictionary: settings.logs.dictionary.as_deref().and_then(|table| serde_json::from_str(table).ok()),
        capture_output: settings.logs.capture_output,
        logger_class: settings.logs.class.clone(),
        syslog: settings.logs.syslog.as_ref().map(|syslog| ferricorn_wire::Syslog {
            address: match &syslog.address {
                SyslogAddress::Unix { path, datagram } => {
                    DaemonAddress::Unix { path: path.to_string_lossy().into_owned(), datagram: *datagram }
                }
                SyslogAddress::Udp(host, port) => DaemonAddress::Udp { host: host.clone(), port: *port },
                SyslogAddress::Tcp(host, port) => DaemonAddress::Tcp { host: host.clone(), port: *port },
            },
            prefix: syslog.prefix.clone(),
            facility: syslog.facility,
            access: syslog.access,
            format: settings.access_log_format.clone(),
        }),
        statsd: settings.logs.statsd.as_ref().map(|statsd| {
            let address = match &statsd.address {
                StatsdAddress::Udp { host, port } => DaemonAddress::Udp { host: host.clone(), port: *port },
                StatsdAddress::Unix(path) => {
                    DaemonAddress::Unix { path: path.to_string_lossy().into_owned(), datagram: true }
                }
            };
            ferricorn_wire::Statsd { address, prefix: statsd.prefix.clone(), tags: statsd.tags.clone() }
        }),
    }
}

fn options(options: &[(&'static str, UvicornValue)]) -> Map<String, Value> {
    options.iter().map(|(name, given)| ((*name).to_owned(), value(given))).collect()
}

fn value(value: &UvicornValue) -> Value {
    match value {
        UvicornValue::Text(text) => text.clone().into(),
        UvicornValue::Integer(number) => (*number).into(),
        UvicornValue::Number(number) => (*number).into(),
        UvicornValue::Flag(flag) => (*flag).into(),
        UvicornValue::Pairs(pairs) => {
            pairs.iter().map(|(name, value)| Value::from(vec![name.clone(), value.clone()])).collect()
        }
    }
}

/// The hooks of the configuration file, if it is in Python.
pub(crate) fn hooks(settings: &Settings) -> Option<Hooks> {
    let file = settings.config_file.as_ref()?;
    let (kind, target) = match &file.target {
        PythonTarget::Path(path) => (HookFile::Path, path.to_string_lossy().into_owned()),
        PythonTarget::Module(name) => (HookFile::Module, name.clone()),
    };
    Some(Hooks {
        kind,
        target,
        directory: file.directory.to_string_lossy().into_owned(),
        names: settings.hooks.clone(),
        cfg: cfg(settings),
        address: settings.binds.iter().map(address).collect(),
    })
}

/// What goes first on `sys.path` of a process that runs only hooks.
pub(crate) fn path(settings: &Settings) -> Vec<String> {
    let file = settings.config_file.as_ref().map(|file| &file.directory);
    let folders = settings.python_path.iter().chain(file).chain([&settings.chdir]);
    folders.map(|folder| folder.to_string_lossy().into_owned()).collect()
}

fn address(bind: &Bind) -> Value {
    match bind {
        Bind::Tcp { host, port } => json!([host, port]),
        Bind::Unix(path) => json!(path.to_string_lossy()),
        Bind::Fd(number) => json!(number),
    }
}

/// The settings by gunicorn's names and in gunicorn's units. What is not here, hooks find in the file itself.
fn cfg(settings: &Settings) -> Map<String, Value> {
    let uvicorn = |name: &str| {
        let mut given = settings.uvicorn.iter().chain(&settings.uvicorn_defaults);
        given.find(|(known, _)| *known == name).map_or(Value::Null, |(_, given)| value(given))
    };
    let access_log = match &settings.access_log {
        AccessLog::Off => Value::Null,
        AccessLog::Stdout => "-".into(),
        AccessLog::File(path) => path.to_string_lossy().into(),
    };
    let settings_of = json!({
        "bind": settings.binds.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "address": settings.binds.iter().map(address).collect::<Vec<_>>(),
        "workers": settings.workers,
        "worker_class_str": settings.worker_class,
        "threads": 1,
        "backlog": settings.backlog,
        "worker_connections": settings.worker_connections,
        "max_requests": settings.max_requests,
        "max_requests_jitter": settings.max_requests_jitter,
        "timeout": settings.timeout.as_secs(),
        "graceful_timeout": settings.graceful_timeout.as_secs(),
        "keepalive": uvicorn("timeout_keep_alive"),
        "forwarded_allow_ips": uvicorn("forwarded_allow_ips"),
        "certfile": uvicorn("ssl_certfile"),
        "keyfile": uvicorn("ssl_keyfile"),
        "is_ssl": settings.speaks_tls(),
        "chdir": settings.chdir.to_string_lossy(),
        "accesslog": access_log,
        "access_log_format": settings.access_log_format,
        "errorlog": settings.error_log.as_ref().map_or("-".into(), |path| path.to_string_lossy()),
        "loglevel": settings.log_level.as_str(),
        "proc_name": settings.process_name(),
        "user": settings.rights.user,
        "group": settings.rights.group,
        "umask": settings.umask,
        "wsgi_app": settings.app,
        "preload_app": settings.preload != Preload::No,
        "reload": settings.reload.is_some(),
        "daemon": false,
    });
    if let Value::Object(map) = settings_of { map } else { Map::new() }
}
