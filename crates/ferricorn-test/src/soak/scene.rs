//! Where the faults happen: how each is done to a server, and when it is over.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use ferricorn_wire::control::Request;
use nix::sys::signal::Signal;

use super::{
    Fault,
    verdict::{Death, Evidence, Victim},
};
use crate::{
    Address, Connection, Line, Planned, Server, control, ledger, load::random::Random, processes, within,
};

/// The longest that anything may take until it is over, on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// Longer than the timeout of the workers.
const MASTER_STOPPED: Duration = Duration::from_secs(3);

/// Shorter than the timeout of the workers.
const WORKER_STOPPED: Duration = Duration::from_millis(600);

/// How often a handler is asked to end its worker: the one that was asked may have died of another fault.
const TRIES: usize = 5;

/// A server and what was done to it so far.
pub(super) struct Scene {
    server: Server,
    address: Address,
    evidence: Evidence,
    violations: Vec<String>,
    asked: usize,
}

/// A fault that has begun, and what its end is known by.
enum Begun {
    Over,
    /// These workers die.
    Deaths(Vec<i32>),
    Reload {
        mark: usize,
    },
    BrokenReload {
        mark: usize,
        at: Instant,
    },
    Scale {
        mark: usize,
    },
    Upgrade {
        mark: usize,
    },
    StoppedMaster {
        mark: usize,
        at: Instant,
    },
}

/// Lets a moment pass between two faults.
pub(super) fn pause(moment: Duration) {
    thread::sleep(moment);
}

impl Scene {
    pub(super) fn new(server: Server) -> Self {
        let address = server.address();
        Self { server, address, evidence: Evidence::default(), violations: Vec::new(), asked: 0 }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) fn leave(self) -> Server {
        self.server
    }

    /// What went wrong while the faults were made.
    pub(super) fn violations(&self) -> Vec<String> {
        self.violations.clone()
    }

    /// What was done, and how workers have ended by now.
    pub(super) fn evidence(&self) -> Evidence {
        let mut evidence = self.evidence.clone();
        for line in self.server.log().lines() {
            evidence.deaths.extend(Death::read(&line));
            evidence.drained.extend(pid_after(&line, "Worker draining (pid: "));
        }
        evidence
    }

    /// One fault, and another in the middle of it; gives those that have happened.
    #[track_caller]
    pub(super) fn step(&mut self, fault: Fault, beside: Option<Fault>, random: &mut Random) -> Vec<Fault> {
        let first = self.begin(fault, random);
        let second = beside.and_then(|beside| {
            pause(Duration::from_millis(300).mul_f64(random.next()));
            Some((beside, self.begin(beside, random)?))
        });
        let disturbed = second.is_some();
        let happened = first.map(|begun| (fault, begun)).into_iter().chain(second);
        let finish = |(fault, begun)| {
            self.finish(begun, disturbed);
            fault
        };
        happened.map(finish).collect()
    }

