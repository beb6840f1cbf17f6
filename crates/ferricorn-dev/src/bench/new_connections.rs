//! What a new connection costs, and how evenly new connections come to the workers.
//!
//! Theory of operation: a proxy that keeps no connections opens as many at once as it has requests, and acceptors differ
//! most there: an event loop that wakes up for many does much of its work once for all of them. So the cost is measured
//! with one connection at a time and with several. The spread is measured with connections that are kept, since those
//! stay where they are; beside busy loops as well, where a worker may wait for a processor while its siblings accept.

use std::{
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use super::{
    Effort,
    contender::{APPS, Contender, Ground, Plan},
    load::{run_unkept, shares},
    report::{Page, Table, verdict},
    server::Server,
    statistics::Summary,
};
use crate::failure::Failure;

const LOOPS: [&str; 2] = ["uvloop", "asyncio"];
const WORKERS: [usize; 3] = [1, 2, 4];
/// How many connections are open at a time.
const IN_FLIGHT: [usize; 3] = [1, 8, 32];
const SERVERS: [Contender; 2] = [Contender::Native, Contender::Uvicorn];

/// Requests of a round.
const REQUESTS: usize = 320;
/// At most this many times plain uvicorn's processor time.
const LIMIT: f64 = 1.05;

/// Kept connections for each worker in a try, all opened at once.
const KEPT_PER_WORKER: u32 = 10;
const TRIES: usize = 15;
/// Between two tries, for the workers to notice that the connections of the one before are closed.
const PAUSE: Duration = Duration::from_millis(50);
const BUSY_LOOPS: usize = 4;
/// At most this many times an even share for the worker that takes most: on a quiet machine, and beside busy loops.
const SPREADS: [(usize, f64, &str); 2] = [(0, 1.15, "at most 1.15"), (BUSY_LOOPS, 1.4, "at most 1.4")];

/// The findings for one event loop and number of workers.
#[derive(Default)]
struct Found {
    /// For each of [`IN_FLIGHT`] and [`SERVERS`], one median of each start.
    costs: [[Vec<f64>; SERVERS.len()]; IN_FLIGHT.len()],
    /// For each of [`SPREADS`] and [`SERVERS`], one figure of each try.
    spreads: [[Vec<f64>; SERVERS.len()]; SPREADS.len()],
}

/// Measures both, on both event loops.
pub(crate) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let effort = if effort.is_quick() { Effort { starts: 2, ..effort } } else { effort };
    let mut page = Page::new("Processor time per request on a new connection", method(effort));
    let mut costs = Table::new([
        "loop",
        "workers",
        "in flight",
        "ferricorn µs",
        "uvicorn µs",
        "ferricorn / uvicorn",
        "target",
    ]);
    let mut spreads = Table::new([
        "loop",
        "workers",
        "busy loops beside",
        "ferricorn: median",
        "worst",
        "uvicorn: median",
        "worst",
        "target",
    ]);
    for event_loop in LOOPS {
        for workers in WORKERS {
            let plan = Plan { event_loop, ..Plan::new(APPS[0].0, workers) };
            let found = measure_plan(ground, effort, plan)?;
            for (in_flight, found) in IN_FLIGHT.into_iter().zip(&found.costs) {
                costs.row(cost_row(plan, in_flight, found));
            }
            if workers > 1 {
                for (spread, found) in SPREADS.into_iter().zip(&found.spreads) {
                    spreads.row(spread_row(plan, spread, found));
                }
            }
            page.commands(SERVERS.map(|contender| (contender, plan)));
        }
    }
    page.table(costs);
    page.table(spreads);
    Ok(page)
}

fn method(Effort { starts, rounds, .. }: Effort) -> String {
    format!(
        "Processor time is measured as for kept connections; here each of so many threads of the client opens a \
        connection, sends one request with `Connection: close`, reads the answer, and begins again. {starts} starts of \
        each server with {rounds} rounds of {REQUESTS} requests. The spread is the connections of the worker that has \
        most, divided by an even share: {KEPT_PER_WORKER} kept connections for each worker, opened at once, \
        {TRIES} tries."
    )
}

