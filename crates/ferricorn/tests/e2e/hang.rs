//! A blocked event loop: found, explained, replaced.

use std::time::{Duration, Instant};

use ferricorn_test::{Load, PATIENCE, eventually, load::Reuse, processes, turn};

use nix::sys::signal::Signal;

use crate::ferricorn;

const TIMEOUT: Duration = Duration::from_secs(2);

#[test]
fn a_blocked_worker_is_killed_explained_and_replaced_and_the_other_serves_on() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --timeout 2").expect_error("").serve(2);
    let mut blocked = server.connect();
    blocked.send(b"GET /block?seconds=60&id=blocked HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "a worker is blocked", || server.ledger().count("start") == 1);
    let start = Instant::now();
    let victim = server.ledger().notes.iter().find(|note| note.id == "blocked").expect("noted").pid;
    let load = Load::on(&server.address()).clients(4).reuse(Reuse::PerRequest).start();
    server.wait_for_line(&format!("WORKER TIMEOUT (pid:{victim})"), PATIENCE);
    eventually(PATIENCE, "it is gone", || !processes::alive(victim));
    let gone = start.elapsed();
    server.wait_for_ready(3);
    assert!(gone >= TIMEOUT.mul_f64(0.9), "killed too early: {gone:?}");
    let tally = load.stop();
    tally.assert_nothing_lost();
    assert!(tally.latency(0.9) < TIMEOUT / 2, "answers waited for the blocked worker: {tally}");
    assert!(server.log().count("in block_the_loop") >= 1, "the log shows where it was blocked");
    assert_eq!(server.log().count("Current thread"), 1, "a stack is shown in full once");
    let death =
        server.log().lines().into_iter().find(|line| line.text.contains("cause=timeout")).expect("its death");
    assert!(death.text.contains("in_flight=1"), "the request that blocked it was in flight: {}", death.text);
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

/// An application that blocks its event loop in as many ways as the path says.
const WAYS: &str = r#"
import asyncio, os, re, socket, threading, time

def in_sleep():
    time.sleep(600)

def in_loop():
    while True:
        pass

def in_c_code():
    sum(range(10 ** 12))

def in_lock():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()

def in_recv():
    ours, theirs = socket.socketpair()
    ours.recv(1)

def in_regular_expression():
    re.match(r"(a+)+b", "a" * 60)

WAYS = {f"/{way.__name__}": way for way in (in_sleep, in_loop, in_c_code, in_lock, in_recv, in_regular_expression)}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/wait":
        await asyncio.sleep(600)
    WAYS[scope["path"]]()
"#;

/// Blocks workers in six ways; the report about each names the function, the file and the line.
fn every_block_is_explained(event_loop: &str) {
    const KINDS: [&str; 6] =
        ["in_sleep", "in_loop", "in_c_code", "in_lock", "in_recv", "in_regular_expression"];
    let _turn = turn::alone();
    // Three, so that no slot earns a long back-off.
    let line = format!("--workers 3 --timeout 0 --slow-loop 0.4 --loop {event_loop}");
    let server = ferricorn().app(WAYS).line(&line).expect_error("was sent SIGKILL!").serve(3);
    for (number, kind) in KINDS.into_iter().enumerate() {
        let mark = server.log().mark();
        let mut blocked = server.connect();
        let request = format!("GET /{kind}?secret=7 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        blocked.send(request.as_bytes()).expect("sent");
        let stack = server.wait_for_line_after(mark, &format!(" in {kind}"), PATIENCE).text;
        assert!(stack.contains("main.py\", line "), "{stack}");
        // With its age where Python code could still say it, which it cannot while C code holds the interpreter's lock.
        server.wait_for_line_after(mark, &format!("  GET /{kind} "), PATIENCE);
        if matches!(kind, "in_sleep" | "in_loop" | "in_regular_expression") {
            server.wait_for_line_after(mark, &format!("  GET /{kind} for "), PATIENCE);
        }
        let lines = server.log().lines();
        let report =
            lines.iter().skip(mark).filter(|line| line.text.contains("Worker's event loop has not run for"));
        let stacked = lines.iter().position(|line| line.text == stack).expect("it was found there");
        let above =
            report.take_while(|line| line.at <= lines[stacked].at).last().expect("a title").text.clone();
        let (_, rest) = above.split_once("(pid: ").expect("the title names the process");
        let pid = rest.split(',').next().and_then(|pid| pid.parse().ok()).expect("a pid");
        processes::signal(pid, Signal::SIGKILL);
        server.wait_for_ready(number + 4);
    }
    assert_eq!(server.log().count("secret"), 0);
    server.finish();
}

#[test]
fn six_kinds_of_block_are_explained_on_asyncio() {
    every_block_is_explained("asyncio");
}

#[test]
fn six_kinds_of_block_are_explained_on_uvloop() {
    every_block_is_explained("uvloop");
}

#[test]
fn a_stall_that_ends_is_told_and_nobody_is_killed() {
    let _turn = turn::together();
    let server = ferricorn().line("--workers 2 --slow-loop 0.3").serve(2);
    let workers = server.workers();
    assert_eq!(server.get("/block?seconds=2").expect("an answer").status, 200);
    server.wait_for_line("Worker's event loop has not run for", PATIENCE);
    server.wait_for_line("in block_the_loop", PATIENCE);
    server.wait_for_line("Worker's event loop runs again", PATIENCE);
    assert_eq!(server.workers(), workers);
    server.finish();
}

#[test]
fn new_connections_go_past_a_blocked_worker() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --timeout 0").expect_error("was sent SIGKILL!").serve(2);
    let mut blocked = server.connect();
    blocked.send(b"GET /block?seconds=600&id=b HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    eventually(PATIENCE, "a worker is blocked", || server.ledger().count("start") == 1);
    let victim = server.ledger().notes.iter().find(|note| note.id == "b").expect("noted").pid;
    for _ in 0..100 {
        let response = server.get("/").expect("an answer");
        assert_ne!(response.header("x-worker"), Some(victim.to_string().as_str()));
    }
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_ready(3);
    server.finish();
}
