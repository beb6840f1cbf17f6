//! Processor time per request: of plain requests, of the access log.

use super::{
    Effort,
    contender::{ALL, APPS, Contender, Ground, Plan},
    report::{Page, Table, verdict},
    server::Server,
    statistics::Summary,
};
use crate::failure::Failure;

/// Requests of a round: so few that the servers' turns lie within a tenth of a second, and what disturbs one disturbs
/// the others as well.
const REQUESTS: usize = 480;

/// At most this many times plain uvicorn's.
const CPU_LIMIT: f64 = 1.03;
/// At most this part of what uvicorn's own line costs in the same run: 5 µs where uvicorn's takes 17.5. The bare figure
/// depends on the machine and on what else it does.
const ACCESS_LIMIT: f64 = 5.0 / 17.5;

/// The same of the native protocol.
const NATIVE_ACCESS_LIMIT: f64 = 0.12;

/// How requests on kept connections are measured.
fn method(effort: Effort) -> String {
    let Effort { starts, rounds, .. } = effort;
    format!(
        "Processor time is user and system time of the server's whole tree of processes, from the kernel's \
    nanosecond counts per thread, divided by the requests that were answered. The client keeps 4 connections to each \
    worker, the same number for every server, writes a request on each, reads the answers, and begins again; a worker \
    shares a processor with the thread of the client's that asks it. {starts} starts of each \
        server with {rounds} rounds of {REQUESTS} requests each, of which the median counts."
    )
}

/// Sends a round's requests to one server, and counts them.
type Work = Box<dyn FnMut() -> Result<usize, Failure>>;

/// Takes turns over all servers, round after round and start after start; for each server one figure of each start.
///
/// That is the median of its rounds. Rounds of one start are no measurements of their own: the layout of its memory makes
/// one process some percent faster than the next, for as long as it lives.
fn take_turns<const N: usize>(
    ground: &Ground,
    effort: Effort,
    servers: [(Contender, Plan); N],
    work_for: impl Fn(&Server) -> Result<Work, Failure>,
) -> Result<[Vec<f64>; N], Failure> {
    let mut found = [const { Vec::new() }; N];
    for _ in 0..effort.starts {
        let started = servers.iter().map(|(contender, plan)| {
            let server = Server::start(ground, *contender, *plan)?;
            let work = work_for(&server)?;
            Ok((server, work))
        });
        let mut started = started.collect::<Result<Vec<_>, _>>()?;
        let mut rounds = [const { Vec::new() }; N];
        for _ in 0..effort.rounds {
            for ((server, work), costs) in started.iter_mut().zip(&mut rounds) {
                costs.push(server.cost(work)?);
            }
        }
        for (found, costs) in found.iter_mut().zip(rounds) {
            found.push(Summary::of(costs).median);
        }
    }
    Ok(found)
}

/// Requests on kept connections.
fn kept(server: &Server) -> Result<Work, Failure> {
    let mut load = server.warm_load()?;
    Ok(Box::new(move || load.run(REQUESTS)))
}

/// The three servers with the same plan.
fn all_with(plan: Plan) -> [(Contender, Plan); 3] {
    ALL.map(|contender| (contender, plan))
}

/// Whether a ratio to uvicorn's and one to gunicorn's are what they should be.
fn verdict_of(to_uvicorn: Summary, to_gunicorn: Summary) -> String {
    let below = match to_gunicorn.sure {
        (_, upper) if upper < 1.0 => "holds",
        (lower, _) if lower > 1.0 => "MISSED",
        _ => "equal within the noise",
    };
    format!("{}; below gunicorn's: {below}", verdict(to_uvicorn, CPU_LIMIT, "at most 1.03 x uvicorn's"))
}

/// A comparison of the three servers as one row of a table.
fn row(
    what: String,
    plan: Plan,
    found: &[Vec<f64>; 3],
    verdict: impl Fn(Summary, Summary) -> String,
) -> [String; 8] {
    let [ferricorn, uvicorn, gunicorn] = found;
    let median = |found: &Vec<f64>| format!("{:.1}", Summary::of(found.iter().copied()).median);
    let to_uvicorn = Summary::of_ratios(ferricorn, uvicorn);
    let to_gunicorn = Summary::of_ratios(ferricorn, gunicorn);
    [
        what,
        plan.workers.to_string(),
        median(ferricorn),
        median(uvicorn),
        median(gunicorn),
        to_uvicorn.to_string(),
        to_gunicorn.to_string(),
        verdict(to_uvicorn, to_gunicorn),
    ]
}

const HEAD: [&str; 8] = [
    "application",
    "workers",
    "ferricorn µs",
    "uvicorn µs",
    "gunicorn µs",
    "ferricorn / uvicorn",
    "ferricorn / gunicorn",
    "target",
];

const NATIVE_HEAD: [&str; 7] = [
    "application",
    "workers",
    "--http native µs",
    "uvicorn µs",
    "native / uvicorn",
    "native / ferricorn",
    "target",
];

/// The most of uvicorn's processor time that the native protocol may take, for each of [`APPS`].
const NATIVE_LIMITS: [(f64, &str); 2] =
    [(0.6, "at most 0.60 x uvicorn's"), (0.85, "at most 0.85 x uvicorn's")];

