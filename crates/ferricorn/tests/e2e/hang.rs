//! A blocked event loop: found, explained, replaced.

use std::time::{Duration, Instant};

use ferricorn_test::{Load, PATIENCE, eventually, load::Reuse, processes, turn};

use crate::ferricorn;

const TIMEOUT: Duration = Duration::from_secs(2);

#[test]
fn a_blocked_worker_is_killed_explained_and_replaced_and_the_other_serves_on() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --timeout 2").expect_error("").serve(2);
    let mut blocked = server.connect();
    blocked.send(b"GET /block?seconds=60&id=blocked HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(Duration::from_secs(5), "a worker is blocked", || server.ledger().count("start") == 1);
    let start = Instant::now();
    let victim = server.ledger().notes.iter().find(|note| note.id == "blocked").expect("noted").pid;
    let load = Load::on(&server.address()).clients(4).reuse(Reuse::PerRequest).start();
    server.wait_for_line(&format!("WORKER TIMEOUT (pid:{victim})"), TIMEOUT + Duration::from_secs(1));
    eventually(TIMEOUT + Duration::from_secs(1), "it is gone", || !processes::alive(victim));
    let gone = start.elapsed();
    server.wait_for_ready(3);
    let replaced = start.elapsed();
    assert!(gone >= TIMEOUT.mul_f64(0.9), "killed too early: {gone:?}");
    assert!(
        replaced <= TIMEOUT + Duration::from_secs(1),
        "killed after {gone:?}, replaced after {replaced:?}"
    );
    let tally = load.stop();
    tally.assert_nothing_lost();
    assert!(tally.latency(1.0) < Duration::from_secs(1), "the slowest answer took {:?}", tally.latency(1.0));
    assert!(server.log().count("in block_the_loop") >= 1, "the log shows where it was blocked");
    server.finish();
}

#[test]
fn a_slow_but_living_request_is_no_hang() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --timeout 1").serve(2);
    let response = server.get("/work?id=1&delay=3").expect("an answer");
    assert_eq!(response.status, 200);
    assert_eq!(server.log().count("WORKER TIMEOUT"), 0);
    server.finish();
}

#[test]
fn timeout_0_never_kills() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --timeout 0").serve(2);
    assert_eq!(server.get("/block?seconds=3").expect("an answer").status, 200);
    server.finish();
}

#[test]
fn a_boot_slower_than_the_timeout_is_no_hang() {
    let _turn = turn::together();
    let app = format!(
        "import time\ntime.sleep(3)\n{}",
        ferricorn_test::ledger::APP.replace("from __future__ import annotations", "")
    );
    let server = ferricorn().app(&app).line("--timeout 1").start();
    server.wait_for_line("Worker ready", PATIENCE);
    assert_eq!(server.log().count("WORKER TIMEOUT"), 0);
    server.finish();
}
