//! What a new worker is told first.

use ferricorn_config::{AccessLog, Settings, UvicornValue};
use ferricorn_wire::{AppSettings, LogSettings};
use serde_json::{Map, Value};

/// The application and its uvicorn options.
pub(crate) fn app(settings: &Settings) -> AppSettings {
    AppSettings {
        target: settings.app.clone(),
        factory: settings.factory,
        app_dir: settings.app_dir.to_string_lossy().into_owned(),
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