fn measure_plan(ground: &Ground, effort: Effort, plan: Plan) -> Result<Found, Failure> {
    let mut found = Found::default();
    for start in 0..effort.starts {
        let servers = SERVERS.map(|contender| Server::start(ground, contender, plan));
        let servers = servers.into_iter().collect::<Result<Vec<_>, _>>()?;
        for (in_flight, found) in IN_FLIGHT.into_iter().zip(&mut found.costs) {
            take_turns(&servers, in_flight, effort.rounds, found)?;
        }
        if plan.workers > 1 && start == 0 {
            for ((busy, ..), found) in SPREADS.into_iter().zip(&mut found.spreads) {
                let _busy = BusyLoops::start(busy)?;
                for (server, found) in servers.iter().zip(found) {
                    *found = spreads_of(server, plan.workers)?;
                }
            }
        }
    }
    Ok(found)
}

/// Rounds of all servers by turns; adds the median of each.
fn take_turns(
    servers: &[Server],
    in_flight: usize,
    rounds: usize,
    found: &mut [Vec<f64>; SERVERS.len()],
) -> Result<(), Failure> {
    let mut costs = [const { Vec::new() }; SERVERS.len()];
    for server in servers {
        run_unkept(server.port(), in_flight, REQUESTS)?;
    }
    for _ in 0..rounds {
        for (server, costs) in servers.iter().zip(&mut costs) {
            costs.push(server.cost(|| run_unkept(server.port(), in_flight, REQUESTS))?);
        }
    }
    for (found, costs) in found.iter_mut().zip(costs) {
        found.push(Summary::of(costs).median);
    }
    Ok(())
}

fn spreads_of(server: &Server, workers: usize) -> Result<Vec<f64>, Failure> {
    let one_try = |_| {
        let most =
            shares(server.port(), KEPT_PER_WORKER as usize * workers)?.into_iter().max().unwrap_or_default();
        thread::sleep(PAUSE);
        Ok(f64::from(u32::try_from(most).unwrap_or(u32::MAX)) / f64::from(KEPT_PER_WORKER))
    };
    (0..TRIES).map(one_try).collect()
}

fn cost_row(plan: Plan, in_flight: usize, [ferricorn, uvicorn]: &[Vec<f64>; SERVERS.len()]) -> [String; 7] {
    let median = |found: &Vec<f64>| format!("{:.1}", Summary::of(found.iter().copied()).median);
    let ratio = Summary::of_ratios(ferricorn, uvicorn);
    [
        plan.event_loop.to_owned(),
        plan.workers.to_string(),
        in_flight.to_string(),
        median(ferricorn),
        median(uvicorn),
        ratio.to_string(),
        verdict(ratio, LIMIT, "at most 1.05 x uvicorn's"),
    ]
}

fn spread_row(
    plan: Plan,
    (busy, limit, target): (usize, f64, &str),
    [ferricorn, uvicorn]: &[Vec<f64>; SERVERS.len()],
) -> [String; 8] {
    let median = |found: &Vec<f64>| format!("{:.2}", Summary::of(found.iter().copied()).median);
    let worst = |found: &Vec<f64>| format!("{:.2}", found.iter().copied().fold(f64::NAN, f64::max));
    [
        plan.event_loop.to_owned(),
        plan.workers.to_string(),
        busy.to_string(),
        median(ferricorn),
        worst(ferricorn),
        median(uvicorn),
        worst(uvicorn),
        verdict(Summary::of(ferricorn.iter().copied()), limit, target),
    ]
}

/// Processes that want a processor all the time.
struct BusyLoops(Vec<Child>);

impl BusyLoops {
    fn start(count: usize) -> Result<Self, Failure> {
        let mut loops = Self(Vec::new());
        for _ in 0..count {
            let mut shell = Command::new("sh");
            shell.args(["-c", "while :; do :; done"]).stdin(Stdio::null());
            let child =
                shell.spawn().map_err(|error| Failure::new(format!("cannot run a busy loop: {error}")))?;
            loops.0.push(child);
        }
        Ok(loops)
    }
}

impl Drop for BusyLoops {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ended = child.kill().and_then(|()| child.wait());
        }
    }
}