    /// Does it; none if there is no worker left to which it could be done.
    fn begin(&mut self, fault: Fault, random: &mut Random) -> Option<Begun> {
        let mark = self.server.log().mark();
        Some(match fault {
            Fault::Kill => self.kill(vec![self.some_worker(random)?]),
            Fault::KillAll => self.kill(self.ready_workers()),
            Fault::Stop => {
                let pid = self.some_worker(random)?;
                self.harm(pid, &["timeout", "drain-timeout"]);
                processes::signal(pid, Signal::SIGSTOP);
                Begun::Deaths(vec![pid])
            }
            Fault::StopBriefly => {
                let pid = self.some_worker(random)?;
                processes::signal(pid, Signal::SIGSTOP);
                pause(WORKER_STOPPED);
                processes::signal(pid, Signal::SIGCONT);
                Begun::Over
            }
            Fault::Block => self.ask_to_die("block", &["timeout", "drain-timeout"])?,
            Fault::Exit => self.ask_to_die("exit", &["exit"])?,
            Fault::Crash => self.ask_to_die("crash", &["crash"])?,
            Fault::Reload => Begun::Reload { mark: Planned::Reload.begin(&self.server) },
            Fault::BrokenReload => {
                self.server.write_app("raise ValueError('broken')\n");
                Begun::BrokenReload { mark: Planned::Reload.begin(&self.server), at: Instant::now() }
            }
            Fault::Scale => Begun::Scale { mark: Planned::ScaleUp.begin(&self.server) },
            Fault::Upgrade => Begun::Upgrade { mark: Planned::Upgrade.begin(&self.server) },
            Fault::ReopenLogs => {
                self.server.signal(Signal::SIGUSR1);
                self.server.wait_for_line_after(mark, "Handling signal: usr1", LIMIT);
                Begun::Over
            }
            Fault::StopMaster => {
                self.server.signal(Signal::SIGSTOP);
                Begun::StoppedMaster { mark, at: Instant::now() }
            }
            Fault::Garbage => {
                let long = vec![b'x'; 100_000];
                for garbage in [&b"\n"[..], b"{\"type\":\"scale\",\"workers\":-1}\n", &long] {
                    let _answer_or_not = control::say(self.server.master(), garbage, LIMIT);
                }
                Begun::Over
            }
            Fault::Ask => {
                for request in [Request::Status, Request::Scale { workers: 3 }] {
                    let answer = control::ask(self.server.master(), &request, LIMIT).unwrap_or_default();
                    if !answer.contains("\"type\":\"status\"") && !answer.contains("\"type\":\"done\"") {
                        self.violations.push(format!("{request:?} was answered with `{answer}`"));
                    }
                }
                Begun::Over
            }
        })
    }

    /// Waits until a fault is over. With another one in the middle, a reload or an upgrade may have failed of it.
    #[track_caller]
    fn finish(&mut self, begun: Begun, disturbed: bool) {
        match begun {
            Begun::Over => {}
            Begun::Deaths(pids) => {
                for pid in pids {
                    // What does not come is found by the judgement.
                    let dead = |line: &Line| Death::read(line).is_some_and(|death| death.pid == pid);
                    self.server.log().wait(LIMIT, |lines| lines.iter().rev().any(dead).then_some(()));
                }
            }
            Begun::Reload { mark } => self.finish_reload(mark, disturbed),
            Begun::BrokenReload { mark, at } => {
                self.server.wait_for_line_after(mark, REJECTED, LIMIT);
                self.server.write_app(ledger::APP);
                self.evidence.broken.push((at, Instant::now()));
                // Workers that were being replaced may have read the broken one, and the first of the repaired ones die.
                self.finish_reload(Planned::Reload.begin(&self.server), disturbed);
            }
            Begun::Scale { mark } => {
                Planned::ScaleUp.finish(&self.server, mark);
                let mark = Planned::ScaleDown.begin(&self.server);
                // One that still boots goes without draining, so the signal is what can be waited for.
                self.server.wait_for_line_after(mark, "Handling signal: ttou", LIMIT);
            }
            Begun::Upgrade { mark } => {
                if self.which(mark, Planned::Upgrade.evidence(), "Upgrade failed") {
                    Planned::Upgrade.finish(&self.server, mark);
                } else if !disturbed {
                    self.violations.push("an upgrade failed, and nothing had disturbed it".to_owned());
                }
            }
            Begun::StoppedMaster { mark, at } => {
                pause(MASTER_STOPPED.saturating_sub(at.elapsed()));
                self.server.signal(Signal::SIGCONT);
                self.server.wait_for_line_after(mark, "the master was suspended for a while", LIMIT);
            }
        }
    }

    /// Waits for a reload with a good application, and asks for it again if a worker of it died of another fault.
    #[track_caller]
    fn finish_reload(&mut self, mut mark: usize, disturbed: bool) {
        for _ in 0..TRIES {
            if self.which(mark, Planned::Reload.evidence(), REJECTED) {
                return;
            }
            if !disturbed {
                self.violations.push("a good reload was rejected, and nothing had disturbed it".to_owned());
            }
            mark = Planned::Reload.begin(&self.server);
        }
        self.violations.push(format!("{TRIES} good reloads in a row were rejected"));
    }

