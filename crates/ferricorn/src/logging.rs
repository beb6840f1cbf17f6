//! The error log in gunicorn's form, `[2026-11-23 07:41:06 +0000] [957] [INFO] message`, or in JSON.
//!
//! Owns: the filter by level, and which lines and metrics go where. The form of a line is [`event`]'s, the file is
//! [`sink`]'s, syslog and statsd are [`daemons`]'.

mod daemons;
mod datagram;
mod event;
mod sink;

use std::sync::{Arc, Mutex, PoisonError};

use chrono::Local;
use ferricorn_config::{LogFormat, LogLevel, Settings};
use ferricorn_master::METRIC;
use tracing::{Event, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt};

pub use daemons::DaemonError;
use daemons::Daemons;
use event::Said;
use sink::Sink;
pub use sink::SinkError;

/// The log cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Its file.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// What else gets its lines.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
}

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
pub fn start(settings: &Settings, colors: Option<bool>) -> Result<Log, LogError> {
    let sink = match &settings.error_log {
        Some(path) => Sink::file(path)?,
        None => Sink::standard_error()?,
    };
    let pid = std::process::id();
    let daemons = Daemons::open(&settings.logs, pid)?;
    let json = settings.logs.format == LogFormat::Json;
    let colors = !json && colors.unwrap_or_else(|| sink.is_terminal() && terminal_has_colors());
    let log = Log { sink: Arc::new(Mutex::new(sink)), colors };
    let counts = daemons.counts();
    let lines = Lines {
        log: log.clone(),
        level: settings.log_level,
        json,
        pid,
        counts,
        daemons: Mutex::new(daemons),
    };
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
    json: bool,
    pid: u32,
    /// Whether metrics are wanted.
    counts: bool,
    daemons: Mutex<Daemons>,
}

impl Lines {
    fn shown(&self, said: &Said, level: LogLevel) -> String {
        let now = Local::now();
        if self.json {
            said.json(&now, self.pid, level)
        } else {
            said.line(&now, self.pid, level, self.log.colors)
        }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let said = Said::by(event);
        if event.metadata().target() == METRIC {
            return self.daemons.lock().unwrap_or_else(PoisonError::into_inner).gauge(&said);
        }
        let level = said.level(*event.metadata().level());
        if level < self.level {
            return;
        }
        let mut sink = self.log.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let dropped = sink.take_dropped();
        if dropped > 0 {
            let text = format!("{dropped} log lines were dropped: they could not be written in time");
            sink.write(self.shown(&Said::text_only(text), LogLevel::Warning).as_bytes());
        }
        sink.write(self.shown(&said, level).as_bytes());
        drop(sink);
        self.daemons.lock().unwrap_or_else(PoisonError::into_inner).line(level, &said);
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.level {
            LogLevel::Trace => LevelFilter::TRACE,
            LogLevel::Debug => LevelFilter::DEBUG,
            // Metrics are events at INFO.
            _ if self.counts => LevelFilter::INFO,
            LogLevel::Info => LevelFilter::INFO,
            LogLevel::Warning => LevelFilter::WARN,
            LogLevel::Error | LogLevel::Critical => LevelFilter::ERROR,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn logged(level: LogLevel, act: impl FnOnce()) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        let sink = Sink::file(file.path()).unwrap();
        let log = Log { sink: Arc::new(Mutex::new(sink)), colors: false };
        let lines = Lines { log, level, json: false, pid: 957, counts: false, daemons: Mutex::default() };
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
}
