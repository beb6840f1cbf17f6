//! The same load for other servers, at rest and while their workers are replaced: what is lost, and how long it takes.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use ferricorn_test::{
    Address, Load, Tally, Verdict, free_port,
    http::listens,
    load::{Arrival, Reuse},
    within,
};
use nix::sys::signal::Signal;

use super::{
    Effort,
    contender::Ground,
    loss::verdicts,
    report::{Page, Table},
};
use crate::{failure::Failure, say::say};

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
    /// With `PORT` to be filled in.
    line: &'static str,
    /// The option for the number of requests after which a worker is replaced, if it has one.
    recycle: &'static str,
    note: &'static str,
}

const RIVALS: [Rival; 7] = [
    Rival {
        name: "ferricorn",
        program: None,
        line: "main:app --bind 127.0.0.1:PORT --workers 2 --reload-probation 0",
        recycle: "--max-requests",
        note: "",
    },
    Rival {
        name: "gunicorn, uvicorn-worker",
        program: Some("gunicorn"),
        line: "main:app --bind 127.0.0.1:PORT --workers 2 -k uvicorn_worker.UvicornWorker --keep-alive 75",
        recycle: "--max-requests",
        note: "",
    },
    Rival {
        name: "gunicorn, asgi",
        program: Some("gunicorn"),
        line: "main:app --bind 127.0.0.1:PORT --workers 2 -k asgi --keep-alive 75",
        recycle: "--max-requests",
        note: "",
    },
    Rival {
        name: "uvicorn",
        program: Some("uvicorn"),
        line: "main:app --host 127.0.0.1 --port PORT --workers 2 --timeout-keep-alive 75 --no-access-log",
        recycle: "--limit-max-requests",
        note: "",
    },
    Rival {
        name: "granian",
        program: Some("granian"),
        line: "main:app --interface asgi --host 127.0.0.1 --port PORT --workers 2 --respawn-failed-workers",
        recycle: "",
        note: "no recycling by requests: reloads only",
    },
    Rival {
        name: "hypercorn",
        program: Some("hypercorn"),
        line: "main:app --bind 127.0.0.1:PORT --workers 2 --keep-alive 75",
        recycle: "--max-requests",
        note: "",
    },
    Rival {
        name: "h2corn",
        program: Some("h2corn"),
        line: "main:app --bind 127.0.0.1:PORT --workers 2 --no-access-log",
        recycle: "--max-requests",
        note: "",
    },
];

/// Makes the page.
pub(super) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let requests: u64 = if effort.is_quick() { 4_000 } else { 30_000 };
    let mut page = Page::new(
        "Other servers while their workers are replaced",
        format!(
            "The application is `crates/ferricorn-test/python/ledger.py` as `main.py` in a folder of its own. Each server gets \
            {requests} requests twice: at rest, and while it recycles its workers after {RECYCLE_AFTER} requests, where it can, \
            and gets a SIGHUP after each fifth of them. 12 clients keep their connections and 4 open one for each request, \
            with pauses of 1 ms on average. Lost: the client wrote a byte and got no complete answer. Refused: it got no \
            connection. Twice: the application began it twice. Clients never send a request again; requests without an \
            answer are in no latency. In a time as short as this ferricorn replaces fewer workers than the others: its \
            replacement boots first, and gives way to the workers that are under load; `cargo dev bench loss` is the \
            measurement with a thousand events."
        ),
    );
    let mut table = Table::new([
        "server",
        "lost",
        "refused",
        "5xx",
        "twice",
        "workers replaced",
        "p99 ms, at rest",
        "while replaced",
        "requests a second, at rest",
        "while replaced",
        "",
    ]);
    for rival in &RIVALS {
        let program = ground.named(rival.program);
        if !program.exists() {
            let note = "not installed: it needs a newer Python";
            table.row([rival.name, "", "", "", "", "", "", "", "", "", note].map(str::to_owned));
            continue;
        }
        let rest = run(ground, rival, requests, false)?;
        let during = run(ground, rival, requests, true)?;
        page.command(format!("{} {}", rival.program.unwrap_or("ferricorn"), rival.line(8000, true)));
        let [lost, refused, errors, twice] = verdicts(&during.tally);
        let pids: BTreeSet<i32> = during.tally.pids();
        say(&format!("  {}: {}", rival.name, during.tally));
        table.row([
            rival.name.to_owned(),
            lost,
            refused,
            errors,
            twice,
            pids.len().saturating_sub(2).to_string(),
            rest.p99(),
            during.p99(),
            rest.rate(),
            during.rate(),
            during.note,
        ]);
    }
    page.table(table);
    Ok(page)
}

impl Rival {
    fn line(&self, port: u16, recycles: bool) -> String {
        let line = self.line.replace("PORT", &port.to_string());
        if recycles && !self.recycle.is_empty() {
            format!("{line} {} {RECYCLE_AFTER}", self.recycle)
        } else {
            line
        }
    }
}

/// One server under load.
struct Run {
    tally: Tally,
    took: Duration,
    note: String,
}

impl Run {
    /// In milliseconds.
    fn p99(&self) -> String {
        format!("{:.1}", self.tally.latency(0.99).as_secs_f64() * 1e3)
    }

    /// Answers a second.
    fn rate(&self) -> String {
        let answered = u32::try_from(self.tally.count(Verdict::Ok)).unwrap_or(u32::MAX);
        format!("{:.0}", f64::from(answered) / self.took.as_secs_f64())
    }
}

fn run(ground: &Ground, rival: &Rival, requests: u64, replaced: bool) -> Result<Run, Failure> {
    let port = free_port();
    let server = ground.run_of(rival.program).line(&rival.line(port, replaced)).start();
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
        if replaced
            && reloads < RELOADS
            && (kept.sent() + new.sent()) * (RELOADS + 1) >= requests * (reloads + 1)
        {
            server.signal(Signal::SIGHUP);
            reloads += 1;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut tally = kept.stop();
    tally.add(new.stop());
    let took = begin.elapsed();
    tally.check_against(&server.ledger());
    if let Some(exit) = server.log().exit() {
        note = [note, format!("the whole server has ended: {exit}")].join(" ");
    }
    server.discard();
    Ok(Run { tally, took, note })
}
