//! What an event of `tracing` says, and the two forms of a line that it can become.
//!
//! Fields of an event are added as ` key=value`, or as members of the JSON object, except `critical = true`, which
//! raises an error to gunicorn's fifth level: `tracing` has four.

use std::fmt::{self, Write};

use chrono::{DateTime, Local, SecondsFormat};
use ferricorn_config::LogLevel;
use serde_json::{Map, Value};
use tracing::{Event, Level, field::Field, field::Visit};

/// What an event says.
#[derive(Debug, Default)]
pub struct Said {
    pub(super) message: String,
    pub(super) fields: Vec<(&'static str, Value)>,
    pub(super) critical: bool,
}

impl Said {
    /// What an event says.
    pub fn by(event: &Event<'_>) -> Self {
        let mut said = Self::default();
        event.record(&mut said);
        said
    }

    /// A message without fields.
    pub fn text_only(message: String) -> Self {
        Self { message, ..Self::default() }
    }

    /// The level in gunicorn's five.
    pub fn level(&self, level: Level) -> LogLevel {
        match level {
            Level::ERROR if self.critical => LogLevel::Critical,
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warning,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            Level::TRACE => LogLevel::Trace,
        }
    }

    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The message with its fields.
    pub fn text(&self) -> String {
        let mut text = self.message.clone();
        for (name, value) in &self.fields {
            // Writing to a string does not fail.
            let _ = match value {
                Value::String(value) => write!(text, " {name}={value}"),
                value => write!(text, " {name}={value}"),
            };
        }
        text
    }

    /// gunicorn's form.
    pub fn line(&self, now: &DateTime<Local>, pid: u32, level: LogLevel, colors: bool) -> String {
        let name = shown(level, colors);
        let time = now.format("%Y-%m-%d %H:%M:%S %z");
        format!("[{time}] [{pid}] [{name}] {}\n", self.text())
    }

    /// For a terminal that one person looks at: they know whose line it is, and which day.
    pub fn short(&self, now: &DateTime<Local>, level: LogLevel, colors: bool) -> String {
        format!("{} {} {}\n", now.format("%H:%M:%S"), shown(level, colors), self.message)
    }

    /// One JSON object.
    pub fn json(&self, now: &DateTime<Local>, pid: u32, level: LogLevel) -> String {
        let mut object = Map::new();
        object.insert("time".to_owned(), now.to_rfc3339_opts(SecondsFormat::Micros, false).into());
        object.insert("level".to_owned(), level.as_str().into());
        object.insert("pid".to_owned(), pid.into());
        object.insert("logger".to_owned(), "ferricorn.master".into());
        object.insert("message".to_owned(), self.message.clone().into());
        for (name, value) in &self.fields {
            object.entry((*name).to_owned()).or_insert_with(|| value.clone());
        }
        format!("{}\n", Value::Object(object))
    }

    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.fields.push((field.name(), value.into()));
    }

    fn add_text(&mut self, field: &Field, value: impl fmt::Display) {
        if field.name() == "message" {
            self.message = value.to_string();
        } else {
            self.add(field, value.to_string());
        }
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add_text(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add_text(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add_text(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "critical" => self.critical = value,
            _ => self.add(field, value),
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value);
    }
}

/// A level's name, with its colour if there are colours.
fn shown(level: LogLevel, colors: bool) -> String {
    let name = level.as_str().to_uppercase();
    if colors { format!("\x1b[{}m{name}\x1b[0m", color(level)) } else { name }
}

/// The colours that uvicorn gives its levels, so that the lines of master and workers look alike.
fn color(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "34",
        LogLevel::Debug => "36",
        LogLevel::Info => "32",
        LogLevel::Warning => "33",
        LogLevel::Error => "31",
        LogLevel::Critical => "91",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_around_the_level_only() {
        let said = Said { message: "hello".to_owned(), ..Said::default() };
        let line = said.line(&Local::now(), 1, LogLevel::Info, true);
        assert!(line.ends_with("] [1] [\x1b[32mINFO\x1b[0m] hello\n"), "{line:?}");
    }

    #[test]
    fn a_json_line_is_one_line_and_keeps_numbers() {
        let said = Said {
            message: "two\nlines \"quoted\"".to_owned(),
            fields: vec![("slot", 3.into()), ("pid", 7.into())],
            critical: false,
        };
        let line = said.json(&Local::now(), 1, LogLevel::Warning);
        assert_eq!(line.matches('\n').count(), 1);
        let object: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(object["message"], "two\nlines \"quoted\"");
        assert_eq!(
            (&object["slot"], &object["pid"], &object["level"]),
            (&3.into(), &1.into(), &"warning".into())
        );
        let time = object["time"].as_str().expect("a time");
        assert!(DateTime::parse_from_rfc3339(time).is_ok(), "{time}");
    }
}
