//! What is lost: a million requests over a thousand planned events. What it costs is in [`super::recycling`], what others
//! lose in [`super::rivals`], and what a stop loses in [`super::stops`], whose table is part of this page.
//!
//! Theory of operation: the load, its verdicts and its ledger are those of the tests (`ferricorn-test`), so that nothing
//! counts as answered here that would count as lost there. Clients are strict: they keep a connection until the server
//! says that it is the last answer, and never send a request twice.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use ferricorn_test::{
    Builder, Load, Mix, Planned, Server, Tally, Trial, Verdict, capacity,
    load::{Arrival, Reuse, Running, Shape},
    planned::ROUND,
    processes,
};

use super::{
    Effort,
    contender::Ground,
    report::{Page, Table},
    stops,
};
use crate::{
    failure::{Failure, panic_text},
    say::say,
};

/// How much is measured here.
struct Scale {
    /// Requests and planned events of the long run.
    requests: u64,
    events: usize,
    /// How long the slow version boots.
    slow_boot: Duration,
}

const FULL: Scale = Scale { requests: 1_000_000, events: 1_000, slow_boot: Duration::from_secs(30) };
const QUICK: Scale = Scale { requests: 20_000, events: 20, slow_boot: Duration::from_secs(3) };

/// The most that the long run may take.
const LONGEST: Duration = Duration::from_secs(3600);

/// Our program with the ledger application.
pub(super) fn ferricorn(ground: &Ground, line: &str) -> Builder {
    Server::command(&ground.ferricorn).python(ground.venv.program("python")).line(line)
}

/// Makes all tables.
pub(super) fn measure(ground: &Ground, effort: Effort) -> Result<Page, Failure> {
    let scale = if effort.is_quick() { QUICK } else { FULL };
    let mut page = Page::new(
        "Requests lost over planned events",
        "The application is `crates/ferricorn-test/python/ledger.py` as `main.py` in a folder of its own. Lost: the client \
        wrote a byte and got no complete answer. Refused: it got no connection. Twice: the application began it twice. \
        Clients never send a request again. 12 clients keep their connections and 4 open one for each request, with pauses \
        of 5 ms on average; beside them there is open-loop traffic of every shape: trickled bodies, streamed responses, \
        server-sent events, WebSockets. With `--preload` the template is killed at the beginning of each round of events in which \
        there is one.",
    );
    for preload in [false, true] {
        let long = long_run(ground, &scale, preload, &mut page)?;
        page.table(long);
    }
    page.table(deploys(ground, &scale)?);
    page.table(stops::table(ground, effort)?);
    Ok(page)
}

/// Closed-loop clients, for the number of requests, beside traffic of every shape.
fn crowd(server: &Server) -> Mix {
    let load = |seed, clients, reuse| {
        let load = Load::on(&server.address()).seed(seed).clients(clients).reuse(reuse);
        load.arrival(Arrival::Think(Duration::from_millis(10)))
    };
    Mix::of_everything(&server.address(), 100.0).and(load(8, 12, Reuse::KeepAlive)).and(load(
        9,
        4,
        Reuse::PerRequest,
    ))
}

/// How many were lost, refused, answered by an error, begun twice.
pub(super) fn verdicts(tally: &Tally) -> [String; 4] {
    let count = |verdict| tally.count(verdict).to_string();
    [
        tally.lost().to_string(),
        count(Verdict::Refused),
        count(Verdict::ServerError),
        count(Verdict::Duplicate),
    ]
}

