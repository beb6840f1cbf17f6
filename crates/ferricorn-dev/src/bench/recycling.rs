//! What losing nothing costs: latency and capacity while workers are replaced, one handoff, one drain.

use std::{
    collections::VecDeque,
    fs, thread,
    time::{Duration, Instant},
};

use ferricorn_test::{
    Connection, Load, PATIENCE, Server, Verdict,
    load::{Arrival, Tally},
    processes,
};
use nix::sys::signal::Signal;

use super::{
    Effort,
    contender::Ground,
    loss::ferricorn,
    report::{Page, Table, verdict},
    statistics::Summary,
    stolen::Watch,
};
use crate::failure::Failure;

/// How long latency is measured, with and without recycles: some eighteen of a half's requests are slower than its p99.
const LATENCY: Duration = Duration::from_secs(6);
/// How long capacity is measured, with and without.
const CAPACITY: Duration = Duration::from_secs(3);
/// How workers are recycled while requests come.
struct Case {
    name: &'static str,
    /// From one recycle's end to the next one's beginning.
    pause: Duration,
    line: &'static str,
    /// How much slower the slowest of a hundred requests may be.
    slower: f64,
}

const CASES: [Case; 3] = [
    Case { name: "one right after the other", pause: Duration::ZERO, line: "--workers 2", slower: 1.2 },
    Case { name: "one every 2 s", pause: Duration::from_secs(2), line: "--workers 2", slower: 1.2 },
    Case {
        name: "one right after the other, with --preload",
        pause: Duration::ZERO,
        line: "--workers 2 --preload",
        slower: 1.1,
    },
];
/// Requests a second when latency is measured: about a tenth of what two workers can do.
const RATE: f64 = 300.0;
/// Connections that are handed over to see what one costs.
const HANDED: usize = 400;
const IDLE: usize = 100;

/// Makes the page.
pub(super) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let rounds = if effort.is_quick() { 3 } else { 11 };
    let mut page = Page::new(
        "What it costs to replace workers",
        format!(
            "The application is `crates/ferricorn-test/python/ledger.py`, on 2 workers. A round has {} s each of {RATE} requests \
            a second with and without recycles, then {} s each of 8 clients that ask as fast as they can, with and without. \
            A worker is recycled by a SIGTERM, which the master answers as `--max-requests`: the replacement first. Of twice \
            {rounds} rounds that half counts during which the hypervisor took the least of the processors' time: when it does, \
            all requests wait for tens of milliseconds, and whoever works more has more of it. That more may be served \
            while workers are replaced than at rest is a virtual machine's: a processor that is never idle need not be woken. \
            {rounds} rounds of the rest.",
            LATENCY.as_secs(),
            CAPACITY.as_secs()
        ),
    );
    for line in ["--workers 2", "--workers 2 --preload"] {
        page.command(format!("ferricorn main:app --bind 127.0.0.1:0 {line}"));
    }
    page.table(figures(ground, rounds)?);
    Ok(page)
}

/// All figures, each against its target.
fn figures(ground: &Ground, rounds: usize) -> Result<Table, Failure> {
    let mut figures = Figures(Table::new(["figure", "found", "target"]));
    for case in &CASES {
        latency_and_capacity(ground, rounds, case, &mut figures)?;
    }
    handoffs(ground, rounds, &mut figures)?;
    for (name, signal) in
        [("its siblings go on", Signal::SIGTTOU), ("the whole service stops", Signal::SIGTERM)]
    {
        let drains: Result<Vec<f64>, Failure> = (0..rounds).map(|_| drain(ground, signal)).collect();
        let name = format!("seconds to drain a worker with {IDLE} idle connections, {name}");
        figures.judged(name, 3, drains?, 0.5, "under 0.5");
    }
    Ok(figures.0)
}

/// A table of figures.
struct Figures(Table);

impl Figures {
    /// A figure, shown with so many digits, that may be so much at most.
    fn judged(&mut self, name: String, digits: usize, found: Vec<f64>, limit: f64, shown: &str) {
        let found = Summary::of(found);
        self.0.row([name, format!("{found:.digits$}"), verdict(found, limit, shown)]);
    }

    /// What disturbed the figure before.
    fn stolen(&mut self, most: f64) {
        let name = "— of the processors' time stolen meanwhile, at most".to_owned();
        self.0.row([name, format!("{:.1} %", most * 100.0), String::new()]);
    }
}

