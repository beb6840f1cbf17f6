//! `--http native`: the real program with the embedded extension loses nothing where connections move and workers go.

use std::{env, time::Duration};

use ferricorn_test::{
    Load, PATIENCE,
    load::{Arrival, Reuse},
    skip, turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

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
