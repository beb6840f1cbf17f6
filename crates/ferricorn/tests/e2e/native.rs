//! `--http native`: the real program with the embedded extension loses nothing where connections move and workers go.

use std::{env, fs, time::Duration};

use ferricorn_test::{
    Load, PATIENCE, eventually,
    load::{Arrival, Reuse},
    processes, skip, turn,
};
use nix::sys::signal::Signal;

use crate::{
    ferricorn,
    upgrade::{TOOK_OVER, writer},
};

/// Whether the program that is tested was built with the extension, as `cargo dev test` does.
fn is_embedded() -> bool {
    let is_embedded = env::var_os("FERRICORN_TEST_EXTENSION").is_some();
    if !is_embedded {
        skip("a program that was built with the extension module: `cargo dev test`");
    }
    is_embedded
}

#[test]
fn clients_of_the_native_protocol_lose_nothing_over_recycles_and_a_reload() {
    let _turn = turn::alone();
    if !is_embedded() {
        return;
    }
    let line = "--workers 2 --http native --max-requests 150 --reload-probation 0 --log-level debug";
    let server = ferricorn().line(line).serve(2);
    server.wait_for_line("Using HTTP protocol: native", PATIENCE);
    server.wait_for_count("Native HTTP protocol serves", 2, PATIENCE);
    let load = |seed, reuse| {
        let load = Load::on(&server.address()).seed(seed).clients(4).reuse(reuse);
        load.arrival(Arrival::Think(Duration::from_millis(30))).start()
    };
    let (kept, new) = (load(1, Reuse::KeepAlive), load(2, Reuse::PerRequest));
    server.wait_for_count("reason=max-requests", 2, PATIENCE);
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    let mut tally = kept.stop();
    tally.add(new.stop());
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    server.finish();
}

#[test]
fn it_serves_if_no_protocol_is_named_and_a_named_one_serves_instead() {
    let _turn = turn::together();
    if !is_embedded() {
        return;
    }
    let server = ferricorn().line("--http auto --log-level debug").serve(1);
    server.wait_for_line("Using HTTP protocol: native", PATIENCE);
    server.wait_for_line("Native HTTP protocol serves", PATIENCE);
    server.finish();
    let server = ferricorn().line("--http h11 --log-level debug").serve(1);
    server.wait_for_line("Using HTTP protocol: uvicorn's", PATIENCE);
    assert_eq!(server.log().count("Native HTTP protocol"), 0);
    server.finish();
}

#[test]
fn clients_lose_nothing_while_reloads_and_an_upgrade_change_the_protocol() {
    let _turn = turn::alone();
    if !is_embedded() {
        return;
    }
    let builder = ferricorn();
    let file = builder.folder().join("ferricorn.toml");
    let choose =
        |protocol| fs::write(&file, format!("http = '{protocol}'\n")).expect("the folder can be written");
    choose("httptools");
    let server = builder.line("--workers 2 --reload-probation 0 --log-level debug").serve(2);
    let load = |seed, reuse| {
        let load = Load::on(&server.address()).seed(seed).clients(4).reuse(reuse);
        load.arrival(Arrival::Think(Duration::from_millis(30))).start()
    };
    let (kept, new) = (load(1, Reuse::KeepAlive), load(2, Reuse::PerRequest));
    for (protocol, generation) in [("native", 2), ("h11", 3)] {
        choose(protocol);
        server.signal(Signal::SIGHUP);
        server.wait_for_line(&format!("Reloaded: every worker runs generation {generation}"), PATIENCE);
    }
    server.wait_for_count("Native HTTP protocol serves", 2, PATIENCE);
    // A new master beside the old workers, to the protocol that nobody names.
    choose("auto");
    let (master, mark) = (server.pid(), server.log().mark());
    server.signal(Signal::SIGUSR2);
    let next = writer(&server, mark, TOOK_OVER);
    eventually(PATIENCE, "the old master has left", || !processes::alive(master));
    server.wait_for_count("Native HTTP protocol serves", 4, PATIENCE);
    let mut tally = kept.stop();
    tally.add(new.stop());
    tally.check_against(&server.ledger());
    tally.assert_nothing_lost();
    processes::signal(next, Signal::SIGTERM);
    server.wait_nobody_left(PATIENCE);
    server.finish();
}
