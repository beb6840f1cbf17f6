//! What the program said: every line of its standard output and standard error, with the time it came.
//!
//! Owns: collecting, waiting for a line, and the grammar of gunicorn's error log. Does not own: which lines are
//! right.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::Exit;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard output: the access log, unless it goes elsewhere.
    Stdout,
    /// Standard error: the error log, unless it goes elsewhere.
    Stderr,
}

/// A line that the program or one of its workers wrote.
#[derive(Clone, Debug)]
pub struct Line {
    /// When the harness read it.
    pub at: Instant,
    /// Where it came from.
    pub source: Source,
    /// The text without its line feed.
    pub text: String,
}

/// A line in the format of gunicorn's error log: `[2026-11-23 07:41:06 +0000] [957] [INFO] message`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The time with its zone, without brackets.
    pub time: &'a str,
    /// The process that wrote it.
    pub pid: i32,
    /// `INFO`, `WARNING`, ...
    pub level: &'a str,
    /// The rest.
    pub message: &'a str,
}

const LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"];

impl<'a> Entry<'a> {
    /// Reads a line; none when it is not in the format.
    pub fn parse(line: &'a str) -> Option<Self> {
        let (time, rest) = line.strip_prefix('[')?.split_once("] [")?;
        let (pid, rest) = rest.split_once("] [")?;
        let (level, rest) = rest.split_once(']')?;
        let message = rest.strip_prefix(' ')?;
        let shape: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        let dated = matches!(shape.as_str(), "0000-00-00 00:00:00 +0000" | "0000-00-00 00:00:00 -0000");
        (dated && LEVELS.contains(&level)).then_some(())?;
        Some(Self { time, pid: pid.parse().ok()?, level, message })
    }
}

#[derive(Default)]
struct State {
    lines: Vec<Line>,
    open_streams: usize,
    exit: Option<Exit>,
}

impl State {
    fn over(&self) -> bool {
        self.exit.is_some() && self.open_streams == 0
    }
}

