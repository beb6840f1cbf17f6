//! Counts that are exact whatever becomes of workers and masters, and clients that are never cut.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use ferricorn_test::{Address, Connection, Deployed, PATIENCE, eventually, processes, turn};
use nix::sys::signal::Signal;

use super::{codes, observed, scrape};
use crate::{PROGRAM, pid1, upgrade};

/// Clients that ask for different codes and count what they get, until they are told to stop.
struct Clients {
    stop: Arc<AtomicBool>,
    threads: Vec<thread::JoinHandle<BTreeMap<u16, u64>>>,
}

impl Clients {
    fn start(address: &Address) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let client = |_| {
            let (address, stop) = (address.clone(), Arc::clone(&stop));
            thread::spawn(move || {
                let mut counts = BTreeMap::new();
                let mut connection: Option<Connection> = None;
                for code in [200, 404, 201, 503, 200, 418].into_iter().cycle() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let open =
                        connection.get_or_insert_with(|| Connection::open(&address).expect("a connection"));
                    let response = open.get(&format!("/code/{code}")).expect("an answer");
                    assert_eq!(response.status, code);
                    *counts.entry(code).or_insert(0) += 1;
                    if response.closes() {
                        connection = None;
                    }
                }
                counts
            })
        };
        let threads = (0..3).map(client).collect();
        Self { stop, threads }
    }

    /// What they were answered.
    fn stop(self) -> BTreeMap<u16, u64> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = BTreeMap::new();
        for client in self.threads {
            for (code, count) in client.join().expect("a client that lost nothing") {
                *all.entry(code).or_insert(0) += count;
            }
        }
        all
    }
}

/// Scrapes ten times a second until it is told to stop: nothing may fall or disappear, no scrape may fail.
fn watch(address: &Address, stop: &Arc<AtomicBool>) -> thread::JoinHandle<usize> {
    let (address, stop) = (address.clone(), Arc::clone(stop));
    thread::spawn(move || {
        let mut scrapes = 0;
        let mut last: BTreeMap<String, f64> = BTreeMap::new();
        while !stop.load(Ordering::Relaxed) {
            let now = scrape(&address);
            for (name, before) in &last {
                // The master's own process is another one after an upgrade.
                let counts = ["_total", "_count", "_bucket", "_sum"].iter().any(|part| name.contains(part));
                if counts && !name.starts_with("process_") {
                    let now = now.get(name).unwrap_or_else(|| panic!("{name} has disappeared"));
                    assert!(now >= before, "{name} fell from {before} to {now}");
                }
            }
            last = now;
            scrapes += 1;
            thread::sleep(Duration::from_millis(100));
        }
        scrapes
    })
}

/// Scrapes as fast as two clients can, until they are told to stop: no scrape may fail.
fn scrape_on(address: &Address, stop: &Arc<AtomicBool>) -> [thread::JoinHandle<usize>; 2] {
    [(); 2].map(|()| {
        let (address, stop) = (address.clone(), Arc::clone(stop));
        thread::spawn(move || {
            let mut scrapes = 0;
            while !stop.load(Ordering::Relaxed) {
                scrape(&address);
                scrapes += 1;
            }
            scrapes
        })
    })
}