/// Requests while one worker after the other is replaced, beside requests while none is.
fn latency_and_capacity(
    ground: &Ground,
    rounds: usize,
    case: &Case,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let Case { name, pause, line, slower } = *case;
    let server = ferricorn(ground, line).serve(2);
    let (mut p99, mut capacity) = (Disturbed::default(), Disturbed::default());
    // Once more than counts: caches fill.
    for round in 0..=rounds * 2 {
        let watch = Watch::start();
        let open = Arrival::Rate(RATE);
        let (rest, during) =
            (half(&server, LATENCY, open, None)?, half(&server, LATENCY, open, Some(pause))?);
        let stolen = watch.stolen();
        if round > 0 {
            p99.add(stolen, during.latency(0.99).as_secs_f64() / rest.latency(0.99).as_secs_f64());
        }
        let watch = Watch::start();
        let closed = Arrival::Think(Duration::ZERO);
        let (most, most_during) =
            (half(&server, CAPACITY, closed, None)?, half(&server, CAPACITY, closed, Some(pause))?);
        let stolen = watch.stolen();
        if round > 0 {
            // Inverted, so that more is worse as everywhere else here.
            #[expect(clippy::cast_precision_loss, reason = "thousands")]
            capacity.add(stolen, most.count(Verdict::Ok) as f64 / most_during.count(Verdict::Ok) as f64);
        }
    }
    server.discard();
    let (p99, stolen) = p99.calmer_half();
    let latency = format!("p99 latency while workers are recycled, {name} / p99 at rest");
    figures.judged(latency, 2, p99, slower, &format!("at most {slower}"));
    figures.stolen(stolen);
    let (capacity, stolen) = capacity.calmer_half();
    let name = format!("capacity at rest / capacity while workers are recycled, {name}");
    figures.judged(name, 2, capacity, 1.0 / 0.95, "at most 1.053 (0.95 the other way round)");
    figures.stolen(stolen);
    Ok(())
}

/// Measurements, each with the part of the processors' time that was stolen meanwhile.
#[derive(Default)]
struct Disturbed(Vec<(f64, f64)>);

impl Disturbed {
    fn add(&mut self, stolen: f64, found: f64) {
        self.0.push((stolen, found));
    }

    /// The half with the least stolen, and the most of that.
    fn calmer_half(mut self) -> (Vec<f64>, f64) {
        self.0.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        self.0.truncate(self.0.len().div_ceil(2));
        let most = self.0.last().map_or(0.0, |&(stolen, _)| stolen);
        (self.0.into_iter().map(|(_, found)| found).collect(), most)
    }
}

/// Has a worker replaced, and waits until it is gone. Returns the new one.
///
/// The log says all that has to be known. To look for processes again and again, as tests do, is work beside the load
/// that only this half of a round has: it made the figures twice what they are.
fn replace(server: &Server, old: i32) -> Result<i32, Failure> {
    let mark = server.log().mark();
    processes::signal(old, Signal::SIGTERM);
    let gone = format!("Worker (pid:{old}) exited");
    let new = server.log().wait(PATIENCE, |lines| {
        let mut lines = lines.iter().skip(mark);
        let (_, ready) = lines.find_map(|line| line.text.split_once("Worker ready (pid: "))?;
        lines.find(|line| line.text.contains(&gone))?;
        ready.split(')').next()?.parse().ok()
    });
    new.ok_or_else(|| Failure::new("a worker was not replaced"))
}

/// What it costs to hand a connection over, and to take it.
fn handoffs(ground: &Ground, rounds: usize, figures: &mut Figures) -> Result<(), Failure> {
    let (mut given, mut taken) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let with = handoff(ground, HANDED)?;
        let without = handoff(ground, 0)?;
        given.push(with.giver.saturating_sub(without.giver).as_secs_f64() * 1e6 / with.moved);
        taken.push(with.taker.saturating_sub(without.taker).as_secs_f64() * 1e6 / with.moved);
    }
    figures.judged("one handoff, µs of the worker that gives".to_owned(), 1, given, 30.0, "at most 30");
    let taken = format!("{:.1}", Summary::of(taken));
    let no_target = "none: it is what any connection costs that is accepted";
    figures.0.row(["one handoff, µs of the worker that takes".to_owned(), taken, no_target.to_owned()]);
    Ok(())
}

