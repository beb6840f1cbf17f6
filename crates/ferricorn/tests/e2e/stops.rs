//! A stop answers or refuses everybody, whatever boots, leaves or hangs at that moment. `cargo dev bench loss` does the same
//! two hundred times on each event loop.

use std::{collections::BTreeSet, fs, time::Instant};

use ferricorn_test::{
    Amid, Builder, Connection, Line, PATIENCE, Server, Stops, Verdict, eventually, http, processes, turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

fn stops(line: &str, workers: usize, amid: &[Amid]) {
    let mut stops = Stops::default();
    for (seed, amid) in (1..).zip(amid) {
        stops.stop(ferricorn().line(line), workers, *amid, seed);
    }
    stops.assert_nothing_lost();
}

#[test]
fn stops_at_random_moments_answer_or_refuse_everybody_on_asyncio() {
    let _turn = turn::alone();
    stops("--loop asyncio", 2, &Amid::ALL);
}

#[test]
fn stops_at_random_moments_answer_or_refuse_everybody_on_uvloop() {
    let _turn = turn::alone();
    stops("--loop uvloop", 2, &Amid::ALL);
}

#[test]
fn stops_of_a_single_worker_answer_or_refuse_everybody() {
    let _turn = turn::alone();
    stops("--loop asyncio", 1, &[Amid::Boot, Amid::Reload]);
    stops("--loop uvloop", 1, &[Amid::Boot, Amid::Reload]);
}

#[test]
fn stops_on_a_unix_socket_answer_or_refuse_everybody() {
    let _turn = turn::alone();
    let mut stops = Stops::default();
    for (seed, amid) in (1..).zip([Amid::Boot, Amid::Reload, Amid::DeafBoot]) {
        stops.stop(on_unix_socket(), 2, amid, seed);
    }
    stops.assert_nothing_lost();
}

fn on_unix_socket() -> Builder {
    let builder = ferricorn().no_bind();
    let path = builder.folder().join("app.sock");
    builder.args(["--bind", &format!("unix:{}", path.display())])
}

/// A configuration file whose execution a test can hold up, with a hook of the master's: a helper executes it, and the
/// process that calls the hook stays.
const FILE: &str = "
import os, time

open(f'executes-{os.getpid()}', 'w').close()
while os.path.exists('hold'):
    time.sleep(0.01)

def on_exit(server):
    pass
";

#[test]
fn only_the_master_and_workers_that_serve_hold_a_listening_socket() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 2 --reload-probation 0");
    let folder = builder.folder().to_owned();
    fs::write(folder.join("gunicorn.conf.py"), FILE).expect("the folder can be written");
    let server = builder.serve(2);
    let may: BTreeSet<i32> = ready(&server).into_iter().chain([server.pid()]).collect();
    let executed = || {
        fs::read_dir(&folder)
            .expect("the folder is there")
            .filter(|entry| {
                entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("executes-"))
            })
            .count()
    };
    eventually(PATIENCE, "both workers have the socket, and nobody else", || holders(&server) == may);
    assert_eq!(server.living().len(), 4, "with the process that calls hooks");
    let before = executed();
    fs::write(folder.join("hold"), "").expect("the folder can be written");
    fs::write(folder.join("closed-gate"), "").expect("the folder can be written");
    server.signal(Signal::SIGHUP);
    eventually(PATIENCE, "the helper is at work", || executed() > before);
    assert_eq!(holders(&server), may, "with the helper: {:?}", server.living());
    fs::remove_file(folder.join("hold")).expect("it is there");
    server.wait_for_count("Waiting for application startup.", 3, PATIENCE);
    assert_eq!(holders(&server), may, "with a worker that boots: {:?}", server.living());
    fs::remove_file(folder.join("closed-gate")).expect("it is there");
    server.wait_for_line("Reloaded: every worker runs", PATIENCE);
    let may: BTreeSet<i32> = ready(&server).into_iter().skip(2).chain([server.pid()]).collect();
    eventually(PATIENCE, "the new workers have the sockets, and the old ones have not", || {
        holders(&server) == may
    });
    server.finish();
}

/// The workers that have become ready, in that order.
fn ready(server: &Server) -> Vec<i32> {
    let pid = |line: &Line| line.text.split_once("Worker ready (pid: ")?.1.split(')').next()?.parse().ok();
    server.log().lines().iter().filter_map(pid).collect()
}

/// The processes of a run that have its listening socket open.
fn holders(server: &Server) -> BTreeSet<i32> {
    let table = fs::read_to_string("/proc/net/tcp").expect("Linux has it");
    let port = format!(":{:04X}", server.address().port());
    let inodes = table.lines().filter_map(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let listens =
            fields.get(3) == Some(&"0A") && fields.get(1).is_some_and(|local| local.ends_with(&port));
        listens.then(|| format!("socket:[{}]", fields.get(9).unwrap_or(&"")))
    });
    let inodes: Vec<String> = inodes.collect();
    assert_eq!(inodes.len(), 1, "{inodes:?}");
    let holds = |pid: i32| processes::descriptors(pid).into_values().any(|target| target == inodes[0]);
    server.living().into_iter().map(|process| process.pid).filter(|pid| holds(*pid)).collect()
}

#[test]
fn newcomers_are_refused_at_once_although_a_boot_a_hook_and_a_worker_hang() {
    let _turn = turn::together();
    let builder = ferricorn().line("--workers 2 --reload-probation 0 --graceful-timeout 5 --timeout 0");
    let folder = builder.folder().to_owned();
    let server = builder.expect_error("was sent SIGKILL!").serve(2);
    // One worker of two blocks with a client in hand, and a new one boots for as long as the gate is closed.
    let mut blocker = server.connect();
    blocker.send(b"GET /block?seconds=600 HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    fs::write(folder.join("closed-gate"), "").expect("the folder can be written");
    server.signal(Signal::SIGHUP);
    server.wait_for_count("Waiting for application startup.", 3, PATIENCE);
    let address = server.address();
    let told = Instant::now();
    server.signal(Signal::SIGTERM);
    eventually(PATIENCE, "the stop has begun", || !http::listens(&address));
    let refused = Instant::now();
    let mut asked = 0;
    while server.log().exit().is_none() {
        let begun = Instant::now();
        assert!(matches!(Connection::open(&address), Err(Verdict::Refused)), "a client was let in");
        assert!(begun.elapsed() < PATIENCE);
        asked += 1;
    }
    assert!(asked > 10, "only {asked} clients came while it stopped");
    assert!(refused - told < told.elapsed() / 2, "let in for {:?} of {:?}", refused - told, told.elapsed());
    server.finish();
}
