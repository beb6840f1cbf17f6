//! What a logging configuration of Python's says about the master's lines.
//!
//! The master is no Python program and has none of the configuration's handlers. The level of the logger that gunicorn's
//! master writes to is what it can follow. Owns: finding that level in ini, JSON and YAML. Does not own: whether the
//! configuration is right; a worker applies it, and reports.

mod yaml;

use serde_json::Value;

use crate::settings::LogLevel;

/// The loggers that a worker's own lines follow, the first that is named; gunicorn's master has the first one.
const LOGGERS: [&str; 3] = ["gunicorn.error", "uvicorn.error", "uvicorn"];

/// The level for the master's lines, if the file gives one. Its name decides the format, as in uvicorn.
pub(crate) fn level_of_file(name: &str, text: &str) -> Option<LogLevel> {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "json" => level_of_table(&serde_json::from_str(text).ok()?),
        "yaml" | "yml" => level_of_table(&yaml::read(text)?),
        _ => found(|logger| ini(text, logger)),
    }
}

/// The same of one in JSON that is laid over gunicorn's own, key by key of the outermost level.
pub(crate) fn level_over_gunicorns(text: &str) -> Option<LogLevel> {
    let table: Value = serde_json::from_str(text).ok()?;
    // gunicorn's own has its logger at INFO.
    if table.is_object() && table.get("loggers").is_none() {
        Some(LogLevel::Info)
    } else {
        level_of_table(&table)
    }
}

fn level_of_table(table: &Value) -> Option<LogLevel> {
    found(|logger| {
        let section = path(logger).into_iter().try_fold(table, |table, key| table.get(key))?;
        Some(match section.get("level") {
            Some(Value::String(name)) => name.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        })
    })
}

/// The level of the first logger that is there; of the root, if it has none of its own. `level` gives the level of a logger
/// (none: the root) that is there, which is empty when it has none.
fn found(level: impl Fn(Option<&str>) -> Option<String>) -> Option<LogLevel> {
    let own = LOGGERS.iter().find_map(|logger| level(Some(logger)))?;
    let has_none = own.is_empty() || own.eq_ignore_ascii_case("NOTSET") || own == "0";
    parse(&if has_none { level(None)? } else { own })
}

fn parse(name: &str) -> Option<LogLevel> {
    let name = name.to_ascii_lowercase();
    if let Ok(number) = name.parse::<u32>() {
        return Some(match number {
            ..10 => LogLevel::Trace,
            10..20 => LogLevel::Debug,
            20..30 => LogLevel::Info,
            30..40 => LogLevel::Warning,
            40..50 => LogLevel::Error,
            50.. => LogLevel::Critical,
        });
    }
    let name = match &*name {
        "warn" => "warning",
        "fatal" => "critical",
        name => name,
    };
    LogLevel::named(name)
}

/// Where a logger is in the schema of `dictConfig`.
fn path(logger: Option<&str>) -> Vec<&str> {
    logger.map_or_else(|| vec!["root"], |logger| vec!["loggers", logger])
}

