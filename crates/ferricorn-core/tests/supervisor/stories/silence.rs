//! Workers that say nothing: who is shown, killed, or excused.

use ferricorn_core::{Event, ExitReason, Notice, Policy, StopMode, WorkerSignal};

use crate::sim::{Manners, Sim, millis, policy, secs};

/// What a worker is sent that hangs: shown shortly before the end, and at it; given a last word; killed.
const HUNG: [WorkerSignal; 4] =
    [WorkerSignal::Dump, WorkerSignal::Dump, WorkerSignal::Abort, WorkerSignal::Kill];

#[test]
fn a_silent_worker_is_dumped_then_killed_and_replaced() {
    let mut sim = Sim::new(Policy { timeout: Some(secs(3)), ..policy() }, |_, id| Manners {
        silent_after: (id.0 == 1).then_some(secs(1)),
        ..Manners::default()
    });
    sim.advance(secs(1));
    sim.watch();
    let hung = sim.serving_ids()[0];
    // Ready at 0.5 s, silent from 1.5 s on, due at 4.5 s, found by the next sample.
    sim.advance(millis(4_000));
    assert_eq!(sim.workers[&hung].signals, HUNG);
    sim.advance(millis(500));
    assert_eq!(sim.ready(), 2);
    assert_eq!(sim.fewest_ready, 1);
    let blocked = sim.notices.iter().filter(|it| matches!(it, Notice::Blocked { .. })).count();
    assert_eq!(blocked, 2, "shortly before the end, and at it");
}

#[test]
fn a_slow_event_loop_is_explained_once_per_stall_and_left_alone() {
    let slow = Policy { slow_loop: Some(secs(1)), ..policy() };
    let mut sim = Sim::new(slow, |_, id| Manners {
        silent_after: (id.0 == 1).then_some(secs(1)),
        ..Manners::default()
    });
    sim.advance(secs(6));
    let stalled = sim.serving_ids()[0];
    assert_eq!(sim.workers[&stalled].signals, [WorkerSignal::Dump]);
    let told = |sim: &Sim| sim.notices.iter().filter(|it| matches!(it, Notice::Blocked { .. })).count();
    assert_eq!(told(&sim), 1);
    sim.workers.get_mut(&stalled).expect("it lives").manners.silent_after = None;
    sim.advance(secs(1));
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::Recovered { .. })));
    sim.workers.get_mut(&stalled).expect("it lives").manners.silent_after = Some(secs(8));
    sim.advance(secs(6));
    assert_eq!(sim.workers[&stalled].signals, [WorkerSignal::Dump; 2]);
    assert_eq!(told(&sim), 2);
    assert_eq!(sim.ready(), 2);
}

#[test]
fn workers_that_are_held_up_all_at_once_are_given_time_and_killed_if_it_does_not_help() {
    let silent = |after| Manners { silent_after: after, held_up: true, ..Manners::default() };
    let mut sim = Sim::new(Policy { timeout: Some(secs(4)), ..policy() }, move |_, _| silent(Some(secs(1))));
    sim.advance(secs(7));
    assert_eq!(sim.ready(), 2, "nobody was killed for a stall of the machine");
    let recovered =
        |sim: &Sim| sim.notices.iter().filter(|it| matches!(it, Notice::Recovered { .. })).count();
    assert_eq!(recovered(&sim), 0, "they are as silent as before");
    let before = sim.serving_ids();
    for worker in sim.workers.values_mut() {
        worker.manners.silent_after = None;
    }
    sim.advance(secs(20));
    assert_eq!(sim.serving_ids(), before);
    assert_eq!(recovered(&sim), 2);
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::HostStalled { workers: 2, .. })));

    // And those that are not let go are killed a little later.
    let mut sim = Sim::new(Policy { timeout: Some(secs(4)), ..policy() }, move |_, id| {
        silent((id.0 <= 2).then_some(secs(1)))
    });
    sim.advance(secs(2));
    let hung = sim.serving_ids();
    sim.advance(secs(8));
    assert!(hung.iter().all(|id| sim.workers[id].gone));
    assert_eq!(sim.ready(), 2);
}

