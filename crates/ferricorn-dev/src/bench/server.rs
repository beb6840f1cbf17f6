//! One server that runs: its start, its load, its processes, its end.
//!
//! Invariant: no process of the server outlives the value.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs, io,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

use super::{
    contender::{Contender, Ground, Plan},
    load::{Load, ask_once},
    process::{self, Memory},
};
use crate::failure::Failure;

/// How long a server has to answer, and to end: in valgrind everything takes fifty times as long.
const LIMIT: Duration = Duration::from_secs(240);
/// Between two looks at whether something has happened.
const PAUSE: Duration = Duration::from_millis(1);
/// What uvicorn writes in each worker, under any master.
const WORKER_IS_UP: &str = "Application startup complete.";
/// Rounds in which threads came or went, in one window, before that counts as a fault of the server.
const MOST_SPOILT: usize = 5;
/// Requests after which a worker's interpreter has specialised its code and its caches are full.
const WARM_UP: usize = 2000;

/// A server and all its processes.
pub(crate) struct Server {
    root: Child,
    started: Instant,
    port: u16,
    plan: Plan,
    name: &'static str,
    log: PathBuf,
}

/// What a start has cost up to the first answer.
pub(crate) struct Start {
    /// Time on the wall.
    pub(crate) wall: Duration,
    /// Processor time of all processes that run then.
    pub(crate) processor: Duration,
}

impl Server {
    /// Starts it; it need not listen yet.
    pub(crate) fn spawn(ground: &Ground, contender: Contender, plan: Plan) -> Result<Self, Failure> {
        let (name, port) = (contender.name(), free_port()?);
        let (log, access) = (ground.logs.join(format!("{name}.log")), ground.logs.join("access.log"));
        let mut command = ground.command(contender, plan, port, &log, &access)?;
        let started = Instant::now();
        let root = command.spawn().map_err(|error| Failure::new(format!("cannot run `{name}`: {error}")))?;
        Ok(Self { root, started, port, plan, name, log })
    }

    /// Starts it and waits until all its workers are up.
    pub(crate) fn start(ground: &Ground, contender: Contender, plan: Plan) -> Result<Self, Failure> {
        let mut server = Self::spawn(ground, contender, plan)?;
        if !contender.is_uvicorn() {
            // Their logs do not say it in uvicorn's words.
            server.ask_each("/pid")?;
            return Ok(server);
        }
        server.wait_for("all its workers", |server| {
            let log = fs::read_to_string(&server.log).unwrap_or_default();
            log.matches(WORKER_IS_UP).count() >= plan.workers && ask_once(server.port, "/").is_ok()
        })?;
        Ok(server)
    }

    /// Waits for the first answer, which it asks for in a tight loop.
    pub(crate) fn first_answer(&mut self) -> Result<Start, Failure> {
        self.wait_for("an answer", |server| ask_once(server.port, "/").is_ok())?;
        let wall = self.started.elapsed();
        let pids = process::tree(self.root.id());
        Ok(Start { wall, processor: process::usage(&pids)?.total() })
    }

    /// The port it listens on.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Kept connections to its workers, which have been used a while.
    pub(crate) fn warm_load(&self) -> Result<Load, Failure> {
        self.load_after(WARM_UP)
    }

    /// Kept connections to its workers, which have carried so many requests.
    pub(crate) fn load_after(&self, requests: usize) -> Result<Load, Failure> {
        let mut load = Load::open(self.port, self.plan.workers)?;
        load.run(requests)?;
        Ok(load)
    }

    /// The one process that answers, if there is one worker.
    pub(crate) fn worker(&self) -> Result<u32, Failure> {
        process::tree(self.root.id()).last().copied().ok_or_else(|| self.failure("it has no worker"))
    }

    /// Processor microseconds per request of the whole tree of processes, while `work` sends requests and counts them.
    pub(crate) fn cost(&self, mut work: impl FnMut() -> Result<usize, Failure>) -> Result<f64, Failure> {
        for _ in 0..MOST_SPOILT {
            let pids = process::tree(self.root.id());
            let before = process::usage(&pids)?;
            let requests = work()?;
            let after = process::usage(&pids)?;
            let same_processes = process::tree(self.root.id()) == pids;
            if let (Some(used), true) = (process::used_between(&before, &after), same_processes) {
                let requests = u32::try_from(requests).unwrap_or(u32::MAX);
                return Ok(used.as_secs_f64() * 1e6 / f64::from(requests));
            }
        }
        Err(self.failure("its threads or processes come and go under load"))
    }