/// The section of `fileConfig` that is this logger's, and its level.
fn ini(text: &str, logger: Option<&str>) -> Option<String> {
    let mut sections: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            sections.push((name, Vec::new()));
        } else if let (Some((key, value)), Some((_, entries))) =
            (line.split_once(['=', ':']), sections.last_mut())
        {
            entries.push((key.trim(), value.trim()));
        }
    }
    let value = |entries: &[(&str, &str)], key: &str| {
        entries.iter().rev().find(|(name, _)| *name == key).map(|(_, value)| (*value).to_owned())
    };
    let is_it = |(name, entries): &&(&str, Vec<(&str, &str)>)| match logger {
        None => *name == "logger_root",
        Some(logger) => {
            name.starts_with("logger_") && value(entries, "qualname").is_some_and(|name| name == logger)
        }
    };
    sections.iter().find(is_it).map(|(_, entries)| value(entries, "level").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_of_gunicorns_logger_is_found_in_each_form() {
        let ini = "[loggers]\nkeys=root,error\n[logger_root]\nlevel=WARNING\nhandlers=console\n\
            [logger_error]\nqualname = gunicorn.error\nlevel = ERROR ; no comment\n[handler_console]\nlevel=DEBUG\n";
        let ini = ini.replace(" ; no comment", "");
        let json =
            r#"{"loggers": {"gunicorn.error": {"level": "ERROR"}}, "handlers": {"x": {"level": "DEBUG"}}}"#;
        let yaml = "version: 1\nhandlers:\n  x:\n    level: DEBUG\nroot:\n  level: INFO\nloggers:\n  # ours\n  \
            'gunicorn.error':\n    handlers: [x]\n    level: \"ERROR\"  # loud\n    propagate: no\n";
        for (name, text) in [("log.ini", &*ini), ("log.conf", &*ini), ("log.json", json), ("log.yaml", yaml)]
        {
            assert_eq!(level_of_file(name, text), Some(LogLevel::Error), "{name}");
        }
    }

    #[test]
    fn a_logger_without_a_level_has_the_roots_and_one_that_is_not_named_has_none() {
        let json = |loggers: &str| format!(r#"{{"root": {{"level": 40}}, "loggers": {loggers}}}"#);
        for (loggers, level) in [
            (r#"{"gunicorn.error": {"handlers": []}}"#, Some(LogLevel::Error)),
            (r#"{"gunicorn.error": {"level": "NOTSET"}}"#, Some(LogLevel::Error)),
            (r#"{"uvicorn": {"level": "warn"}}"#, Some(LogLevel::Warning)),
            (r#"{"gunicorn.access": {"level": "DEBUG"}}"#, None),
            (r#"{"gunicorn.error": {"level": "LOUD"}}"#, None),
            ("[]", None),
        ] {
            assert_eq!(level_of_file("log.json", &json(loggers)), level, "{loggers}");
            assert_eq!(level_over_gunicorns(&json(loggers)), level, "{loggers}");
        }
        assert_eq!(level_over_gunicorns(r#"{"root": {"level": "ERROR"}}"#), Some(LogLevel::Info));
        let yaml = "root:\n  level: ERROR\nloggers:\n  uvicorn:\n    handlers: [x]\n";
        assert_eq!(level_of_file("log.yml", yaml), Some(LogLevel::Error));
        let ini = "[logger_root]\nlevel=ERROR\n[logger_u]\nqualname=uvicorn.error\n";
        assert_eq!(level_of_file("log", ini), Some(LogLevel::Error));
        for yaml in [
            "{version: 1, root: {level: DEBUG}, loggers: {gunicorn.error: {level: ERROR, handlers: [x]}}}",
            "loud: &loud {level: ERROR}\nloggers:\n  gunicorn.error: *loud\n",
            "loud: &loud\n  level: ERROR\nloggers:\n  gunicorn.error:\n    <<: *loud\n    propagate: no\n",
            "loggers:\n  ? gunicorn.error\n  : level: 40\n",
            "loggers:\n  gunicorn.error:\n    level: >-\n      ERROR\n",
        ] {
            assert_eq!(level_of_file("log.yaml", yaml), Some(LogLevel::Error), "{yaml}");
        }
        let bomb = (1..30).fold("a0: &a0 [x]\n".to_owned(), |text, n| {
            format!("{text}a{n}: &a{n} [*a{0}, *a{0}, *a{0}]\n", n - 1)
        });
        assert_eq!(level_of_file("log.yaml", &bomb), None);
        for text in ["", "{", "a: [", "- x\n: y\n", "[logger_root", "\u{e9}: \u{e9}"] {
            for name in ["x.ini", "x.json", "x.yaml"] {
                assert_eq!(level_of_file(name, text), None, "{name} {text:?}");
            }
        }
    }
}
