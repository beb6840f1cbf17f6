//! Every fault of the soak once, under load, some of them in the middle of others. `cargo dev soak` does it for longer.

use std::time::Duration;

use ferricorn_test::{
    soak::{self, Fault, Plan},
    turn,
};

use crate::ferricorn;

#[test]
fn every_fault_under_load_loses_only_what_a_worker_that_it_ended_had() {
    let _turn = turn::alone();
    let plan = Plan { lasts: Duration::ZERO, seed: 1, rate: 60.0 };
    let report = soak::run(soak::prepare(ferricorn()), plan, |_| {});
    assert_eq!(report.violations, [""; 0], "{}\n{}", report.tally, report.transcript);
    assert!(Fault::ALL.iter().all(|fault| report.faults.contains_key(fault)), "{:?}", report.faults);
    assert!(report.losses.begun > 0, "no fault has hit anything: {}", report.tally);
    assert_eq!(report.masters, 2);
}
