//! Recycling for age and memory, and a stop that is announced before it begins.

use std::time::{Duration, Instant};

use ferricorn_test::{Load, PATIENCE, capacity, eventually, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

#[test]
fn workers_that_have_lived_long_enough_are_replaced_without_loss() {
    let _turn = turn::alone();
    let server =
        ferricorn().line("--workers 2 --max-worker-lifetime 1 --max-worker-lifetime-jitter 1").serve(2);
    let load = Load::on(&server.address()).clients(6).start();
    server.wait_for_count("reason=max-lifetime", 4, PATIENCE);
    load.stop().assert_nothing_lost();
    assert_eq!(capacity::least_ready(&server.log().lines(), 2), 2);
    server.finish();
}

#[test]
fn a_worker_above_its_memory_limit_is_replaced_first() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 1 --max-worker-memory 150").serve(1);
    let load = Load::on(&server.address()).clients(2).start();
    assert_eq!(server.get("/take?mib=150").map(|response| response.status), Ok(200));
    server.wait_for_line("reason=max-memory", PATIENCE);
    load.stop().assert_nothing_lost();
    assert_eq!(capacity::least_ready(&server.log().lines(), 1), 1);
    server.finish();
}

#[test]
fn a_worker_at_twice_its_memory_limit_is_killed() {
    let _turn = turn::alone();
    let server = ferricorn()
        .line("--workers 2 --max-worker-memory 150")
        .expect_error("WORKER MEMORY LIMIT")
        .expect_error("was sent SIGKILL!")
        .serve(2);
    // The memory is taken while it is looked at, so the limit itself may be seen first: the worker then drains, and does
    // not get away, since the request goes on.
    let mut taker = server.connect();
    taker.send(b"GET /take?mib=400&delay=60 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    server.wait_for_line("WORKER MEMORY LIMIT", PATIENCE);
    server.wait_for_ready(3);
    server.finish();
}

#[test]
fn a_delayed_stop_goes_on_accepting_and_tells_clients_to_close() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --drain-delay 2").serve(2);
    let mut kept = server.connect();
    assert!(!kept.get("/").expect("an answer").closes());
    let begun = Instant::now();
    server.signal(Signal::SIGTERM);
    server.wait_for_line("Stopping in 2 s", PATIENCE);
    // The order reaches each of the workers a moment after the line is written.
    eventually(PATIENCE, "a new connection is told to close", || {
        server.get("/").expect("it still accepts").closes()
    });
    eventually(PATIENCE, "a kept connection is told to close", || {
        kept.get("/").expect("it is answered").closes()
    });
    assert_eq!(server.wait_exit(Duration::from_secs(6)).code(), 0);
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    server.finish();
}
