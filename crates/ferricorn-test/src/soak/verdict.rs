//! What may be lost when workers die, and what not.
//!
//! The rules: a request may be lost only with a worker that a fault has ended. Either that worker had begun it (the
//! ledger says so), or nobody had: then it lay unread in a connection of such a worker, or was sent on it after the worker's
//! end. Whose a connection was nobody notes: that worker had given its last answer; or it had carried none, or may have
//! been handed on since, and that worker was ended while it was open. Nobody is refused, nobody waits for ever, nothing is begun
//! twice or answered with an error; and no worker dies that no fault was meant for, or for another cause than the fault.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{Line, Tally, Verdict, ledger::Ledger, load::Outcome};

/// A worker to which something was done.
#[derive(Clone, Debug)]
pub struct Victim {
    /// When that began.
    pub at: Instant,
    /// What its death may be called; several faults may have been meant for it.
    pub causes: Vec<&'static str>,
}

/// The end of a worker, as the log reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death {
    /// The worker.
    pub pid: i32,
    /// The field `cause`.
    pub cause: String,
    /// It was logged as something to look at.
    pub is_loud: bool,
    /// When the line was read.
    pub at: Instant,
}

/// All that is known besides the requests.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// By pid.
    pub victims: BTreeMap<i32, Victim>,
    /// In the order of the log.
    pub deaths: Vec<Death>,
    /// Workers that were told to leave: their connections may have been handed to others.
    pub drained: BTreeSet<i32>,
    /// From when to when the application on the disk was broken.
    pub broken: Vec<(Instant, Instant)>,
}

/// Requests that were lost with a worker that a fault has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// It had begun them.
    pub begun: usize,
    /// They lay unread in one of its connections.
    pub unread: usize,
    /// They were sent on one of its connections after its end: a client that looks whether its connection was closed sends
    /// them on another one, and ours never look.
    pub late: usize,
}

impl Losses {
    /// All of them.
    pub const fn total(&self) -> usize {
        self.begun + self.unread + self.late
    }
}

/// A boot that has read the broken application fails within this time.
const BOOT: Duration = Duration::from_secs(5);

/// From the end of a worker to the moment that the client knows it, and to the line in the log.
const NEWS: Duration = Duration::from_millis(500);

/// From a fault to the death of its worker: the timeout, a drain that comes between, a master that is stopped itself.
const LATEST: Duration = Duration::from_secs(25);

/// The most complaints of one kind that are shown.
const SHOWN: usize = 5;

impl Death {
    /// Reads a line of the log.
    pub fn read(line: &Line) -> Option<Self> {
        let (_, cause) = line.text.split_once(" cause=")?;
        let (_, pid) = line.text.split_once("Worker (pid:")?;
        let pid = pid.split(')').next()?.parse().ok()?;
        let cause = cause.split(' ').next()?.to_owned();
        Some(Self { pid, cause, is_loud: !line.text.contains("] [INFO] "), at: line.at })
    }
}

impl Evidence {
    /// When the worker was gone on whose connection this request, which nobody has begun, can have been sent: one that a
    /// fault has ended while the connection was open. None if there is no such worker.
    fn end_of_connection(&self, outcome: &Outcome) -> Option<Instant> {
        let carrier = outcome.carrier;
        let may_be = |pid| carrier.is_none_or(|carrier| carrier == pid || self.drained.contains(&carrier));
        let ends = self.victims.iter().filter(|(pid, _)| may_be(**pid)).filter_map(|(pid, victim)| {
            let gone = self.deaths.iter().find(|death| death.pid == *pid)?.at;
            (victim.at <= outcome.ended + NEWS && outcome.well <= gone + NEWS).then_some(gone)
        });
        ends.max()
    }

