//! A run of the real program: talking to it, and looking at what it left.
//!
//! Owns: the processes of the run. Post-conditions are in [`Server::finish`]; a test that forgets to call it gets
//! them on drop.

use std::{
    fs, io,
    path::PathBuf,
    sync::atomic::{AtomicI32, Ordering},
    thread,
    time::Duration,
};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::{
    Address, Builder, Exit, Line, LogBook, Response, Verdict,
    builder::Expected,
    http::{self, Connection},
    ledger, processes,
    processes::Process,
    within,
};

/// The limit of everything that has no limit of its own: a boot of Python on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How long it may take to read what is left in the pipes after the end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A run of the program. Dropped, it is killed with everything it started.
pub struct Server {
    pid: i32,
    /// Another one than `pid` after an upgrade.
    master: AtomicI32,
    run: String,
    log: LogBook,
    description: String,
    folder: TempDir,
    expected: Expected,
    killed: bool,
    finished: bool,
}

impl Server {
    /// Prepares a run of a program; tests hand in `env!("CARGO_BIN_EXE_ferricorn")`.
    pub fn command(program: impl Into<PathBuf>) -> Builder {
        Builder::new(program.into())
    }

    pub(crate) fn new(
        pid: i32,
        run: String,
        log: LogBook,
        description: String,
        folder: TempDir,
        expected: Expected,
    ) -> Self {
        let master = AtomicI32::new(pid);
        Self { pid, master, run, log, description, folder, expected, killed: false, finished: false }
    }

    /// The pid of the master (of the wrapper, if there is one).
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The master that serves now: the first one, or the one that [`Server::follow`] named.
    pub fn master(&self) -> i32 {
        self.master.load(Ordering::Relaxed)
    }

    /// From now on another master serves: signals go to it, and its workers are the workers.
    pub fn follow(&self, master: i32) {
        self.master.store(master, Ordering::Relaxed);
    }

    /// What it said.
    pub fn log(&self) -> &LogBook {
        &self.log
    }

    /// A path in the run's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the application's source.
    pub fn write_app(&self, source: &str) {
        // In one move, so that no worker reads half a file.
        let next = self.path("main.py.next");
        fs::write(&next, source).expect("the run's folder can be written");
        fs::rename(next, self.path("main.py")).expect("a file can be renamed in its folder");
    }

    /// What the [`ledger`] application has noted.
    pub fn ledger(&self) -> ledger::Ledger {
        ledger::Ledger::read(&self.path("ledger"))
    }

    /// The addresses of the last `Listening at:` line, in its order.
    #[track_caller]
    pub fn addresses(&self) -> Vec<Address> {
        let line = self.wait_for_line("Listening at: ", PATIENCE);
        let (_, list) = line.text.split_once("Listening at: ").expect("the line was asked for");
        let list = list.rsplit_once(" (").map_or(list, |(list, _)| list);
        list.split(',').map(|text| Address::parse(text.trim())).collect()
    }

    /// The first address.
    #[track_caller]
    pub fn address(&self) -> Address {
        self.addresses().remove(0)
    }

    /// One request on a connection of its own.
    pub fn get(&self, path: &str) -> Result<Response, Verdict> {
        http::get(&self.address(), path)
    }

    /// A connection to keep.
    #[track_caller]
    pub fn connect(&self) -> Connection {
        Connection::open(&self.address()).expect("the server listens")
    }

    /// Sends a signal to the master.
    pub fn signal(&self, signal: Signal) {
        if self.master() != self.pid || self.log.exit().is_none() {
            processes::signal(self.master(), signal);
        }
    }

    /// Kills the master alone with SIGKILL; [`Server::finish`] then expects no exit code, and reaps its orphans.
    pub fn kill_master(&mut self) {
        self.killed = true;
        self.signal(Signal::SIGKILL);
    }

    /// Sends a signal to the whole process group, as a terminal or a platform does.
    pub fn signal_group(&self, signal: Signal) {
        for process in processes::living(&self.run, self.pid) {
            processes::signal(process.pid, signal);
        }
    }

    /// The living children of the master, in the order of their pids.
    pub fn workers(&self) -> Vec<i32> {
        let children = processes::children(self.master()).into_iter().filter(|process| !process.is_zombie());
        children.map(|process| process.pid).collect()
    }

    /// All processes of the run that are alive.
    pub fn living(&self) -> Vec<Process> {
        processes::living(&self.run, self.pid)
    }

    /// Waits for a line that contains the text, from the beginning of the run.
    #[track_caller]
    pub fn wait_for_line(&self, text: &str, limit: Duration) -> Line {
        self.wait_for_line_after(0, text, limit)
    }

    /// Waits for a line that contains the text and comes after a mark of [`LogBook::mark`].
    #[track_caller]
    pub fn wait_for_line_after(&self, mark: usize, text: &str, limit: Duration) -> Line {
        let found = self
            .log
            .wait(limit, |lines| lines.iter().skip(mark).find(|line| line.text.contains(text)).cloned());
        found.unwrap_or_else(|| panic!("no line with `{text}` within {limit:?}"))
    }

    /// Waits until this many lines contain the text.
    #[track_caller]
    pub fn wait_for_count(&self, text: &str, count: usize, limit: Duration) {
        let found = self.log.wait(limit, |lines| {
            (lines.iter().filter(|line| line.text.contains(text)).count() >= count).then_some(())
        });
        assert!(
            found.is_some(),
            "only {} of {count} lines with `{text}` within {limit:?}",
            self.log.count(text)
        );
    }