#[test]
fn counts_are_exact_through_recycles_reloads_scaling_kills_and_upgrades() {
    let _turn = turn::alone();
    let (builder, metrics) = observed("--workers 2 --max-requests 300 --reload-probation 0.2");
    let server = builder.linked().expect_error("was sent SIGKILL").serve(2);
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = watch(&metrics, &stop);
    let clients = Clients::start(&server.address());
    server.wait_for_count("reason=max-requests", 3, PATIENCE);
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker", PATIENCE);
    server.signal(Signal::SIGTTIN);
    server.wait_for_line("Workers: 2 to 3", PATIENCE);
    server.signal(Signal::SIGTTOU);
    server.wait_for_line("Workers: 3 to 2", PATIENCE);
    let mut master = server.pid();
    let upgraded = Arc::new(AtomicBool::new(false));
    let scrapers = scrape_on(&metrics, &upgraded);
    for _ in 0..2 {
        let mark = server.log().mark();
        server.deploy(Deployed::Program(std::path::Path::new(PROGRAM)));
        processes::signal(master, Signal::SIGUSR2);
        let next = upgrade::writer(&server, mark, upgrade::TOOK_OVER);
        eventually(PATIENCE, "the old master has left", || !processes::alive(master));
        master = next;
    }
    upgraded.store(true, Ordering::Relaxed);
    for scraper in scrapers {
        assert!(scraper.join().expect("no scrape failed") > 0);
    }
    let expected = clients.stop();
    // Nobody waits for an answer any more: to kill one loses nothing, and what it has counted remains.
    let victim = processes::children(master)[0].pid;
    processes::signal(victim, Signal::SIGKILL);
    server.wait_for_line("was sent SIGKILL", PATIENCE);
    eventually(PATIENCE, "every answer is counted once", || codes(&metrics) == expected);
    stop.store(true, Ordering::Relaxed);
    assert!(watcher.join().expect("nothing fell and nothing failed") > 20);
    let samples = scrape(&metrics);
    let sample = |name: &str| samples.get(name).copied().unwrap_or(-1.0);
    assert!(sample("ferricorn_upgrades_total{outcome=\"committed\"}") >= 2.0);
    assert!(sample("ferricorn_reloads_total{outcome=\"committed\"}") >= 1.0);
    assert!(sample("ferricorn_worker_exits_total{cause=\"killed\"}") >= 1.0);
    processes::signal(master, Signal::SIGTERM);
    server.wait_nobody_left(PATIENCE);
    server.finish();
}

#[test]
fn counts_are_exact_through_upgrades_in_place_and_a_rejected_one() {
    let _turn = turn::alone();
    let Some(namespace) = pid1::namespace() else { return };
    let (builder, metrics) = observed("--workers 2 --max-requests 1000 --reload-probation 0");
    let server = builder.linked().wrapped(namespace).expect_error("Upgrade failed").serve(2);
    let master = pid1::master(&server);
    let clients = Clients::start(&server.address());
    let upgraded = Arc::new(AtomicBool::new(false));
    let scrapers = scrape_on(&metrics, &upgraded);
    for fit in [true, false, true] {
        let mark = server.log().mark();
        let program = if fit { PROGRAM } else { "/bin/false" };
        server.deploy(Deployed::Program(std::path::Path::new(program)));
        processes::signal(master, Signal::SIGUSR2);
        let outcome =
            if fit { "Reloaded: every worker runs" } else { "Upgrade failed, nothing has changed: " };
        server.wait_for_line_after(mark, outcome, PATIENCE);
    }
    upgraded.store(true, Ordering::Relaxed);
    for scraper in scrapers {
        assert!(scraper.join().expect("no scrape failed") > 0);
    }
    let expected = clients.stop();
    eventually(PATIENCE, "every answer is counted once", || codes(&metrics) == expected);
    let samples = scrape(&metrics);
    assert!(samples["ferricorn_upgrades_total{outcome=\"committed\"}"] >= 2.0);
    assert!(samples["ferricorn_upgrades_total{outcome=\"rejected\"}"] >= 1.0);
    let build = samples.keys().find(|name| name.starts_with("ferricorn_build_info{")).expect("it is there");
    assert!(
        build.contains("python=\"3.") && build.contains("uvicorn=\"0.") && !build.contains("=\"\""),
        "{build}"
    );
    processes::signal(master, Signal::SIGTERM);
    assert_eq!(server.wait_exit(PATIENCE).code(), 0);
    server.finish();
}

#[test]
fn an_upgrade_that_is_rejected_leaves_counts_and_endpoint_as_they_were() {
    let _turn = turn::together();
    let (builder, metrics) = observed("--workers 1 --upgrade-timeout 30");
    let server = builder.linked().expect_error("Upgrade failed").serve(1);
    for _ in 0..5 {
        server.get("/code/201").expect("an answer");
    }
    server.deploy(Deployed::Program(std::path::Path::new("/bin/false")));
    server.signal(Signal::SIGUSR2);
    server.wait_for_line("Upgrade failed", PATIENCE);
    eventually(PATIENCE, "the counts are there", || codes(&metrics) == BTreeMap::from([(201, 5)]));
    let samples = scrape(&metrics);
    assert!(samples["ferricorn_upgrades_total{outcome=\"rejected\"}"] >= 1.0);
    server.finish();
}