const RIVALS_HEAD: [&str; 7] = [
    "application",
    "workers",
    "--http native / uvicorn",
    "granian / uvicorn",
    "h2corn / uvicorn",
    "native to granian",
    "native to h2corn",
];

/// The most of another server's processor time that the native protocol may take.
const RIVALS_LIMIT: f64 = 0.8;

/// Requests on kept connections.
pub(crate) fn cpu(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let mut page = Page::new("Processor time per request", method(effort));
    let mut table = Table::new(HEAD);
    let mut natives = Table::new(NATIVE_HEAD);
    for ((app, name), (limit, target)) in APPS.into_iter().zip(NATIVE_LIMITS) {
        for workers in [1, 2] {
            let plan = Plan::new(app, workers);
            let [ferricorn, uvicorn, gunicorn] = all_with(plan);
            let servers = [(Contender::Native, plan), ferricorn, uvicorn, gunicorn];
            let [native, found @ ..] = take_turns(ground, effort, servers, kept)?;
            let median = |found: &Vec<f64>| format!("{:.1}", Summary::of(found.iter().copied()).median);
            let to_uvicorn = Summary::of_ratios(&native, &found[1]);
            natives.row([
                name.to_owned(),
                workers.to_string(),
                median(&native),
                median(&found[1]),
                to_uvicorn.to_string(),
                Summary::of_ratios(&native, &found[0]).to_string(),
                verdict(to_uvicorn, limit, target),
            ]);
            table.row(row(name.to_owned(), plan, &found, verdict_of));
            page.commands(servers);
        }
    }
    page.table(table);
    page.table(natives);
    if let Some(rivals) = rivals(ground, effort, &mut page)? {
        page.table(rivals);
    }
    Ok(page)
}

/// Servers that are no uvicorn beside the native protocol; None if one of them is not installed.
fn rivals(ground: &Ground, effort: Effort, page: &mut Page) -> Result<Option<Table>, Failure> {
    let others = [Contender::Uvicorn, Contender::Granian, Contender::H2corn];
    if !others.iter().all(|contender| ground.venv.program(contender.name()).exists()) {
        return Ok(None);
    }
    let mut table = Table::new(RIVALS_HEAD);
    let (app, name) = APPS[0];
    for workers in [1, 2] {
        let plan = Plan::new(app, workers);
        let servers = [Contender::Native, others[0], others[1], others[2]].map(|contender| (contender, plan));
        let found = take_turns(ground, effort, servers, kept)?;
        let ratio = |place: usize| Summary::of_ratios(&found[place], &found[1]).to_string();
        let target = |place: usize| {
            verdict(Summary::of_ratios(&found[0], &found[place]), RIVALS_LIMIT, "at most 0.80 of it")
        };
        table.row([name.to_owned(), workers.to_string(), ratio(0), ratio(2), ratio(3), target(2), target(3)]);
        page.commands(servers);
    }
    Ok(Some(table))
}

/// The same requests with and without a line in a file for each.
pub(crate) fn access(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let method = format!(
        "{} Each server runs twice, with and without an access log in a file; what a line costs is the \
         difference within a start. ferricorn and gunicorn write gunicorn's default format, uvicorn its own. \
         Microseconds depend on the machine and on what else it does, the ratio to uvicorn's line less so.",
        method(effort)
    );
    let mut page = Page::new("Processor time per request of the access log", method);
    let mut table =
        Table::new(["server", "without µs", "with µs", "added µs", "added / uvicorn's", "target"]);
    let quiet = Plan::new(APPS[0].0, 1);
    let logging = Plan { access_log: true, ..quiet };
    let servers = [
        (Contender::Ferricorn, quiet),
        (Contender::Ferricorn, logging),
        (Contender::Native, quiet),
        (Contender::Native, logging),
        (Contender::Uvicorn, quiet),
        (Contender::Uvicorn, logging),
        (Contender::Gunicorn, quiet),
        (Contender::Gunicorn, logging),
    ];
    let found = take_turns(ground, effort, servers, kept)?;
    let added = |found: &[Vec<f64>]| Summary::of_differences(&found[1], &found[0]);
    let uvicorns = added(&found[4..6]).median;
    let compared = |found: &[Vec<f64>]| {
        Summary::of(found[1].iter().zip(&found[0]).map(|(with, without)| (with - without) / uvicorns))
    };
    for (pair, found) in servers.chunks(2).zip(found.chunks(2)) {
        let (contender, added, compared) = (pair[0].0, added(found), compared(found));
        let median = |found: &Vec<f64>| format!("{:.1}", Summary::of(found.iter().copied()).median);
        let target = match contender {
            Contender::Ferricorn => {
                verdict(compared, ACCESS_LIMIT, "at most 0.29 x uvicorn's (5 µs of 17.5)")
            }
            Contender::Native => verdict(compared, NATIVE_ACCESS_LIMIT, "at most 0.12 x uvicorn's"),
            _ => String::new(),
        };
        let kind = if contender == Contender::Native { " --http native" } else { "" };
        let name = format!("{}{kind}", contender.name());
        let (added, compared) = (format!("{added:.1}"), format!("{compared:.2}"));
        table.row([name, median(&found[0]), median(&found[1]), added, compared, target]);
        page.commands(pair.iter().copied());
    }
    page.table(table);
    Ok(page)
}