/// Load for a while, with or without recycles. A worker that gets SIGTERM is replaced like one that is due for
/// recycling: replacement first.
fn half(
    server: &Server,
    length: Duration,
    arrival: Arrival,
    recycle: Option<Duration>,
) -> Result<Tally, Failure> {
    let load = Load::on(&server.address()).clients(8).arrival(arrival).start();
    let begin = Instant::now();
    let left = || length.saturating_sub(begin.elapsed());
    if let Some(pause) = recycle {
        // A template is no worker, and stays.
        let ready = server.log().lines();
        let is_worker =
            |pid: &i32| ready.iter().any(|it| it.text.contains(&format!("Worker ready (pid: {pid})")));
        let mut workers: VecDeque<_> = server.workers().into_iter().filter(is_worker).collect();
        while let (Some(oldest), false) = (workers.pop_front(), left().is_zero()) {
            workers.push_back(replace(server, oldest)?);
            thread::sleep(pause.min(left()));
        }
    }
    thread::sleep(left());
    let tally = load.stop();
    let lost = tally.total() - tally.count(Verdict::Ok);
    if lost > 0 { Err(Failure::new(format!("{lost} requests failed: {tally}"))) } else { Ok(tally) }
}

/// Processor time of two workers while one drains and gives its connections to the other.
struct Handoff {
    moved: f64,
    giver: Duration,
    taker: Duration,
}

/// Connections that have carried a request each and are idle now.
fn idle(server: &Server, count: usize) -> Result<Vec<Connection>, Failure> {
    let open = |_| {
        let mut connection = Connection::open(&server.address()).ok()?;
        connection.get("/").ok()?;
        Some(connection)
    };
    let connections: Option<Vec<_>> = (0..count).map(open).collect();
    connections.ok_or_else(|| Failure::new("a connection could not be opened"))
}

fn handoff(ground: &Ground, connections: usize) -> Result<Handoff, Failure> {
    let server = ferricorn(ground, "--workers 2").serve(2);
    let kept = idle(&server, connections * 2)?;
    // The youngest goes. Both have run the same code before, so that what is loaded once does not count.
    let workers = server.workers();
    let [taker, giver] = workers[..] else { return Err(Failure::new("not two workers")) };
    let since = |pid, before: Option<Duration>| Some(used(pid)?.saturating_sub(before?));
    let before = [giver, taker].map(used);
    let mark = server.log().mark();
    server.signal(Signal::SIGTTOU);
    let told = |text| {
        server.log().wait(PATIENCE, |lines| {
            lines.iter().skip(mark).any(|line| line.text.contains(text)).then_some(())
        })
    };
    // The drain is over then, and uvicorn waits a tenth of a second. The interpreter's end would be as much work as
    // hundreds of handoffs, and vary by as much. The sibling takes what is left in the queue meanwhile.
    let gave = told("Shutting down").and_then(|()| since(giver, before[0]));
    let took = told("Worker exiting").and_then(|()| since(taker, before[1]));
    drop(kept);
    server.discard();
    // Its half of them, as they are spread.
    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    let moved = connections as f64;
    match (gave, took) {
        (Some(giver), Some(taker)) => Ok(Handoff { moved, giver, taker }),
        _ => Err(Failure::new("no worker drained")),
    }
}

/// Processor time that a process has used, from the kernel's nanosecond counts; `None` if it is gone.
fn used(pid: i32) -> Option<Duration> {
    let text = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// From the signal to the end of a worker whose clients are idle.
fn drain(ground: &Ground, signal: Signal) -> Result<f64, Failure> {
    let server = ferricorn(ground, "--workers 2").serve(2);
    let _kept = idle(&server, IDLE * 2)?;
    let mark = server.log().mark();
    let begin = Instant::now();
    server.signal(signal);
    let ended = server.log().wait(PATIENCE, |lines| {
        lines.iter().skip(mark).find(|line| line.text.contains("Worker exiting")).map(|line| line.at)
    });
    let took = ended.ok_or_else(|| Failure::new("no worker ended"))?.duration_since(begin);
    server.discard();
    Ok(took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_half_that_was_disturbed_less_counts() {
        let mut disturbed = Disturbed::default();
        for (stolen, found) in [(0.3, 9.0), (0.01, 1.0), (0.02, 2.0), (0.5, 8.0), (0.04, 3.0)] {
            disturbed.add(stolen, found);
        }
        assert_eq!(disturbed.calmer_half(), (vec![1.0, 2.0, 3.0], 0.04));
    }
}
