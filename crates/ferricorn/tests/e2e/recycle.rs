//! Replacement without loss: recycling and reloading under strict keep-alive clients.

use std::time::Duration;

use ferricorn_test::{
    PATIENCE, capacity, eventually,
    load::{Arrival, Load},
    processes, turn, within,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Strict keep-alive clients, until there were so many requests, recycles and reloads; nothing may be lost.
fn loses_nothing(line: &str, clients: usize, requests: u64, recycles: usize, reloads: usize) {
    let server = ferricorn().line("--workers 2 --reload-probation 0").line(line).serve(2);
    let descriptors = server.descriptors();
    let load = Load::on(&server.address())
        .clients(clients)
        .arrival(Arrival::Think(Duration::from_millis(40)))
        .start();
    let mut reloaded = 0;
    let done = within(PATIENCE * 3, || {
        let seen = server.log().count("reason=max-requests");
        // Spread the reloads over the run: each when its share of the recycles is done.
        if reloaded < reloads && seen * reloads >= reloaded * recycles {
            let generation = reloaded + 2;
            server.signal(Signal::SIGHUP);
            let ready = format!("generation={generation}");
            let both = server.log().wait(PATIENCE, |lines| {
                let ready =
                    lines.iter().filter(|l| l.text.contains("Worker ready") && l.text.contains(&ready));
                (ready.count() >= 2).then_some(())
            });
            assert!(both.is_some(), "generation {generation} is not ready");
            reloaded += 1;
        }
        (load.answered() >= requests && seen >= recycles && reloaded == reloads).then_some(())
    });
    let mut tally = load.stop();
    tally.check_against(&server.ledger());
    let seen = server.log().count("reason=max-requests");
    assert!(done.is_some(), "only {} requests, {seen} recycles, {reloaded} reloads", tally.total());
    tally.assert_nothing_lost();
    let least = capacity::least_ready(&server.log().lines(), 2);
    assert_eq!(least, 2, "never fewer ready than wanted");
    let pids = tally.pids();
    // Some may come and go while a busy machine lets no client reach them.
    assert!(pids.len() > recycles / 2, "answers came from {} workers", pids.len());
    server.wait_for_workers(2, PATIENCE);
    server.wait_for_descriptors(&descriptors, PATIENCE);
    assert_eq!(server.ledger().unfinished(), [""; 0]);
    server.finish();
}

#[test]
fn ten_thousand_requests_over_20_recycles_and_5_reloads_lose_none_with_uvloop_and_httptools() {
    let _turn = turn::alone();
    loses_nothing("--max-requests 300 --loop uvloop --http httptools", 16, 10_000, 20, 5);
}

#[test]
fn two_thousand_requests_over_6_recycles_and_2_reloads_lose_none_with_asyncio_and_h11() {
    let _turn = turn::alone();
    loses_nothing("--max-requests 150 --max-requests-jitter 50 --loop asyncio --http h11", 12, 2_000, 6, 2);
}

#[test]
fn clients_with_a_connection_per_request_lose_none_either() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --max-requests 150 --reload-probation 0").serve(2);
    let load = Load::on(&server.address()).reuse(ferricorn_test::load::Reuse::PerRequest).start();
    server.wait_for_count("reason=max-requests", 4, PATIENCE);
    let tally = load.stop();
    tally.assert_nothing_lost();
    assert_eq!(capacity::least_ready(&server.log().lines(), 2), 2);
    server.finish();
}

#[test]
fn a_single_worker_is_recycled_without_a_gap() {
    let _turn = turn::alone();
    let server = ferricorn().line("--max-requests 100").serve(1);
    let load = Load::on(&server.address()).clients(4).start();
    server.wait_for_count("reason=max-requests", 4, PATIENCE);
    let tally = load.stop();
    tally.assert_nothing_lost();
    assert_eq!(capacity::least_ready(&server.log().lines(), 1), 1);
    server.finish();
}

/// The ledger application with an import that takes its time.
fn slow_app() -> String {
    let future = "from __future__ import annotations";
    format!("{future}\nimport time\ntime.sleep(1.5)\n{}", ferricorn_test::ledger::APP.replace(future, ""))
}

#[test]
fn who_nobody_waits_for_gives_way() {
    let _turn = turn::together();
    let niceness = |pid: i32| processes::Process::read(pid).map(|it| it.niceness);
    let own = niceness(i32::try_from(std::process::id()).expect("a pid")).expect("it lives");
    let server = ferricorn()
        .app(&slow_app())
        .variable("SHUTDOWN_DELAY", "1")
        .line("--workers 2")
        .expect_error("was sent SIGKILL!")
        .serve(2);
    let before = server.workers();
    assert_eq!(before.iter().map(|pid| niceness(*pid)).collect::<Vec<_>>(), [Some(own); 2]);
    let new_worker = |before: &[i32]| {
        let new = || server.workers().into_iter().find(|pid| !before.contains(pid));
        within(PATIENCE, new).expect("another worker")
    };

    processes::signal(before[0], Signal::SIGTERM);
    let replacement = new_worker(&before);
    // Its import takes longer.
    let gives_way =
        within(Duration::from_secs(1), || (niceness(replacement) == Some(own + 10)).then_some(()));
    if gives_way.is_none() {
        server.discard();
        return ferricorn_test::skip("CAP_SYS_NICE, or a limit that allows to go back");
    }
    server.wait_for_ready(3);
    // The line comes a moment before the deed.
    eventually(PATIENCE, "it gives way no more", || niceness(replacement) == Some(own));

    // Its shutdown takes a while.
    eventually(PATIENCE, "a drained worker gives way", || niceness(before[0]) == Some(own + 10));

    let before = server.wait_for_workers(2, PATIENCE);
    processes::signal(before[0], Signal::SIGKILL);
    let replacement = new_worker(&before);
    assert_eq!(niceness(replacement), Some(own), "its slot is empty");
    server.wait_for_ready(4);
    server.finish();
}