/// Everything that one run of the program has said so far. Clones share the same book.
#[derive(Clone, Default)]
pub struct LogBook {
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl LogBook {
    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a stream to its end in a thread of its own.
    pub(crate) fn collect(&self, source: Source, stream: impl Read + Send + 'static) {
        self.state().open_streams += 1;
        let book = self.clone();
        thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut bytes = Vec::new();
            // A pseudo-terminal ends with EIO rather than with end of file.
            while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
                let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
                book.state().lines.push(Line { at: Instant::now(), source, text });
                book.shared.1.notify_all();
                bytes.clear();
            }
            book.state().open_streams -= 1;
            book.shared.1.notify_all();
        });
    }

    pub(crate) fn note_exit(&self, exit: Exit) {
        self.state().exit = Some(exit);
        self.shared.1.notify_all();
    }

    /// How the program ended, if it has.
    pub fn exit(&self) -> Option<Exit> {
        self.state().exit
    }

    /// Waits until `look` finds something in the lines, the program is over, or the limit is.
    pub fn wait<T>(&self, limit: Duration, mut look: impl FnMut(&[Line]) -> Option<T>) -> Option<T> {
        self.wait_for(limit, |state| look(&state.lines), State::over)
    }

    /// Waits for the end of the program itself; its workers may still be there.
    pub(crate) fn wait_exit(&self, limit: Duration) -> Option<Exit> {
        self.wait_for(limit, |state| state.exit, |_| false)
    }

    /// Waits until both streams are read to their end: no process has them open any more.
    pub(crate) fn wait_closed(&self, limit: Duration) -> bool {
        self.wait_for(limit, |state| (state.open_streams == 0).then_some(()), |_| false).is_some()
    }

    fn wait_for<T>(
        &self,
        limit: Duration,
        mut look: impl FnMut(&State) -> Option<T>,
        give_up: impl Fn(&State) -> bool,
    ) -> Option<T> {
        let end = Instant::now() + limit;
        let mut state = self.state();
        loop {
            if let Some(found) = look(&state) {
                return Some(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || give_up(&state) {
                return None;
            }
            state = self.shared.1.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// A copy of all lines so far.
    pub fn lines(&self) -> Vec<Line> {
        self.state().lines.clone()
    }

    /// A copy of all lines of one source so far.
    pub fn lines_of(&self, source: Source) -> Vec<Line> {
        let mut lines = self.lines();
        lines.retain(|line| line.source == source);
        lines
    }

    /// How many lines there are; a mark to look for later ones only.
    pub fn mark(&self) -> usize {
        self.state().lines.len()
    }

    /// How many lines contain the text.
    pub fn count(&self, text: &str) -> usize {
        self.state().lines.iter().filter(|line| line.text.contains(text)).count()
    }

    /// Everything, for the reader of a failed test.
    pub fn transcript(&self) -> String {
        let lines = self.lines();
        let start = lines.first().map(|line| line.at);
        let mut text = String::new();
        for line in &lines {
            let at = line.at.duration_since(start.unwrap_or(line.at)).as_secs_f64();
            let mark = if line.source == Source::Stdout { "out" } else { "err" };
            writeln!(text, "{at:8.3} {mark} {}", line.text).expect("a String takes every write");
        }
        text
    }

    /// The lines of standard error that are neither in the log's format nor inside a traceback or a stack dump.
    ///
    /// Advice on its own line (`hint: ...`) belongs to the line above it. A block begins with the title of a call
    /// chain (`... (most recent call last):`) or with a log line that announces one, and lasts to the next log line.
    pub fn strangers(&self) -> Vec<String> {
        let mut strangers = Vec::new();
        let mut inside = false;
        for line in self.lines_of(Source::Stderr) {
            let title =
                ["(most recent call last)", "(most recent call first)"].iter().any(|t| line.text.contains(t));
            if Entry::parse(&line.text).is_some() {
                inside =
                    title || line.text.contains("Exception in worker process") || line.text.ends_with(':');
            } else if title {
                inside = true;
            } else if !inside && !line.text.starts_with("hint: ") {
                strangers.push(line.text);
            }
        }
        strangers
    }

    /// The messages at ERROR and CRITICAL.
    pub fn errors(&self) -> Vec<String> {
        self.lines_of(Source::Stderr)
            .iter()
            .filter(|line| {
                Entry::parse(&line.text).is_some_and(|entry| matches!(entry.level, "ERROR" | "CRITICAL"))
                    || line.text.contains("panicked at")
            })
            .map(|line| line.text.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_gunicorns_format_is_read() {
        let entry =
            Entry::parse("[2026-11-23 07:41:06 +0000] [957] [INFO] Starting ferricorn 0.1.0").expect("read");
        assert_eq!((entry.pid, entry.level, entry.message), (957, "INFO", "Starting ferricorn 0.1.0"));
    }

    #[test]
    fn lines_in_another_format_are_not_taken_for_log_lines() {
        for line in [
            "INFO:     Started server process [961]",
            "[2026-11-23T07:41:06Z] [957] [INFO] message",
            "[2026-11-23 07:41:06 +0000] [957] [INFO]",
            "[2026-11-23 07:41:06 +0000] [main] [INFO] message",
            "[2026-11-23 07:41:06 +0000] [957] [LOUD] message",
            "",
        ] {
            assert_eq!(Entry::parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_traceback_belongs_to_the_log_and_a_print_does_not() {
        let book = LogBook::default();
        let text = "stray\n[2026-11-23 07:41:06 +0000] [1] [INFO] one\nprint\nTraceback (most recent call last):\n  \
                    File\nValueError: x\nsecond line of it\n[2026-11-23 07:41:06 +0000] [1] [ERROR] two\nlast\n";
        book.collect(Source::Stderr, text.as_bytes());
        assert!(book.wait_closed(Duration::from_secs(5)));
        assert_eq!(book.strangers(), ["stray", "print", "last"]);
        assert_eq!(book.errors().len(), 1);
    }
}