    /// The pids of its workers, as far as its log names them, in the order in which they came up.
    pub(crate) fn workers_in_log(&self) -> Vec<u32> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines()
            .filter_map(|line| line.split_once("Worker ready (pid: "))
            .filter_map(|(_, rest)| rest.split(')').next()?.parse().ok())
            .collect()
    }

    /// The boots of its workers in milliseconds, as its log names them.
    pub(crate) fn boots_in_log(&self) -> Vec<f64> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let boots = log.split(" boot_ms=").skip(1);
        boots.filter_map(|rest| rest.split_whitespace().next()?.parse().ok()).collect()
    }

    /// Replaces its workers one after the other, this many times, by a SIGTERM to each. Returns when the last has ended.
    pub(crate) fn recycle(&mut self, times: usize) -> Result<(), Failure> {
        for replaced in 0..times {
            let ready = self.workers_in_log();
            // Each is replaced by the next that is ready, so they go in the order in which they came.
            let Some(&oldest) = ready.get(replaced) else { return Err(self.failure("it has no worker")) };
            kill("TERM", &[oldest]);
            let gone = format!("Worker (pid:{oldest}) exited");
            self.wait_for("a replacement", |server| {
                server.workers_in_log().len() > ready.len() && server.log_has(&gone)
            })?;
        }
        Ok(())
    }

    /// Processor time of all its processes, also of those that have ended.
    pub(crate) fn used_ever(&self) -> Duration {
        process::used_ever(&process::tree(self.root.id()))
    }

    /// Asks until each of its workers has answered; the answer to this path names the worker.
    pub(crate) fn ask_each(&mut self, path: &str) -> Result<(), Failure> {
        let answers = RefCell::new(BTreeSet::new());
        self.wait_for("an answer of each worker", |server| {
            answers.borrow_mut().extend(ask_once(server.port, path).ok());
            answers.borrow().len() >= server.plan.workers
        })
    }

    fn log_has(&self, text: &str) -> bool {
        fs::read_to_string(&self.log).unwrap_or_default().contains(text)
    }

    /// The memory of the process that supervises.
    pub(crate) fn memory_of_root(&self) -> Result<Memory, Failure> {
        process::memory(self.root.id())
    }

    /// The memory of each process below the one that supervises, the busy ones first.
    pub(crate) fn memory_below_root(&self) -> Result<Vec<Memory>, Failure> {
        process::tree(self.root.id()).into_iter().skip(1).map(process::memory).collect()
    }

    fn wait_for(&mut self, what: &str, mut happened: impl FnMut(&Self) -> bool) -> Result<(), Failure> {
        while !happened(self) {
            if let Ok(Some(status)) = self.root.try_wait() {
                return Err(self.failure(&format!("it ended with {status}")));
            }
            if self.started.elapsed() > LIMIT {
                return Err(self.failure(&format!("no sign of {what} within {LIMIT:?}")));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn failure(&self, text: &str) -> Failure {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        Failure::new(format!("{}: {text}, its log:\n{}", self.name, log.trim_end()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let root = self.root.id();
        // With the time of birth, because a number may belong to another program by the end.
        let all: Vec<_> = process::tree(root).into_iter().map(|pid| (pid, process::birth(pid))).collect();
        kill("TERM", &[root]);
        let asked = Instant::now();
        while asked.elapsed() < LIMIT && matches!(self.root.try_wait(), Ok(None)) {
            thread::sleep(PAUSE);
        }
        let left = all.into_iter().filter(|&(pid, birth)| birth.is_some() && process::birth(pid) == birth);
        kill("KILL", &left.map(|(pid, _)| pid).collect::<Vec<_>>());
        let _ = self.root.wait();
    }
}

/// Sends a signal. The shell has `kill` built in; small images have no program of that name.
fn kill(signal: &str, pids: &[u32]) {
    if pids.is_empty() {
        return;
    }
    let numbers: Vec<String> = pids.iter().map(u32::to_string).collect();
    let _ = Command::new("sh").args(["-c", &format!("kill -{signal} {} 2>&-", numbers.join(" "))]).status();
}

fn free_port() -> Result<u16, Failure> {
    let chosen = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    let failure = |error: io::Error| Failure::new(format!("no port is free on 127.0.0.1: {error}"));
    Ok(chosen.map_err(failure)?.port())
}
