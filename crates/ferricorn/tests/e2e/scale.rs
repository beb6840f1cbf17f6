//! Many workers more and fewer again, and many reloads at once.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use ferricorn_test::{Load, PATIENCE, Server, Trial, capacity, eventually, ledger, processes, turn};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// How long 48 boots may take on a machine that is busy with other things.
const MANY_BOOTS: Duration = Duration::from_secs(180);

/// Signals that come while one of their kind is pending are merged by the kernel: each is waited for.
fn send_one_by_one(server: &Server, signal: Signal, name: &str, times: usize) {
    for _ in 0..times {
        let mark = server.log().mark();
        server.signal(signal);
        server.wait_for_line_after(mark, &format!("Handling signal: {name}"), PATIENCE);
    }
}

#[test]
fn from_2_to_50_workers_and_back_loses_nothing_and_culls_the_youngest() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --timeout 120").serve(2);
    let oldest = server.workers();
    let trial = Trial::begin(server, |server| Load::on(&server.address()).clients(4).start());
    let server = trial.server();
    send_one_by_one(server, Signal::SIGTTIN, "ttin", 48);
    server.wait_for_workers(50, MANY_BOOTS);
    server.wait_for_count("Worker ready", 50, MANY_BOOTS);
    assert_eq!(server.workers().len(), 50);
    send_one_by_one(server, Signal::SIGTTOU, "ttou", 48);
    assert_eq!(server.wait_for_workers(2, MANY_BOOTS), oldest, "the first two are left");
    assert_eq!(server.log().count("reason=scale-down"), 48);
    trial.end();
}

#[test]
fn scaling_during_recycles_and_a_reload_reaches_the_exact_number_and_loses_nothing() {
    let _turn = turn::alone();
    let server =
        ferricorn().line("--workers 2 --max-requests 100 --reload-probation 0 --timeout 120").serve(2);
    let trial = Trial::begin(server, |server| Load::on(&server.address()).clients(6).start());
    let server = trial.server();
    server.wait_for_count("reason=max-requests", 1, PATIENCE);
    server.signal(Signal::SIGHUP);
    send_one_by_one(server, Signal::SIGTTIN, "ttin", 3);
    server.wait_for_line("Reloaded: every worker runs generation 2", MANY_BOOTS);
    server.wait_for_line("Workers: 4 to 5", PATIENCE);
    send_one_by_one(server, Signal::SIGTTOU, "ttou", 3);
    server.signal(Signal::SIGHUP);
    server.wait_for_line("Reloaded: every worker runs generation 3", MANY_BOOTS);
    assert_eq!(capacity::least_ready(&server.log().lines(), 2), 2);
    trial.end();
}

#[test]
fn reloads_in_a_burst_are_merged_and_the_last_code_serves() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 2 --reload-probation 0").serve(2);
    let trial = Trial::begin(server, |server| Load::on(&server.address()).clients(4).start());
    let server = trial.server();
    let (most, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                most.fetch_max(processes::children(server.pid()).len(), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(2));
            }
        });
        for number in 1..=5_000 {
            if number == 2_500 {
                server.write_app(&ledger::APP.replace("b\"ok\"", "b\"last\""));
            }
            server.signal(Signal::SIGHUP);
        }
        server.wait_for_line("Handling signal: hup", PATIENCE);
        // The last of them is either merged into a reload that has not begun, or begins one.
        eventually(PATIENCE * 2, "every reload that began is over", || {
            let (begun, over) = (server.log().count("Reloading: "), server.log().count("Reloaded: "));
            begun == over && server.get("/").is_ok_and(|answer| answer.text() == "last")
        });
        over.store(true, Ordering::Relaxed);
    });
    assert!(most.load(Ordering::Relaxed) <= 3, "{most:?} workers lived at once");
    for _ in 0..10 {
        assert_eq!(server.get("/").expect("an answer").text(), "last");
    }
    assert_eq!(capacity::least_ready(&server.log().lines(), 2), 2);
    trial.end();
}