/// The long run: rounds of planned events, until there were enough events and requests.
fn long_run(ground: &Ground, scale: &Scale, preload: bool, page: &mut Page) -> Result<Table, Failure> {
    let mut line =
        "--workers 2 --max-requests 1500 --max-requests-jitter 500 --reload-probation 0".to_owned();
    if preload {
        line.push_str(" --preload");
    }
    page.command(format!("ferricorn main:app --bind 127.0.0.1:0 {line}"));
    let server = ferricorn(ground, &line).serve(2);
    let trial = Trial::begin(server, |server| crowd(server).start());
    let begin = Instant::now();
    let (mut said, mut events, mut killed) = (begin, 0, 0);
    while events < scale.events || trial.load().answered() < scale.requests {
        if begin.elapsed() > LONGEST {
            return Err(Failure::new(format!("after {LONGEST:?} only {events} planned events")));
        }
        killed += u32::from(preload && kill_template(trial.server()));
        for planned in ROUND {
            let happened = catch_unwind(AssertUnwindSafe(|| planned.let_happen(trial.server())));
            if happened.is_err() {
                return Err(Failure::new(format!(
                    "{planned:?} did not happen after {events} planned events"
                )));
            }
        }
        events = KINDS.iter().map(|(planned, _)| planned.count(trial.server())).sum();
        if said.elapsed() > Duration::from_secs(20) {
            said = Instant::now();
            say(&format!("  {} requests, {events} planned events so far", trial.load().answered()));
        }
    }
    let took = begin.elapsed();
    let killed = preload.then(|| format!("{killed} templates killed"));
    let happened = KINDS.map(|(planned, name)| format!("{} {name}", planned.count(trial.server())));
    let happened = happened.into_iter().chain(killed).collect::<Vec<_>>().join(", ");
    let least = capacity::least_ready(&trial.server().log().lines(), 2);
    let (tally, rest) = trial.stop();
    let rested = catch_unwind(AssertUnwindSafe(|| rest.check()));
    let rested = rested.map_or_else(|panic| panic_text(&*panic), |()| "all hold".to_owned());
    let [lost, refused, errors, twice] = verdicts(&tally);
    let name = if preload { "the long run with --preload" } else { "the long run" };
    let mut table = Table::new([name, "", "target"]);
    let shapes = [Shape::Get, Shape::Trickle, Shape::Stream, Shape::Events, Shape::WebSocket];
    let shapes = shapes.map(|shape| format!("{} {shape:?}", tally.of_shape(shape))).join(", ");
    let zero = |count: &str| (if count == "0" { "0: holds" } else { "0: MISSED" }).to_owned();
    let total = tally.total().to_string();
    let rows = [
        ("requests", total, format!("at least {}", scale.requests)),
        ("of these", shapes, String::new()),
        ("planned events", format!("{events}: {happened}"), format!("at least {}", scale.events)),
        ("lost", lost.clone(), zero(&lost)),
        ("refused", refused.clone(), zero(&refused)),
        ("status 500 or more", errors.clone(), zero(&errors)),
        ("begun twice", twice.clone(), zero(&twice)),
        ("fewest workers ready", least.to_string(), "2".to_owned()),
        (
            "afterwards: no child, no zombie, no descriptor more, a log that can be read, exit code 0",
            rested,
            String::new(),
        ),
        ("time", format!("{:.0} s", took.as_secs_f64()), String::new()),
    ];
    for (name, found, target) in rows {
        table.row([name.to_owned(), found, target]);
    }
    Ok(table)
}

/// Kills the template with SIGKILL. False if there is none at the moment.
fn kill_template(server: &Server) -> bool {
    let pids: Vec<i32> = server
        .log()
        .lines()
        .iter()
        .filter_map(|line| line.text.split_once("Template ready (pid: ")?.1.split(')').next()?.parse().ok())
        .collect();
    let children = processes::children(server.master());
    let found = pids.last().filter(|pid| children.iter().any(|child| child.pid == **pid));
    found.inspect(|pid| processes::signal(**pid, nix::sys::signal::Signal::SIGKILL)).is_some()
}

const KINDS: [(Planned, &str); 5] = [
    (Planned::Recycle, "recycles"),
    (Planned::Reload, "reloads"),
    (Planned::ScaleUp, "workers added"),
    (Planned::ScaleDown, "workers taken away"),
    (Planned::Upgrade, "upgrades"),
];

/// Four versions that a deploy may bring, three of them broken.
fn deploys(ground: &Ground, scale: &Scale) -> Result<Table, Failure> {
    let app = ferricorn_test::ledger::APP;
    let dies = "__import__('threading').Timer(3, os._exit, [9]).start()";
    let slow = format!("\"STARTUP_DELAY\", \"{}\"", scale.slow_boot.as_secs());
    let versions = [
        ("an import error", "raise ValueError('broken')\n".to_owned(), "Reload rejected"),
        (
            "a lifespan that fails",
            app.replace("note(\"startup\")", "raise ValueError('broken')"),
            "Reload rejected",
        ),
        ("a worker that dies after 3 s", app.replace("note(\"startup\")", dies), "Reload rejected"),
        ("a slow boot", app.replace("\"STARTUP_DELAY\", \"0\"", &slow), "Reloaded: every worker runs"),
    ];
    let mut table = Table::new(["a deploy with", "requests", "lost", "refused", "5xx", "twice", "outcome"]);
    for (name, version, outcome) in versions {
        let server =
            ferricorn(ground, "--workers 2 --lifespan on").expect_error("").expect_stranger("").serve(2);
        let old = server.workers();
        let load: Running = Mix::of_everything(&server.address(), 150.0).start();
        server.write_app(&version);
        server.signal(nix::sys::signal::Signal::SIGHUP);
        let limit = Duration::from_secs(60) + scale.slow_boot * 4;
        let seen =
            server.log().wait(limit, |lines| lines.iter().any(|it| it.text.contains(outcome)).then_some(()));
        if seen.is_none() {
            return Err(Failure::new(format!("{name}: no `{outcome}` within {limit:?}")));
        }
        let settled =
            ferricorn_test::within(limit, || (server.workers().len() == 2).then(|| server.workers()));
        let kept = settled.is_some_and(|now| now.iter().all(|pid| old.contains(pid)));
        let mut tally = load.stop();
        tally.check_against(&server.ledger());
        let [lost, refused, errors, twice] = verdicts(&tally);
        let told =
            if kept { "every worker is of the old generation" } else { "every worker is of the new one" };
        table.row([
            name.to_owned(),
            tally.total().to_string(),
            lost,
            refused,
            errors,
            twice,
            told.to_owned(),
        ]);
        server.discard();
    }
    Ok(table)
}