    /// Waits until this many workers have become ready since the start.
    #[track_caller]
    pub fn wait_for_ready(&self, count: usize) {
        self.wait_for_count("Worker ready (pid: ", count, PATIENCE);
    }

    /// Waits until the master has exactly these many children, none of them a zombie; gives their pids.
    #[track_caller]
    pub fn wait_for_workers(&self, count: usize, limit: Duration) -> Vec<i32> {
        let settled = within(limit, || {
            let children = processes::children(self.master());
            let ok = children.len() == count && !children.iter().any(Process::is_zombie);
            ok.then(|| children.iter().map(|process| process.pid).collect())
        });
        settled.unwrap_or_else(|| {
            panic!("not {count} workers within {limit:?}: {:?}", processes::children(self.master()))
        })
    }

    /// Waits for the end of the master, and for its last words to be read.
    #[track_caller]
    pub fn wait_exit(&self, limit: Duration) -> Exit {
        let exit = self.log.wait_exit(limit).unwrap_or_else(|| panic!("still running after {limit:?}"));
        // A process that it left behind may hold the pipes for ever; `finish` names it.
        self.log.wait_closed(LAST_WORDS);
        exit
    }

    /// Asks the master to stop and waits for it; gives the exit code.
    #[track_caller]
    pub fn stop(&self, signal: Signal, limit: Duration) -> i32 {
        self.signal(signal);
        self.wait_exit(limit).code()
    }

    /// Waits until no process of the run is alive.
    #[track_caller]
    pub fn wait_nobody_left(&self, limit: Duration) {
        let gone = within(limit, || {
            let nobody = self.living().is_empty();
            // Afterwards: who was alive a moment ago may be dead by now, and shall not be left for `finish` to find.
            processes::reap_orphans(self.pid);
            nobody.then_some(())
        });
        assert!(gone.is_some(), "left after {limit:?}: {:?}", self.living());
    }

    /// The descriptors of the master, to compare with later ones.
    pub fn descriptors(&self) -> Vec<String> {
        let mut targets: Vec<_> = processes::descriptors(self.master())
            .into_values()
            // After an upgrade a master keeps the counts of the one before it, in one file more, until the next.
            .filter(|target| !target.starts_with("/memfd:ferricorn-board"))
            // Each socket has a number of its own: the kind is what can be compared.
            .map(|target| target.split(':').next().unwrap_or_default().to_owned())
            .collect();
        targets.sort();
        targets
    }

    /// Waits until the master has as many descriptors of each kind as before; another master than the first one, which
    /// was started in another way, may have fewer.
    #[track_caller]
    pub fn wait_for_descriptors(&self, baseline: &[String], limit: Duration) {
        let back = within(limit, || {
            let mut more = self.descriptors();
            let same = more == baseline;
            for kind in baseline {
                if let Some(index) = more.iter().position(|other| other == kind) {
                    more.swap_remove(index);
                }
            }
            (same || (self.master() != self.pid && more.is_empty())).then_some(())
        });
        assert!(
            back.is_some(),
            "descriptors before: {baseline:?}\nnow: {:?}",
            processes::descriptors(self.master())
        );
    }

    /// Stops the program if it runs (exit 0 is then due) and checks what every run must leave behind: nothing.
    #[track_caller]
    pub fn finish(mut self) {
        self.check();
    }

    /// Ends a run of another program, of which nothing is demanded.
    pub fn discard(mut self) {
        self.finished = true;
    }

    #[track_caller]
    fn check(&mut self) {
        self.finished = true;
        if self.master() != self.pid {
            self.signal(Signal::SIGTERM);
            // It has lost its parent, and is a child of the harness's now.
            let code = within(PATIENCE, || processes::exit_code(self.master()));
            assert_eq!(code, Some(0), "exit code of the last master's stop by SIGTERM");
        } else if self.log.exit().is_none() {
            let code = self.stop(Signal::SIGTERM, PATIENCE);
            assert_eq!(code, 0, "exit code of a stop by SIGTERM");
        }
        let orphans = processes::reap_orphans(self.pid);
        if !self.killed {
            assert_eq!(self.living(), [], "the master has ended, and these live on");
            assert_eq!(orphans, [0; 0], "the master has ended without waiting for these");
        }
        assert!(self.log.wait_closed(LAST_WORDS), "somebody holds the log open");
        let mut strangers = self.log.strangers();
        strangers.retain(|line| !self.expected.strangers.iter().any(|text| line.contains(text.as_str())));
        assert_eq!(strangers, [""; 0], "lines that are not in the log's format");
        let mut errors = self.log.errors();
        errors.retain(|line| !self.expected.errors.iter().any(|text| line.contains(text.as_str())));
        assert_eq!(errors, [""; 0], "errors in the log that the test did not announce");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if thread::panicking() {
            let transcript = self.log.transcript();
            report(&format!("--- {}\n{transcript}--- exit: {:?}\n", self.description, self.log.exit()));
        }
        let finished = self.finished;
        let result = (!finished && !thread::panicking())
            .then(|| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.check())));
        let transcript = result.as_ref().is_some_and(Result::is_err).then(|| self.log.transcript());
        processes::kill_all(&self.run, self.pid);
        if let (Some(transcript), Some(Err(panic))) = (transcript, result) {
            report(&format!("--- {}\n{transcript}", self.description));
            std::panic::resume_unwind(panic);
        }
    }
}

/// Writes through the test runner's capture, which only `eprint!` reaches.
#[expect(clippy::print_stderr, reason = "the reader of a failed test is the one who is spoken to")]
fn report(text: &str) {
    eprint!("{text}");
    let _ = io::Write::flush(&mut io::stderr());
}
