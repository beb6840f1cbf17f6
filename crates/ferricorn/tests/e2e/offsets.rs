//! Planned events at every moment of a request, from the one at which it is sent to 25 ms later.
//!
//! What matters to a request is when its worker begins to drain. A signal that takes a worker away begins a drain at
//! once; a reload begins it when the new worker is ready, and a gate in the application's startup says when that is.

use std::{fs, thread, time::Duration};

use ferricorn_test::{
    Load, PATIENCE, Server, Tally,
    load::{Arrival, Reuse, Running},
    turn,
};
use nix::sys::signal::Signal;

use crate::ferricorn;

/// Requests of 6 ms without pauses, on kept connections and on new ones: an event within 25 ms meets the beginning, the
/// middle and the end of one, and the moment between two.
struct Clients {
    kept: Running,
    new: Running,
}

impl Clients {
    fn start(server: &Server, step: u64) -> Self {
        let load = |seed, clients, reuse| {
            let load = Load::on(&server.address()).path("/work?delay=0.006").seed(seed).reuse(reuse);
            load.clients(clients).arrival(Arrival::Think(Duration::ZERO)).start()
        };
        Self { kept: load(2 * step, 4, Reuse::KeepAlive), new: load(2 * step + 1, 2, Reuse::PerRequest) }
    }

    fn stop(self) -> Tally {
        let mut tally = self.kept.stop();
        tally.add(self.new.stop());
        tally
    }
}

#[test]
fn a_worker_may_go_at_any_millisecond_of_a_request() {
    let _turn = turn::alone();
    let server = ferricorn().line("--workers 1 --reload-probation 0").serve(1);
    let gate = server.path("closed-gate");
    let mut all = Tally::default();
    for offset in 0..=25 {
        let after = Duration::from_millis(offset);
        let mark = server.log().mark();
        let ready = || server.wait_for_line_after(mark, "Worker ready", PATIENCE);

        server.signal(Signal::SIGTTIN);
        ready();
        let clients = Clients::start(&server, 2 * offset);
        thread::sleep(after);
        server.signal(Signal::SIGTTOU);
        server.wait_for_line_after(mark, "reason=scale-down", PATIENCE);
        server.wait_for_workers(1, PATIENCE);
        all.add(clients.stop());

        let mark = server.log().mark();
        fs::write(&gate, "").expect("the run's folder can be written");
        server.signal(Signal::SIGHUP);
        server.wait_for_line_after(mark, "Waiting for application startup", PATIENCE);
        let clients = Clients::start(&server, 2 * offset + 1);
        thread::sleep(after);
        fs::remove_file(&gate).expect("it is there");
        server.wait_for_line_after(mark, "reason=reload", PATIENCE);
        server.wait_for_workers(1, PATIENCE);
        all.add(clients.stop());
    }
    all.check_against(&server.ledger());
    all.assert_nothing_lost();
    assert_eq!(server.ledger().unfinished(), [""; 0]);
    server.finish();
}
