//! The error log in gunicorn's form, `[2026-11-23 07:41:06 +0000] [957] [INFO] message`, or in JSON.
//!
//! Owns: the filter by level, which lines and metrics go where, and that another log takes the place of the one that holds
//! as a whole (at a reload). Does not own: the form of a line, and its way to files and daemons
//! (`ferricorn_telemetry::delivery`).

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::Local;
use ferricorn_config::{LogFormat, LogLevel, LogOptions, Settings};
use ferricorn_master::{METRIC, MasterLog, NextLog};
use ferricorn_telemetry::delivery::{
    DaemonError, Daemons, Patience, Said, Sink, SinkError,
    journal::{self, Journal, Sent},
    severity,
};
use tracing::{Event, Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    Layer, Registry,
    layer::{Context, SubscriberExt},
    reload,
};

/// How long the end waits for lines that are still on their way to a daemon.
const LAST_LINES: Duration = Duration::from_secs(1);

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
    lines: reload::Handle<Lines, Registry>,
}

impl Log {
    /// Waits a moment until the daemons have what was logged.
    pub fn flush(&self) {
        let rest = self.lines.with_current(|lines| lines.daemons().rest());
        if let Ok(Some(rest)) = rest {
            rest.flush(LAST_LINES);
        }
    }
}

impl MasterLog for Log {
    fn colors(&self) -> bool {
        self.lines.with_current(|lines| lines.colors).unwrap_or(false)
    }

    fn is_terminal(&self) -> bool {
        self.lines.with_current(|lines| lines.sink().is_terminal()).unwrap_or(false)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.lines.with_current(|lines| lines.sink().reopen()).unwrap_or(Ok(()))
    }

    fn set_level(&mut self, level: LogLevel) {
        // The log's layer is there as long as the process.
        let _there = self.lines.modify(|lines| lines.level = level);
    }

    fn prepare(&mut self, settings: &Settings, colors: Option<bool>) -> Result<NextLog, String> {
        // A daemon that holds already is kept: it may be away just now, and what is on its way to it shall arrive.
        let keeps = self.lines.with_current(|lines| lines.daemons().fit(&settings.logs)).unwrap_or(false);
        let error_log = settings.error_log.as_ref().map(|path| settings.chdir.join(path));
        let mut next = Lines::open(settings, error_log, colors).map_err(|error| error.to_string())?;
        if !keeps {
            next.open_daemons(&settings.logs, Patience::None).map_err(|error| error.to_string())?;
        }
        let (lines, colors) = (self.lines.clone(), next.colors);
        let begin = move || {
            // It may have been renamed since. What is open is good enough if that fails.
            let _kept = next.sink().reopen();
            // The log's layer is there as long as the process.
            let _there = lines.modify(|held| {
                if keeps {
                    next.daemons = std::mem::take(&mut held.daemons);
                }
                *held = next;
            });
        };
        Ok(NextLog { colors, begin: Box::new(begin) })
    }
}

/// Starts the log of this process. `colors`: `None` means on a terminal, unless `NO_COLOR` is set.
pub fn start(settings: &Settings, colors: Option<bool>) -> Result<Log, LogError> {
    let mut lines = Lines::open(settings, settings.error_log.clone(), colors)?;
    lines.open_daemons(&settings.logs, Patience::Connect)?;
    let (layer, handle) = reload::Layer::new(lines);
    // A second start in one process (a test) keeps the first log.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
    Ok(Log { lines: handle })
}

fn terminal_has_colors() -> bool {
    let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
    unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Makes lines of events.
#[derive(Debug)]
struct Lines {
    sink: Mutex<Sink>,
    /// Lines go to the journal rather than to standard error.
    journal: Option<Mutex<Journal>>,
    colors: bool,
    level: LogLevel,
    json: bool,
    /// One person looks at them (`ferricorn dev`).
    short: bool,
    pid: u32,
    daemons: Mutex<Daemons>,
}

impl Lines {
    /// Without daemons.
    fn open(settings: &Settings, file: Option<PathBuf>, colors: Option<bool>) -> Result<Self, SinkError> {
        let sink = file.map_or_else(Sink::standard_error, |path| Sink::file(&path))?;
        let json = settings.logs.format == LogFormat::Json;
        let journal = if sink.is_file() { None } else { Journal::behind_standard_error() };
        Ok(Self {
            journal: journal.map(Mutex::new),
            colors: !json && colors.unwrap_or_else(|| sink.is_terminal() && terminal_has_colors()),
            sink: Mutex::new(sink),
            level: settings.master_level(),
            json,
            short: settings.development,
            pid: std::process::id(),
            daemons: Mutex::default(),
        })
    }

    fn open_daemons(&mut self, options: &LogOptions, patience: Patience) -> Result<(), DaemonError> {
        self.daemons = Mutex::new(Daemons::open(options, self.pid, patience)?);
        Ok(())
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn daemons(&self) -> MutexGuard<'_, Daemons> {
        self.daemons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, sink: &mut Sink, said: &Said, level: LogLevel, metadata: &Metadata<'_>) {
        let Some(journal) = &self.journal else { return sink.write(self.shown(said, level).as_bytes()) };
        let message = if self.json { self.shown(said, level) } else { said.text() };
        let entry = journal::entry(message.trim_end(), said, level, metadata);
        match journal.lock().unwrap_or_else(PoisonError::into_inner).send(&entry) {
            Sent::Taken => {}
            Sent::Lost => sink.drop_one(),
            Sent::Nowhere if self.json => sink.write(format!("<{}>{message}", severity(level)).as_bytes()),
            Sent::Nowhere => sink.write(journal::lines(&message, self.pid, level).as_bytes()),
        }
    }

    fn shown(&self, said: &Said, level: LogLevel) -> String {
        let now = Local::now();
        if self.json {
            said.json(&now, self.pid, level)
        } else if self.short {
            said.short(&now, level, self.colors)
        } else {
            said.line(&now, self.pid, level, self.colors)
        }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let said = Said::by(event);
        if event.metadata().target() == METRIC {
            return self.daemons().value(&said);
        }
        let level = said.level(*event.metadata().level());
        if level < self.level {
            return;
        }
        let mut sink = self.sink();
        let dropped = sink.take_dropped();
        if dropped > 0 {
            let text = format!("{dropped} log lines were dropped: they could not be written in time");
            self.write(&mut sink, &Said::text_only(text), LogLevel::Warning, event.metadata());
        }
        self.write(&mut sink, &said, level, event.metadata());
        drop(sink);
        self.daemons().line(level, &said);
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.level {
            LogLevel::Trace => LevelFilter::TRACE,
            LogLevel::Debug => LevelFilter::DEBUG,
            // Metrics are events at INFO.
            _ if self.daemons().counts() => LevelFilter::INFO,
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
        let sink = Mutex::new(sink);
        let lines = Lines {
            sink,
            journal: None,
            colors: false,
            level,
            json: false,
            short: false,
            pid: 957,
            daemons: Mutex::default(),
        };
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
