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
/// Workers of each service.
const WORKERS: usize = 4;
/// Workers that are replaced in each round.
const RECYCLES: usize = 4;

/// One kind of service, and what was measured of it.
struct Kind {
    name: &'static str,
    contender: Contender,
    preload: bool,
    memory: Vec<f64>,
    ready: Vec<f64>,
}

/// Takes turns: each service is started, loaded, weighed, and stopped before the next.
pub(super) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let rounds = effort.boots.div_ceil(3);
    let method = format!(
        "Memory is `Pss` of all processes of the service, in MB of a million bytes, after load on {WORKERS} workers of the FastAPI \
        application. The time until a worker is ready is what the master's log says of {RECYCLES} workers that replace one that \
        was sent SIGTERM. {rounds} rounds."
    );
    let mut page = Page::new("Loading the application once", method);
    let kind =
        |name, contender, preload| Kind { name, contender, preload, memory: Vec::new(), ready: Vec::new() };
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
    let head =
        ["server", "memory, PSS MB", "memory / without", "ready after ms", "ready / without", "targets"];
    let mut table = Table::new(head);
    let [without, ..] = &kinds;
    for kind in &kinds {
        let ours = kind.contender == Contender::Ferricorn && kind.preload;
        let memory = Summary::of_ratios(&kind.memory, &without.memory);
        let ready = ours.then(|| Summary::of_ratios(&kind.ready, &without.ready));
        let targets = ready.map(|ready| {
            let memory = verdict(memory, MEMORY, "memory at most 0.60");
            format!("{memory}; {}", verdict(ready, READY, "ready at most 0.1"))
        });
        table.row([
            kind.name.to_owned(),
            format!("{:.1}", Summary::of(kind.memory.iter().copied())),
            format!("{memory:.2}"),
            if kind.ready.is_empty() {
                String::new()
            } else {
                format!("{:.0}", Summary::of(kind.ready.iter().copied()))
            },
            ready.map(|ready| format!("{ready:.3}")).unwrap_or_default(),
            targets.unwrap_or_default(),
        ]);
        page.commands([(kind.contender, plan(kind.preload))]);
    }
    page.table(table);
    Ok(page)
}

fn plan(preload: bool) -> Plan {
    Plan { preload, ..Plan::new("fast:app", WORKERS) }
}

fn look(ground: &Ground, kind: &mut Kind) -> Result<(), Failure> {
    let mut server = Server::start(ground, kind.contender, plan(kind.preload))?;
    drop(server.warm_load()?);
    let below = server.memory_below_root()?;
    let all = below.iter().map(|memory| megabytes(memory.proportional)).sum::<f64>();
    kind.memory.push(all + megabytes(server.memory_of_root()?.proportional));
    if kind.contender == Contender::Ferricorn {
        server.recycle(RECYCLES)?;
        kind.ready.extend(server.boots_in_log().into_iter().skip(WORKERS));
    }
    Ok(())
}
