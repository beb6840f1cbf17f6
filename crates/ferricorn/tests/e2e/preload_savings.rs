//! What `--preload` is good for: memory of the whole service, and the time that a new worker takes.

use std::{collections::BTreeSet, fs};

use ferricorn_test::{PATIENCE, Server, eventually, processes, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// A FastAPI application of some size. `/collect` collects all garbage in the worker that answers.
const APP: &str = "import gc, os\n\
    from fastapi import FastAPI\n\
    from pydantic import BaseModel\n\
    app = FastAPI()\n\
    def add(number):\n\
    \x20   model = type(f'Model{number}', (BaseModel,), {'__annotations__': {'name': str, 'size': int}})\n\
    \x20   @app.post(f'/items{number}')\n\
    \x20   def post(item: model): return item\n\
    \x20   @app.get(f'/items{number}')\n\
    \x20   def get(size: int = 1) -> dict: return {'size': size}\n\
    for number in range(150): add(number)\n\
    @app.get('/collect')\n\
    def collect():\n\
    \x20   gc.collect()\n\
    \x20   return os.getpid()\n";

const WORKERS: usize = 4;

/// The proportional memory of a process in KiB: of each shared page its share.
fn proportional(pid: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The memory of the whole service after every worker has answered and has collected.
fn memory(server: &Server) -> u64 {
    let mut collected = BTreeSet::new();
    eventually(PATIENCE, "every worker has collected", || {
        for number in 0..10 {
            server.get(&format!("/items{number}")).expect("it answers");
        }
        let answer = server.get("/collect").expect("it answers");
        collected.insert(String::from_utf8_lossy(&answer.body).into_owned());
        collected.len() == WORKERS
    });
    let below = processes::children(server.master()).into_iter().map(|process| process.pid);
    below.chain([server.master()]).map(proportional).sum()
}

/// The boots of all workers so far, in milliseconds.
fn boots(server: &Server) -> Vec<f64> {
    let lines = server.log().lines();
    let boots = lines.iter().filter_map(|line| line.text.split_once("boot_ms=")?.1.parse().ok());
    boots.collect()
}

/// The middle one of three workers that replace others, one after the other.
fn replacement(server: &Server) -> f64 {
    for count in WORKERS + 1..=WORKERS + 3 {
        let mut ready = server.log().lines().into_iter().filter_map(|line| {
            let (_, rest) = line.text.split_once("Worker ready (pid: ")?;
            rest.split(')').next()?.parse::<i32>().ok()
        });
        // Each has been replaced once when it is the turn of the next.
        let next = ready.nth(count - WORKERS - 1).expect("a worker");
        processes::signal(next, Signal::SIGTERM);
        server.wait_for_ready(count);
    }
    let mut boots = boots(server).split_off(WORKERS);
    boots.sort_by(f64::total_cmp);
    boots[boots.len() / 2]
}

#[test]
fn four_workers_share_what_they_have_loaded_also_after_a_collection_and_new_ones_are_quick() {
    let _turn = turn::alone();
    let measure = |option: &str| {
        let server = ferricorn().app(APP).line(&format!("--workers {WORKERS} {option}")).serve(WORKERS);
        let memory = memory(&server);
        let replacement = replacement(&server);
        server.finish();
        (memory, replacement)
    };
    let (without, plain) = measure("");
    let (with, forked) = measure("--preload");
    let (share, pace) = (with * 100 / without, forked / plain);
    // The master of a debug build is 14 MB by itself, which nothing shares: a release build is three hundredths below.
    assert!(share <= 70, "{share} % of the memory: {with} of {without} KiB");
    // A tenth at rest; what else runs on the machine hits the short one harder.
    assert!(pace <= 0.2, "{pace} of the time: {forked} of {plain} ms");
}
