//! The same load and the same events for other servers.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, Instant},
};

use ferricorn_test::{
    Address, Builder, Load, Server, Tally, free_port,
    http::listens,
    load::{Arrival, Reuse},
    within,
};
use nix::sys::signal::Signal;

use super::{Scale, verdicts};
use crate::{
    bench::{
        contender::Ground,
        report::{Page, Table},
    },
    failure::Failure,
    say::say,
};

/// After so many requests a worker is replaced, in those that can.
const RECYCLE_AFTER: u64 = 1000;
/// How many SIGHUPs each gets.
const RELOADS: u64 = 4;
/// A request that has no answer by then is lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest that one of them may take for all requests.
const LONGEST: Duration = Duration::from_secs(180);

struct Rival {
    name: &'static str,
    /// The program in the environment; ours is elsewhere.
    program: Option<&'static str>,
    /// With `PORT` and `N` to be filled in.
    line: &'static str,
    note: &'static str,
}

const RIVALS: [Rival; 7] = [
    Rival {
        name: "ferricorn",
        program: None,
        line: "main:app --bind 127.0.0.1:PORT --workers 2 --max-requests N --reload-probation 0",
        note: "",
    },
    Rival {
        name: "gunicorn, uvicorn-worker",
        program: Some("gunicorn"),
        line: "main:app --bind 127.0.0.1:PORT --workers 2 --max-requests N -k uvicorn_worker.UvicornWorker --keep-alive 75",
        note: "",
    },
    Rival {
        name: "gunicorn, asgi",
        program: Some("gunicorn"),
        line: "main:app --bind 127.0.0.1:PORT --workers 2 --max-requests N -k asgi --keep-alive 75",
        note: "",
    },
    Rival {
        name: "uvicorn",
        program: Some("uvicorn"),
        line: "main:app --host 127.0.0.1 --port PORT --workers 2 --limit-max-requests N --timeout-keep-alive 75 --no-access-log",
        note: "",
    },
    Rival {
        name: "granian",
        program: Some("granian"),
        line: "main:app --interface asgi --host 127.0.0.1 --port PORT --workers 2 --respawn-failed-workers",
        note: "no recycling by requests: reloads only",
    },
    Rival {
        name: "hypercorn",
        program: Some("hypercorn"),
        line: "main:app --bind 127.0.0.1:PORT --workers 2 --max-requests N --keep-alive 75",
        note: "",
    },
    Rival {
        name: "h2corn",
        program: Some("h2corn"),
        line: "main:app --bind 127.0.0.1:PORT --workers 2 --max-requests N --no-access-log",
        note: "",
    },
];

/// One row for each.
pub(super) fn compare(ground: &Ground, scale: &Scale, page: &mut Page) -> Result<Table, Failure> {
    let mut table = Table::new([
        "server",
        "requests",
        "lost",
        "refused",
        "5xx",
        "twice",
        "workers replaced",
        "seconds",
        "",
    ]);
    for rival in &RIVALS {
        let program =
            rival.program.map_or_else(|| ground.ferricorn.clone(), |name| ground.venv.program(name));
        if !program.exists() {
            let note = "not installed: it needs a newer Python";
            table.row([rival.name, "", "", "", "", "", "", "", note].map(str::to_owned));
            continue;
        }
        let line = rival.line.replace('N', &RECYCLE_AFTER.to_string());
        page.command(format!("{} {}", rival.program.unwrap_or("ferricorn"), line.replace("PORT", "8000")));
        let begin = Instant::now();
        let (tally, note) = run(ground, program, &line, rival, scale.compared)?;
        let took = begin.elapsed().as_secs_f64();
        let [lost, refused, errors, twice] = verdicts(&tally);
        let pids: BTreeSet<i32> = tally.pids();
        say(&format!("  {}: {tally}", rival.name));
        table.row([
            rival.name.to_owned(),
            tally.total().to_string(),
            lost,
            refused,
            errors,
            twice,
            pids.len().saturating_sub(2).to_string(),
            format!("{took:.0}"),
            note,
        ]);
    }
    Ok(table)
}

fn run(
    ground: &Ground,
    program: PathBuf,
    line: &str,
    rival: &Rival,
    requests: u64,
) -> Result<(Tally, String), Failure> {
    let port = free_port();
    let builder: Builder = Server::command(program).target(None).no_bind();
    let server =
        builder.python(ground.venv.program("python")).line(&line.replace("PORT", &port.to_string())).start();
    let address = Address::Tcp(([127, 0, 0, 1], port).into());
    // Two startups in the ledger: all its workers are up.
    let up = within(Duration::from_secs(60), || {
        (listens(&address) && server.ledger().count("startup") >= 2).then_some(())
    });
    if up.is_none() {
        let log = server.log().transcript();
        server.discard();
        return Err(Failure::new(format!("{} does not serve, its log:\n{log}", rival.name)));
    }
    let load = |seed, clients, reuse, share| {
        let load = Load::on(&address).seed(seed).clients(clients).reuse(reuse).limit(PATIENCE);
        load.arrival(Arrival::Think(Duration::from_millis(2))).count(share).start()
    };
    let kept = load(1, 12, Reuse::KeepAlive, requests * 3 / 4);
    let new = load(2, 4, Reuse::PerRequest, requests / 4);
    let begin = Instant::now();
    let mut reloads = 0;
    let mut note = rival.note.to_owned();
    while kept.sent() + new.sent() < requests {
        if begin.elapsed() > LONGEST {
            note = format!("given up after {} s", LONGEST.as_secs());
            break;
        }
        if reloads < RELOADS && (kept.sent() + new.sent()) * (RELOADS + 1) >= requests * (reloads + 1) {
            server.signal(Signal::SIGHUP);
            reloads += 1;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut tally = kept.stop();
    tally.add(new.stop());
    tally.check_against(&server.ledger());
    if let Some(exit) = server.log().exit() {
        note = [note, format!("the whole server has ended: {exit}")].join(" ");
    }
    server.discard();
    Ok((tally, note))
}
