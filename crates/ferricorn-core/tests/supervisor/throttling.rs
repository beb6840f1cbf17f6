//! A service that the kernel holds back, told as stories on a clock that jumps.

use std::time::Duration;

use crate::sim::{Sim, millis, policy, secs};
use ferricorn_core::{Event, Notice, Policy, Scarce, Throttled};

fn held_back(sim: &mut Sim, scarce: Scarce, held: Duration) {
    let source = "the limit".to_owned();
    sim.happen(Event::Throttled(Throttled { scarce, source, held, within: secs(1) }));
}

fn told(sim: &Sim, is_it: impl Fn(&Notice) -> bool) -> usize {
    sim.notices.iter().filter(|notice| is_it(notice)).count()
}

fn explained(sim: &Sim) -> usize {
    told(sim, |it| matches!(it, Notice::Throttled { .. }))
}

/// The first two workers stand still from now on; what comes after them does not.
fn stand_still(sim: &mut Sim, starved: bool) {
    for worker in sim.workers.values_mut() {
        let ready_at = worker.ready_at.expect("ready");
        worker.manners.silent_after = Some(sim.now.saturating_duration_since(ready_at));
        worker.manners.held_up = !starved;
        worker.manners.starved = starved;
    }
}

#[test]
fn a_service_above_its_memory_gets_twice_the_timeout_and_not_more_however_late_the_master_is() {
    for master_is_held_back in [false, true] {
        let mut sim = Sim::booted(Policy { timeout: Some(secs(5)), ..policy() });
        stand_still(&mut sim, false);
        let begun = sim.now;
        while told(&sim, |it| matches!(it, Notice::TimedOut { .. })) == 0 {
            held_back(&mut sim, Scarce::Memory, millis(900));
            if master_is_held_back {
                sim.stand_still(secs(2));
            } else {
                sim.advance(secs(1));
            }
            assert!(sim.now - begun < secs(60), "no timeout is kept: {:?}", sim.notices);
        }
        let lasted = sim.now - begun;
        assert!(lasted >= secs(9), "{lasted:?} of a timeout of 5 s");
        assert!(lasted <= secs(20), "{lasted:?} of a timeout of 5 s");
        assert_eq!(explained(&sim), 1, "{:?}", sim.notices);
        assert!(told(&sim, |it| matches!(it, Notice::Overslept(_))) <= 1);
        assert_eq!(told(&sim, |it| matches!(it, Notice::HostStalled { .. })), 0, "the cause is known");
    }
}

#[test]
fn a_quota_of_processors_is_named_and_kills_nobody() {
    let mut sim = Sim::booted(Policy { timeout: Some(secs(2)), ..policy() });
    let before = sim.serving_ids();
    stand_still(&mut sim, true);
    for _ in 0..60 {
        held_back(&mut sim, Scarce::Processor, millis(990));
        sim.advance(secs(1));
    }
    assert_eq!(sim.serving_ids(), before);
    assert_eq!(explained(&sim), 1, "once, however long it lasts");
}

#[test]
fn what_holds_nobody_up_is_not_worth_a_line() {
    let mut sim = Sim::booted(policy());
    for _ in 0..20 {
        held_back(&mut sim, Scarce::Memory, millis(900));
        held_back(&mut sim, Scarce::Processor, millis(900));
        sim.advance(secs(1));
    }
    assert_eq!(explained(&sim), 0, "everybody is in order");
    sim.advance(secs(10));
    stand_still(&mut sim, false);
    for _ in 0..5 {
        held_back(&mut sim, Scarce::Processor, millis(10));
        sim.advance(secs(10));
    }
    assert_eq!(explained(&sim), 0, "so little explains nothing: {:?}", sim.notices);
}
