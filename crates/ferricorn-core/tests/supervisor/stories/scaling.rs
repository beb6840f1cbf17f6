//! More workers and fewer.

use ferricorn_core::Command;

use crate::sim::{Manners, Sim, millis, policy, secs};

#[test]
fn scaling_reaches_the_exact_number_and_the_youngest_goes_first() {
    let mut sim = Sim::booted(policy());
    let old = sim.serving_ids();
    for _ in 0..48 {
        sim.ask(Command::ScaleUp);
    }
    sim.advance(secs(2));
    assert_eq!(sim.ready(), 50);
    for _ in 0..48 {
        sim.ask(Command::ScaleDown);
    }
    sim.advance(secs(2));
    assert_eq!(sim.serving_ids(), old);
}

#[test]
fn workers_asked_for_during_a_reload_are_there_after_it() {
    let mut sim = Sim::booted(policy());
    sim.reload();
    sim.advance(secs(1));
    sim.reload();
    for _ in 0..3 {
        sim.ask(Command::ScaleUp);
    }
    sim.advance(secs(60));
    assert_eq!(sim.generations(), [3; 5]);
}

#[test]
fn scaling_down_gives_up_a_worker_that_still_boots_before_one_that_is_ready() {
    let mut sim = Sim::booted(policy());
    // The third one boots for long; a worker that is replaced meanwhile is younger, and ready.
    sim.set_manners(|_, id| Manners {
        boot: if id.0 == 3 { secs(60) } else { millis(500) },
        ..Manners::default()
    });
    sim.ask(Command::ScaleUp);
    let asked = sim.serving_ids()[0];
    sim.kill_from_outside(asked);
    sim.advance(secs(5));
    assert_eq!((sim.ready(), sim.alive()), (2, 3));
    sim.watch();
    sim.ask(Command::ScaleDown);
    sim.advance(secs(5));
    assert_eq!((sim.fewest_ready, sim.ready(), sim.alive()), (2, 2, 2));
}

#[test]
fn scaling_down_stops_at_one() {
    let mut sim = Sim::booted(policy());
    for _ in 0..5 {
        sim.ask(Command::ScaleDown);
    }
    sim.advance(secs(2));
    assert_eq!(sim.ready(), 1);
}
