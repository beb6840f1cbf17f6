//! Deploys under traffic of every shape: what is broken is rolled back, what is slow is waited for, and nothing is
//! lost either way.

use std::{collections::BTreeSet, time::Duration};

use ferricorn_test::{
    Load, Mix, PATIENCE, Server, Trial, capacity, eventually, ledger,
    load::{Arrival, Running},
    processes, turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Requests a second of every shape.
const RATE: f64 = 60.0;

fn everything(server: &Server) -> Running {
    Mix::of_everything(&server.address(), RATE).start()
}

/// The workers that answer eight requests, each on a connection of its own.
fn answering(server: &Server) -> Vec<i32> {
    let address = server.address();
    let ask = |_| ferricorn_test::http::get(&address, "/").ok()?.header("x-worker")?.parse().ok();
    (0..8).filter_map(ask).collect()
}

#[test]
fn a_version_that_dies_three_seconds_after_it_is_ready_is_rolled_back_without_loss() {
    let _turn = turn::alone();
    let server = ferricorn()
        .line("--workers 2")
        .expect_error("exited with code 9")
        .expect_error("Reload rejected")
        .serve(2);
    let old: BTreeSet<i32> = server.workers().into_iter().collect();
    let trial = Trial::begin(server, everything);
    let server = trial.server();
    // On probation it does not serve: no request dies with it.
    let dies = "def die():\n    time.sleep(3)\n    os._exit(9)\n\nimport threading\n\
                threading.Thread(target=die, daemon=True).start()\n";
    let version = ledger::APP.replace("note(\"startup\")", &format!("exec({dies:?})"));
    assert_ne!(version, ledger::APP);
    server.write_app(&version);
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reload rejected", PATIENCE);
    assert_eq!(server.log().count("Worker draining"), 0, "no old worker had to go");
    eventually(PATIENCE, "the old generation serves alone", || {
        server.workers().into_iter().collect::<BTreeSet<_>>() == old
    });
    assert!(answering(server).iter().all(|pid| old.contains(pid)));
    assert_eq!(capacity::least_ready(&server.log().lines(), 2), 2);
    trial.end();
}

#[test]
fn a_version_that_boots_slowly_rolls_out_without_loss() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --reload-probation 0").serve(2);
    let old = server.workers();
    let trial = Trial::begin(server, everything);
    let server = trial.server();
    server.write_app(&ledger::APP.replace("\"STARTUP_DELAY\", \"0\"", "\"STARTUP_DELAY\", \"4\""));
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 2", PATIENCE);
    eventually(PATIENCE, "only the new generation is left", || {
        server.workers().len() == 2 && server.workers().iter().all(|pid| !old.contains(pid))
    });
    assert_eq!(capacity::least_ready(&server.log().lines(), 2), 2);
    trial.end();
}

#[test]
fn recycling_an_application_that_boots_slowly_makes_no_answer_slow() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --max-requests 60").variable("STARTUP_DELAY", "3").serve(2);
    let trial = Trial::begin(server, |server| {
        Load::on(&server.address()).path("/").clients(12).arrival(Arrival::Rate(25.0)).start()
    });
    let server = trial.server();
    let mut most = 0;
    eventually(PATIENCE * 2, "three workers were replaced", || {
        most = most.max(processes::children(server.pid()).len());
        server.log().count("reason=max-requests") >= 3
    });
    assert!(most <= 3, "{most} workers lived at once");
    assert_eq!(capacity::least_ready(&server.log().lines(), 2), 2);
    let tally = trial.end();
    // A boot takes more than three seconds: whoever waited for one would be later than this.
    let slow = tally.latency(0.99);
    assert!(slow <= Duration::from_millis(1500), "one answer of a hundred took {slow:?}");
}