    fn complaints_about_deaths(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        for Death { pid, cause, at, .. } in self.deaths.iter().filter(|death| death.is_loud) {
            let broken = || self.broken.iter().any(|(from, to)| from <= at && *at <= *to + BOOT);
            let expected = self.victims.contains_key(pid) || (cause == "boot-failed" && broken());
            if !expected {
                complaints
                    .push(format!("worker {pid} died of `{cause}`, and nobody had done anything to it"));
            }
        }
        for (pid, Victim { causes, at }) in &self.victims {
            let death = self.deaths.iter().find(|death| death.pid == *pid);
            match death {
                None => complaints.push(format!("worker {pid} should have died ({causes:?}), and has not")),
                Some(death) if death.at > *at + LATEST => {
                    let seconds = death.at.duration_since(*at).as_secs();
                    complaints.push(format!("worker {pid} died ({causes:?}) only after {seconds} s"));
                }
                // One that was told to leave dies of that, or of its order.
                Some(death) if causes.contains(&death.cause.as_str()) || self.drained.contains(pid) => {}
                Some(Death { cause, .. }) => {
                    complaints
                        .push(format!("worker {pid} should have died of {causes:?}, and died of `{cause}`"));
                }
            }
        }
        complaints
    }
}

/// Judges a run: what was lost and may be, and complaints about everything else.
pub fn judge(tally: &Tally, ledger: &Ledger, evidence: &Evidence) -> (Losses, Vec<String>) {
    let mut complaints = evidence.complaints_about_deaths();
    let begun_by = ledger.begun_by();
    let mut losses = Losses::default();
    let mut wrong = Vec::new();
    for outcome in tally.failures() {
        let worker = begun_by.get(outcome.id.as_str());
        let is_cut = matches!(outcome.verdict, Verdict::Reset | Verdict::Truncated);
        if let (true, None, Some(end)) = (is_cut, worker, evidence.end_of_connection(outcome)) {
            losses.unread += usize::from(outcome.sent < end);
            losses.late += usize::from(outcome.sent >= end);
            continue;
        }
        match (outcome.verdict, worker) {
            (Verdict::Reset | Verdict::Truncated, Some(pid)) if evidence.victims.contains_key(pid) => {
                losses.begun += 1;
            }
            (verdict, worker) => {
                let Outcome { id, shape, reused, carrier, .. } = outcome;
                wrong.push(format!(
                    "request {id} ({shape:?}, after {reused} others on its connection, the last by {carrier:?}) ended with \
                     {verdict}, begun by {worker:?}"
                ));
            }
        }
    }
    for id in ledger.unfinished() {
        let worker = begun_by.get(id.as_str()).copied().unwrap_or_default();
        if !evidence.victims.contains_key(&worker) {
            wrong.push(format!(
                "request {id} was begun by {worker}, to which nothing was done, and not ended"
            ));
        }
    }
    let more = wrong.len().saturating_sub(SHOWN);
    complaints.extend(wrong.into_iter().take(SHOWN));
    complaints.extend((more > 0).then(|| format!("and {more} requests more")));
    (losses, complaints)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, ledger::Note, load::Shape};

    const SECOND: Duration = Duration::from_secs(1);

    /// A worker, 7, that was killed ten seconds after `zero`; another, 8, that was told to leave.
    fn evidence(zero: Instant) -> Evidence {
        let at = zero + SECOND * 10;
        let death = |pid, cause: &str, is_loud| Death { pid, cause: cause.to_owned(), is_loud, at };
        Evidence {
            victims: [(7, Victim { at, causes: vec!["killed"] })].into(),
            deaths: vec![death(7, "killed", true), death(8, "max-requests", false)],
            drained: [8].into(),
            broken: Vec::new(),
        }
    }

    fn outcome(verdict: Verdict, zero: Instant, seconds: u32) -> Outcome {
        let sent = zero + SECOND * seconds;
        Outcome {
            id: "x".to_owned(),
            shape: Shape::Get,
            verdict,
            pid: None,
            sent,
            latency: Duration::ZERO,
            ended: sent,
            well: sent,
            idle: Duration::ZERO,
            carrier: None,
            reused: 0,
        }
    }

    fn ledger(begun_by: Option<i32>, ended: bool) -> Ledger {
        let note = |what: &str| Some(Note { what: what.to_owned(), id: "x".to_owned(), pid: begun_by? });
        Ledger { notes: note("start").into_iter().chain(note("end").filter(|_| ended)).collect() }
    }

    fn judged(outcome: Outcome, ledger: &Ledger, zero: Instant) -> (Losses, usize) {
        let (losses, complaints) =
            judge(&Tally { outcomes: vec![outcome], connections: 1 }, ledger, &evidence(zero));
        (losses, complaints.len())
    }

    #[test]
    fn only_what_the_dead_worker_had_may_be_lost() {
        let zero = Instant::now();
        let of = |verdict, seconds| outcome(verdict, zero, seconds);
        let begun = Losses { begun: 1, ..Losses::default() };
        assert_eq!(judged(of(Verdict::Reset, 10), &ledger(Some(7), false), zero), (begun, 0));
        // Complained of as lost, and as not ended.
        assert_eq!(judged(of(Verdict::Reset, 10), &ledger(Some(9), false), zero), (Losses::default(), 2));
        let unread = Losses { unread: 1, ..Losses::default() };
        let late = Losses { late: 1, ..Losses::default() };
        let stopped = Outcome { ended: zero + SECOND * 10, ..of(Verdict::Reset, 9) };
        assert_eq!(judged(stopped, &ledger(None, false), zero), (unread, 0));
        assert_eq!(judged(of(Verdict::Reset, 20), &ledger(None, false), zero), (Losses::default(), 1));
        let idle = Outcome { well: zero + SECOND * 9, carrier: Some(7), ..of(Verdict::Reset, 20) };
        assert_eq!(judged(idle.clone(), &ledger(None, false), zero), (late, 0));
        let alive = Outcome { carrier: Some(9), ..idle.clone() };
        assert_eq!(judged(alive, &ledger(None, false), zero), (Losses::default(), 1));
        let handed_over = Outcome { carrier: Some(8), ..idle };
        assert_eq!(judged(handed_over, &ledger(None, false), zero), (late, 0));
        for verdict in [Verdict::Refused, Verdict::Timeout, Verdict::ServerError, Verdict::Duplicate] {
            assert_eq!(judged(of(verdict, 10), &ledger(None, false), zero), (Losses::default(), 1));
        }
        assert_eq!(judged(of(Verdict::Ok, 10), &ledger(Some(9), true), zero), (Losses::default(), 0));
    }

    #[test]
    fn a_death_needs_a_fault_and_a_fault_its_death() {
        let zero = Instant::now();
        let mut evidence = evidence(zero);
        assert_eq!(evidence.complaints_about_deaths(), [""; 0]);
        evidence.deaths[0].at = zero + SECOND * 60;
        assert!(evidence.complaints_about_deaths()[0].contains("only after 50 s"));
        evidence.deaths[0].at = zero + SECOND * 10;
        evidence.deaths[0].cause = "timeout".to_owned();
        assert!(evidence.complaints_about_deaths()[0].contains("and died of `timeout`"));
        evidence.victims.clear();
        assert!(evidence.complaints_about_deaths()[0].contains("nobody had done anything to it"));
        evidence.victims.insert(9, Victim { at: zero, causes: vec!["exit"] });
        assert!(evidence.complaints_about_deaths()[1].contains("should have died"));
        let text =
            "[2026-11-23 07:41:06 +0000] [1] [ERROR] Worker (pid:7) was sent SIGKILL! x cause=killed slot=0";
        let line = Line { at: zero, source: Source::Stderr, text: text.to_owned() };
        let read = Death { pid: 7, cause: "killed".to_owned(), is_loud: true, at: zero };
        assert_eq!(Death::read(&line), Some(read));
    }
}
