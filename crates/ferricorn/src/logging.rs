//! The error log in gunicorn's form: `[2026-11-23 07:41:06 +0000] [957] [INFO] message`.
//!
//! Owns: the form of a line, the filter by level, the colours. Where lines go is [`sink`]'s. Fields of an event are added
//! as ` key=value`, except `critical = true`, which raises an error to gunicorn's fifth level: `tracing` has four.

mod sink;

use std::{
    fmt::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Local};
use ferricorn_config::LogLevel;
use tracing::{Event, Level, Subscriber, field::Field, field::Visit, level_filters::LevelFilter};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt};

use sink::Sink;
pub use sink::SinkError;

/// The log that was started: what is left to do with it.
#[derive(Clone, Debug)]
pub struct Log {
    sink: Arc<Mutex<Sink>>,
    colors: bool,
}

impl Log {
    /// Whether the names of the levels are coloured.
    pub fn colors(&self) -> bool {
        self.colors
    }

    /// Opens the file anew, after a rotation. On an error the old one is kept.
    pub fn reopen(&self) -> std::io::Result<()> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner).reopen()
    }
}

/// Starts the log of this process. `colors`: none means on a terminal, unless `NO_COLOR` is set.
pub fn start(file: Option<&Path>, level: LogLevel, colors: Option<bool>) -> Result<Log, SinkError> {
    let sink = match file {
        Some(path) => Sink::file(path)?,
        None => Sink::standard_error()?,
    };
    let colors = colors.unwrap_or_else(|| sink.is_terminal() && terminal_has_colors());
    let log = Log { sink: Arc::new(Mutex::new(sink)), colors };
    let lines = Lines { log: log.clone(), level, pid: std::process::id() };
    // A second start in one process (a test) keeps the first log.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines));
    Ok(log)
}

fn terminal_has_colors() -> bool {
    let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
    unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Makes lines of events.
struct Lines {
    log: Log,
    level: LogLevel,
    pid: u32,
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut text = Text::default();
        event.record(&mut text);
        let level = level_of(*event.metadata().level(), text.critical);
        if level < self.level {
            return;
        }
        let line = line(&Local::now(), self.pid, level, self.log.colors, &text);
        self.log.sink.lock().unwrap_or_else(PoisonError::into_inner).write(line.as_bytes());
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.level {
            LogLevel::Trace => LevelFilter::TRACE,
            LogLevel::Debug => LevelFilter::DEBUG,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Warning => LevelFilter::WARN,
            LogLevel::Error | LogLevel::Critical => LevelFilter::ERROR,
        })
    }
}

fn level_of(level: Level, critical: bool) -> LogLevel {
    match level {
        Level::ERROR if critical => LogLevel::Critical,
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warning,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE => LogLevel::Trace,
    }
}

fn line(now: &DateTime<Local>, pid: u32, level: LogLevel, colors: bool, text: &Text) -> String {
    let name = level.as_str().to_uppercase();
    let name = if colors { format!("\x1b[{}m{name}\x1b[0m", color(level)) } else { name };
    let time = now.format("%Y-%m-%d %H:%M:%S %z");
    format!("[{time}] [{pid}] [{name}] {}{}\n", text.message, text.fields)
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

/// What an event says.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
    critical: bool,
}

impl Text {
    fn add(&mut self, field: &Field, value: impl fmt::Display) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "critical" => self.critical = value,
            _ => self.add(field, value),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn logged(level: LogLevel, act: impl FnOnce()) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let sink = Sink::file(file.path()).unwrap();
        let log = Log { sink: Arc::new(Mutex::new(sink)), colors: false };
        let lines = Lines { log, level, pid: 957 };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), act);
        let text = std::fs::read_to_string(file.path()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_have_the_form_of_gunicorn() {
        let lines = logged(LogLevel::Info, || {
            tracing::info!("Booting");
            tracing::warn!(slot = 0, reason = "reload", "Draining");
            tracing::error!(critical = true, "WORKER TIMEOUT (pid:961)");
            tracing::debug!("hidden");
        });
        let time = regex_free_time(&lines[0]);
        assert_eq!(lines[0], format!("[{time}] [957] [INFO] Booting"));
        assert!(lines[1].ends_with("] [957] [WARNING] Draining slot=0 reason=reload"), "{}", lines[1]);
        assert!(lines[2].ends_with("] [957] [CRITICAL] WORKER TIMEOUT (pid:961)"), "{}", lines[2]);
        assert_eq!(lines.len(), 3);
    }

    /// The time of a line, checked for its form by reading it.
    fn regex_free_time(line: &str) -> String {
        let time = line.strip_prefix('[').and_then(|rest| rest.split(']').next()).unwrap();
        DateTime::parse_from_str(time, "%Y-%m-%d %H:%M:%S %z").unwrap();
        time.to_owned()
    }

    #[test]
    fn at_critical_an_error_is_not_shown() {
        let lines = logged(LogLevel::Critical, || {
            tracing::error!("an error");
            tracing::error!(critical = true, "worse");
        });
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with("[CRITICAL] worse"));
    }

    #[test]
    fn colours_are_around_the_level_only() {
        let text = Text { message: "hello".to_owned(), ..Text::default() };
        let line = line(&Local::now(), 1, LogLevel::Info, true, &text);
        assert!(line.ends_with("] [1] [\x1b[32mINFO\x1b[0m] hello\n"), "{line:?}");
    }
}