#[test]
fn workers_that_hang_all_at_once_are_found_at_the_timeout() {
    let mut sim = Sim::new(Policy { timeout: Some(secs(4)), workers: 4, ..policy() }, |_, id| Manners {
        silent_after: (id.0 <= 4).then_some(secs(1)),
        ..Manners::default()
    });
    sim.advance(secs(1));
    let hung = sim.serving_ids();
    assert_eq!(hung.len(), 4);
    // Ready after half a second, silent a second later, four seconds of timeout, half a second for dump and abort, and
    // two looks at the scoreboard.
    sim.advance(secs(5) + millis(600));
    assert!(hung.iter().all(|id| sim.workers[id].gone), "{:?}", sim.notices);
    assert!(!sim.notices.iter().any(|it| matches!(it, Notice::HostStalled { .. })));
    sim.advance(secs(1));
    assert_eq!(sim.ready(), 4);
}

#[test]
fn a_master_that_was_late_itself_judges_nobody_until_it_has_looked_again() {
    let mut sim = Sim::booted(Policy { timeout: Some(secs(1)), ..policy() });
    let before = sim.serving_ids();
    // Shorter than what counts as having overslept, longer than the rest of the timeout.
    for worker in sim.workers.values_mut() {
        worker.manners.silent_after =
            Some(sim.now.saturating_duration_since(worker.ready_at.expect("ready")));
    }
    sim.advance(millis(300));
    sim.stand_still(millis(900));
    for worker in sim.workers.values_mut() {
        worker.manners.silent_after = None;
    }
    sim.advance(secs(10));
    assert_eq!(sim.serving_ids(), before);
    assert!(!sim.notices.iter().any(|it| matches!(it, Notice::TimedOut { .. })), "{:?}", sim.notices);
}

#[test]
fn a_master_that_is_late_all_the_time_still_finds_a_worker_that_hangs() {
    let mut sim = Sim::booted(Policy { timeout: Some(secs(4)), ..policy() });
    let hung = sim.serving_ids()[0];
    sim.workers.get_mut(&hung).expect("it is there").manners.silent_after = Some(secs(1));
    for _ in 0..10 {
        sim.stand_still(millis(900));
    }
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::TimedOut { id, .. } if *id == hung)));
}

#[test]
fn a_worker_that_gets_no_processor_is_not_killed_for_it() {
    let mut sim = Sim::new(Policy { timeout: Some(secs(4)), ..policy() }, |_, id| Manners {
        silent_after: (id.0 == 1).then_some(secs(1)),
        starved: true,
        ..Manners::default()
    });
    sim.advance(secs(60));
    assert_eq!(sim.ready(), 2);
    assert!(!sim.notices.iter().any(|it| matches!(it, Notice::TimedOut { .. })));
}

#[test]
fn a_worker_that_cannot_be_killed_is_replaced_and_does_not_hold_up_the_stop() {
    let mut sim = Sim::new(Policy { timeout: Some(secs(3)), ..policy() }, |_, id| Manners {
        silent_after: (id.0 == 1).then_some(secs(1)),
        unkillable: id.0 == 1,
        ..Manners::default()
    });
    sim.advance(secs(20));
    assert_eq!(sim.ready(), 2);
    let told = sim.notices.iter().filter(|it| matches!(it, Notice::Unkillable { .. })).count();
    assert_eq!(told, 1);
    sim.stop(StopMode::Graceful);
    sim.advance(secs(10));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

#[test]
fn a_worker_that_hangs_while_it_drains_is_killed_for_its_silence() {
    let mut sim = Sim::new(Policy { timeout: Some(secs(2)), ..policy() }, |_, id| Manners {
        drain: if id.0 == 1 { None } else { Some(millis(100)) },
        silent_after: (id.0 == 1).then_some(secs(4)),
        ..Manners::default()
    });
    sim.advance(secs(4));
    let first = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: first });
    sim.advance(secs(5));
    assert_eq!(sim.workers[&first].signals, HUNG);
}

#[test]
fn silence_while_the_master_overslept_kills_nobody() {
    let mut sim = Sim::booted(policy());
    let before = sim.serving_ids();
    sim.leap(secs(3_600));
    sim.advance(secs(60));
    assert_eq!(sim.serving_ids(), before);
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::Overslept(_))));
}

#[test]
fn a_worker_that_hung_before_a_leap_is_still_found_after_it() {
    let mut sim = Sim::new(Policy { timeout: Some(secs(3)), ..policy() }, |_, id| Manners {
        silent_after: (id.0 == 1).then_some(secs(1)),
        ..Manners::default()
    });
    sim.advance(secs(2));
    let hung = sim.serving_ids()[0];
    sim.leap(secs(100));
    assert!(sim.workers[&hung].signals.is_empty());
    sim.advance(secs(4));
    assert_eq!(sim.workers[&hung].signals, HUNG);
}