    /// Waits for one of two lines after a mark; whether it was the first.
    #[track_caller]
    fn which(&self, mark: usize, good: &str, bad: &str) -> bool {
        let which = self.server.log().wait(LIMIT, |lines| {
            lines.iter().skip(mark).find_map(|line| {
                line.text.contains(good).then_some(true).or(line.text.contains(bad).then_some(false))
            })
        });
        which.unwrap_or_else(|| panic!("neither `{good}` nor `{bad}` within {LIMIT:?}"))
    }

    fn kill(&mut self, pids: Vec<i32>) -> Begun {
        for pid in &pids {
            self.harm(*pid, &["killed"]);
        }
        for pid in &pids {
            processes::signal(*pid, Signal::SIGKILL);
        }
        Begun::Deaths(pids)
    }

    /// Asks a handler to end its worker. The head of its answer says which worker that is.
    fn ask_to_die(&mut self, how: &str, causes: &[&'static str]) -> Option<Begun> {
        for _ in 0..TRIES {
            self.asked += 1;
            let request =
                format!("GET /die?how={how}&id=fault-{} HTTP/1.1\r\nHost: localhost\r\n\r\n", self.asked);
            let head = Connection::open(&self.address).and_then(|mut connection| {
                connection.send(request.as_bytes())?;
                connection.receive_head()
            });
            let Ok((_, headers)) = head else { continue };
            let worker = headers.iter().find(|(name, _)| name == "x-worker");
            let pid = worker.and_then(|(_, pid)| pid.parse().ok()).expect("the ledger application says it");
            self.harm(pid, causes);
            return Some(Begun::Deaths(vec![pid]));
        }
        self.violations.push(format!("nobody could be asked to {how}"));
        None
    }

    /// Notes that something is done to a worker, before it is.
    fn harm(&mut self, pid: i32, causes: &[&'static str]) {
        let new = || Victim { at: Instant::now(), causes: Vec::new() };
        self.evidence.victims.entry(pid).or_insert_with(new).causes.extend(causes);
    }

    /// A ready worker to which nothing was done yet: what is stopped for ever must not be continued by another fault.
    fn some_worker(&self, random: &mut Random) -> Option<i32> {
        let mut ready = self.ready_workers();
        ready.retain(|pid| !self.evidence.victims.contains_key(pid));
        (!ready.is_empty()).then(|| ready[random.below(ready.len())])
    }

    /// The master's workers that have become ready. A new master that is being started is none of them.
    fn ready_workers(&self) -> Vec<i32> {
        let lines = self.server.log().lines();
        let ready: BTreeSet<i32> = lines.iter().filter_map(|line| pid_after(line, READY)).collect();
        self.server.workers().into_iter().filter(|pid| ready.contains(pid)).collect()
    }

    /// Waits until the service is as it was: so many workers, all of them ready.
    #[track_caller]
    pub(super) fn wait_until_whole(&self, workers: usize) {
        let is_whole = || {
            let children = processes::children(self.server.master());
            let whole = children.len() == workers && !children.iter().any(processes::Process::is_zombie);
            (whole && self.ready_workers().len() == workers).then_some(())
        };
        let whole = within(LIMIT, || {
            pause(Duration::from_millis(30));
            is_whole()
        });
        let children = || processes::children(self.server.master());
        assert!(whole.is_some(), "not {workers} ready workers within {LIMIT:?}: {:?}", children());
    }
}

const READY: &str = "Worker ready (pid: ";
const REJECTED: &str = "Reload rejected";

/// The number that follows a text in a line.
fn pid_after(line: &Line, text: &str) -> Option<i32> {
    let (_, rest) = line.text.split_once(text)?;
    rest.split(')').next()?.parse().ok()
}
