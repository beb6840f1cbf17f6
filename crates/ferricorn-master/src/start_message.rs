//! What a new worker is told first.

use ferricorn_config::{AccessLog, Bind, LogFormat, Settings, SyslogAddress, UvicornValue};
use ferricorn_wire::{AppSettings, DaemonAddress, LogSettings};
use serde_json::{Map, Value};

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
    }
}

/// Where the worker's log lines go.
pub(crate) fn log(settings: &Settings, colors: bool) -> LogSettings {
    let file = match &settings.access_log {
        AccessLog::Off => None,
        AccessLog::Stdout => Some(None),
        AccessLog::File(path) => Some(Some(path.to_string_lossy().into_owned())),
    };
    LogSettings {
        level: settings.log_level.as_str().to_owned(),
        error_file: settings.error_log.as_ref().map(|path| path.to_string_lossy().into_owned()),
        colors,
        access: file
            .map(|file| ferricorn_wire::AccessLog { file, format: settings.access_log_format.clone() }),
        json: settings.logs.format == LogFormat::Json,
        config: settings.logs.config.as_ref().map(|config| ferricorn_wire::LogConfig {
            file: config.file.to_string_lossy().into_owned(),
            over_gunicorns: config.over_gunicorns,
            no_access: config.no_access,
        }),
        capture_output: settings.logs.capture_output,
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
        statsd: settings.logs.statsd.as_ref().and_then(|statsd| {
            let address = match &statsd.address {
                Bind::Tcp { host, port } => DaemonAddress::Udp { host: host.clone(), port: *port },
                Bind::Unix(path) => {
                    DaemonAddress::Unix { path: path.to_string_lossy().into_owned(), datagram: true }
                }
                Bind::Fd(_) => return None,
            };
            Some(ferricorn_wire::Statsd { address, prefix: statsd.prefix.clone(), tags: statsd.tags.clone() })
        }),
    }
}

fn options(options: &[(&'static str, UvicornValue)]) -> Map<String, Value> {
    options.iter().map(|(name, value)| ((*name).to_owned(), json(value))).collect()
}

fn json(value: &UvicornValue) -> Value {
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
