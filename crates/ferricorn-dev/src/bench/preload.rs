//! What `--preload` saves: memory of the whole service, and the time and processor time of a new worker.

use super::{
    Effort,
    contender::{Contender, Ground, Plan},
    memory::megabytes,
    report::{Page, Table, verdict},
    server::Server,
    statistics::Summary,
};
use crate::failure::Failure;

/// Memory of the whole service, at most so many times that without.
const MEMORY: f64 = 0.60;
/// From the order to spawn a worker until it is ready, at most so many times that without.
const READY: f64 = 0.1;
/// Processor time of a whole recycle, at most so many times that without.
const PROCESSOR: f64 = 0.15;
/// Workers of each service.
const WORKERS: usize = 4;
/// Workers that are replaced in each round: the kernel's hundredths of a second are fine enough for their sum.
const RECYCLES: u8 = 8;

/// One kind of service, and what was measured of it, round by round.
struct Kind {
    name: &'static str,
    contender: Contender,
    preload: bool,
    /// MB of the whole service.
    memory: Vec<f64>,
    /// Milliseconds until a worker is ready: the middle one of a round.
    ready: Vec<f64>,
    /// Milliseconds of processor time that a recycle takes.
    processor: Vec<f64>,
}

/// Takes turns: each service is started, loaded, weighed, and stopped before the next.
pub(super) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let rounds = effort.boots.div_ceil(3);
    let method = format!(
        "The application is `benches/apps/big.py`: FastAPI with 300 routes and 150 models, on {WORKERS} workers. Memory is `Pss` of \
        all processes of the service, in MB of a million bytes, after 2000 requests and a full collection (`gc.collect()`) in each \
        worker. The time until a worker is ready is what the master's log says of {RECYCLES} workers that replace one that was sent \
        SIGTERM, one after the other. The processor time of a recycle is that of all processes of the service meanwhile, also of \
        those that have ended: birth, startup and end of a worker, and what master and template do for it. {rounds} rounds."
    );
    let mut page = Page::new("Loading the application once", method);
    let kind = |name, contender, preload| Kind {
        name,
        contender,
        preload,
        memory: Vec::new(),
        ready: Vec::new(),
        processor: Vec::new(),
    };
    let mut kinds = [
        kind("ferricorn", Contender::Ferricorn, false),
        kind("ferricorn --preload", Contender::Ferricorn, true),
        kind("gunicorn --preload", Contender::Gunicorn, true),
    ];
    for _ in 0..rounds {
        for kind in &mut kinds {
            look(ground, kind)?;
        }
    }
    let [without, with, gunicorn] = &kinds;
    page.table(found(&kinds));
    page.table(judged(without, with, gunicorn));
    page.commands(kinds.iter().map(|kind| (kind.contender, plan(kind.preload))));
    Ok(page)
}

/// What each kind of service takes.
fn found(kinds: &[Kind]) -> Table {
    let mut table =
        Table::new(["server", "memory, PSS MB", "worker ready after ms", "processor ms of a recycle"]);
    for kind in kinds {
        let shown = |found: &[f64]| {
            if found.is_empty() {
                String::new()
            } else {
                format!("{:.1}", Summary::of(found.iter().copied()))
            }
        };
        table.row([kind.name.to_owned(), shown(&kind.memory), shown(&kind.ready), shown(&kind.processor)]);
    }
    table
}

/// The ratios, each against its target.
fn judged(without: &Kind, with: &Kind, gunicorn: &Kind) -> Table {
    let mut table = Table::new(["figure", "found", "target"]);
    for (name, of, to, limit) in [
        ("memory with --preload / without", &with.memory, &without.memory, MEMORY),
        ("memory / gunicorn's with --preload", &with.memory, &gunicorn.memory, 1.0),
        ("until a worker is ready, with / without", &with.ready, &without.ready, READY),
        ("processor time of a recycle, with / without", &with.processor, &without.processor, PROCESSOR),
    ] {
        let ratio = Summary::of_ratios(of, to);
        let shown = format!("at most {limit}");
        table.row([name.to_owned(), format!("{ratio:.3}"), verdict(ratio, limit, &shown)]);
    }
    table
}

fn plan(preload: bool) -> Plan {
    Plan { preload, ..Plan::new("big:app", WORKERS) }
}

fn look(ground: &Ground, kind: &mut Kind) -> Result<(), Failure> {
    let mut server = Server::start(ground, kind.contender, plan(kind.preload))?;
    drop(server.warm_load()?);
    server.ask_each("/collect")?;
    let below = server.memory_below_root()?;
    let all = below.iter().map(|memory| megabytes(memory.proportional)).sum::<f64>();
    kind.memory.push(all + megabytes(server.memory_of_root()?.proportional));
    if kind.contender == Contender::Ferricorn {
        let before = server.used_ever();
        server.recycle(RECYCLES.into())?;
        let used = server.used_ever().saturating_sub(before);
        kind.processor.push(used.as_secs_f64() * 1e3 / f64::from(RECYCLES));
        let ready = Summary::of(server.boots_in_log().into_iter().skip(WORKERS));
        kind.ready.push(ready.median);
    }
    Ok(())
}
