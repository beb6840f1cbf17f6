//! Runs commands one after the other, prints which and for how long, and shows the output of those that fail.
//!
//! Theory of operation: a *quiet* command writes into a file under `target/dev/log`, which is printed when it fails;
//! a *loud* one is seen as it runs, and its standard output is kept as well, to be counted. [`Steps`] remembers how
//! each went, for the table at the end.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{BufRead as _, BufReader, IsTerminal as _, Write as _, stdout},
    path::Path,
    process::{Command, ExitStatus, Stdio},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

use crate::{failure::Failure, say::say, tally::Tally, workspace::Workspace};

/// How often a person at a terminal sees that a quiet step is still at work; elsewhere a line each half minute does.
const TERMINAL_TICK: Duration = Duration::from_secs(1);
const LOG_TICK: Duration = Duration::from_secs(30);

/// What has been done so far.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<Done>,
}

struct Done {
    name: String,
    took: Duration,
    passed: bool,
    tally: Option<Tally>,
}

impl Steps {
    /// Does one piece of work. A failure is shown at once and remembered, and the next step is taken all the same.
    pub(crate) fn take(&mut self, name: &str, work: impl FnOnce() -> Result<(), Failure>) {
        let started = Instant::now();
        let outcome = work();
        self.note(name, started, &outcome, None);
    }

    /// Does one piece of work that counts tests. A runner that failed without naming a test counts as one failure.
    pub(crate) fn take_counted(&mut self, name: &str, work: impl FnOnce() -> Result<(bool, Tally), Failure>) {
        let started = Instant::now();
        let (outcome, mut tally) = match work() {
            Ok((true, tally)) => (Ok(()), tally),
            Ok((false, tally)) => (Err(Failure::new(format!("`{name}` failed, see above"))), tally),
            Err(failure) => (Err(failure), Tally::default()),
        };
        if outcome.is_err() && tally.failed == 0 {
            tally.failed = 1;
        }
        self.note(name, started, &outcome, Some(tally));
    }

    fn note(&mut self, name: &str, started: Instant, outcome: &Result<(), Failure>, tally: Option<Tally>) {
        if let Err(failure) = outcome {
            say(&failure.to_string());
        }
        let done = Done { name: name.to_owned(), took: started.elapsed(), passed: outcome.is_ok(), tally };
        self.done.push(done);
    }

    /// Whether every step passed.
    pub(crate) fn all_passed(&self) -> bool {
        self.done.iter().all(|step| step.passed)
    }

    /// The sum over the steps that counted tests.
    pub(crate) fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        self.done.iter().filter_map(|step| step.tally).for_each(|tally| sum += tally);
        sum
    }

    /// A table: a line for each step with its time and, if there are any, its tests.
    pub(crate) fn table(&self) -> String {
        let width = self.done.iter().map(|step| step.name.len()).max().unwrap_or(0);
        let mut table = String::from("\n");
        for step in &self.done {
            let verdict = if step.passed { "ok" } else { "FAILED" };
            let _ = write!(table, "  {:width$}  {:>7.1} s  {verdict}", step.name, step.took.as_secs_f64());
            if let Some(Tally { passed, failed }) = step.tally {
                let _ = write!(table, ":  {passed} passed, {failed} failed");
            }
            table.push('\n');
        }
        table
    }
}

/// Runs a command whose output interests only when it fails.
///
/// # Errors
/// It could not be started, or its exit status is not 0; its output and the command have been shown then.
pub(crate) fn quietly(workspace: &Workspace, name: &str, command: &mut Command) -> Result<(), Failure> {
    let folder = workspace.dev_folder().join("log");
    let path = folder.join(format!("{}.log", name.replace([' ', '/'], "-")));
    let log = fs::create_dir_all(&folder).and_then(|()| File::create(&path));
    let log = log.and_then(|file| Ok((file.try_clone()?, file)));
    let (out, err) =
        log.map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?;
    let started = Instant::now();
    command.stdin(Stdio::null()).stdout(out).stderr(err);
    let status = wait_with_signs_of_life(name, command, started)?;
    let took = started.elapsed().as_secs_f64();
    if status.success() {
        say(&format!("  {name}: {took:.1} s"));
        return Ok(());
    }
    let output = fs::read(&path).unwrap_or_default();
    say(&format!("  {name}: FAILED after {took:.1} s\n\n{}", String::from_utf8_lossy(&output).trim_end()));
    Err(Failure::new(format!("`{}` ended with {status}", shown(command))))
}

/// Runs a command whose output is seen as it comes. True when its exit status is 0; with its standard output.
pub(crate) fn loudly(name: &str, command: &mut Command) -> Result<(bool, String), Failure> {
    say(&format!("  {name}: {}", shown(command)));
    let cannot = |command: &Command, error| Failure::new(format!("cannot run `{}`: {error}", shown(command)));
    let mut child = match command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Err(cannot(command, error)),
    };
    let mut kept = String::new();
    let out = child.stdout.take().expect("standard output was asked for as a pipe");
    for line in BufReader::new(out).split(b'\n') {
        let line = line.map_err(|error| cannot(command, error))?;
        let line = String::from_utf8_lossy(&line);
        say(&line);
        kept.push_str(&line);
        kept.push('\n');
    }
    let status = child.wait().map_err(|error| cannot(command, error))?;
    Ok((status.success(), kept))
}

/// As [`loudly`], for commands that do not count anything.
pub(crate) fn loudly_checked(name: &str, command: &mut Command) -> Result<(), Failure> {
    match loudly(name, command)? {
        (true, _) => Ok(()),
        (false, _) => Err(Failure::new(format!("`{}` failed, see above", shown(command)))),
    }
}

fn wait_with_signs_of_life(
    name: &str,
    command: &mut Command,
    started: Instant,
) -> Result<ExitStatus, Failure> {
    let text = shown(command);
    let mut child = command.spawn().map_err(|error| Failure::new(format!("cannot run `{text}`: {error}")))?;
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(child.wait()));
    let terminal = stdout().is_terminal();
    let tick = if terminal { TERMINAL_TICK } else { LOG_TICK };
    let status = loop {
        match receiver.recv_timeout(tick) {
            Ok(status) => break status,
            Err(RecvTimeoutError::Timeout) if terminal => {
                let mut out = stdout().lock();
                let _ =
                    write!(out, "\r  {name} … {} s", started.elapsed().as_secs()).and_then(|()| out.flush());
            }
            Err(RecvTimeoutError::Timeout) => {
                say(&format!("  {name}: {} s so far", started.elapsed().as_secs()));
            }
            Err(RecvTimeoutError::Disconnected) => unreachable!("the thread sends before it ends"),
        }
    };
    if terminal {
        let _ = write!(stdout(), "\r\x1b[K");
    }
    status.map_err(|error| Failure::new(format!("cannot wait for `{text}`: {error}")))
}

/// The command as a person would type it: the program by its name, not by its path.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words = program.file_name().into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
