//! Workers that are due: by requests, age, memory, or a word from outside.

use ferricorn_core::{BootFailure, Event, Notice, Policy, Retirement, StopMode, WorkerSignal};

use crate::sim::{Manners, Sim, millis, policy, secs};

#[test]
fn recycling_starts_the_replacement_first_and_one_at_a_time() {
    let mut sim = Sim::new(Policy { max_requests: Some(100), ..policy() }, |_, _| Manners {
        boot: secs(3),
        requests_per_second: 10,
        ..Manners::default()
    });
    sim.advance(secs(4));
    sim.watch();
    sim.advance(secs(300));
    assert_eq!(sim.fewest_ready, 2, "capacity never dips");
    assert_eq!(sim.most_alive, 3, "one replacement at a time");
    assert!(sim.spawns > 20, "{}", sim.spawns);
}

#[test]
fn a_replacement_that_does_not_boot_leaves_the_old_worker_serving() {
    let mut sim = Sim::new(Policy { max_requests: Some(10), ..policy() }, |_, id| Manners {
        requests_per_second: 10,
        boot_failure: (id.0 > 2).then_some(BootFailure::Boot),
        ..Manners::default()
    });
    sim.advance(secs(1));
    sim.watch();
    sim.advance(secs(120));
    assert_eq!(sim.fewest_ready, 2);
    assert_eq!(sim.exit, None);
}

#[test]
fn the_jitter_is_drawn_for_each_worker_and_includes_both_ends() {
    let mut sim = Sim::new(
        Policy { workers: 1, max_requests: Some(10), max_requests_jitter: 2, ..policy() },
        |_, _| Manners {
            boot: millis(1),
            requests_per_second: 1,
            drain: Some(millis(1)),
            ..Manners::default()
        },
    );
    sim.advance(secs(2_000));
    let mut lives: Vec<u64> = sim
        .workers
        .values()
        .zip(sim.workers.values().skip(1))
        .filter_map(|(old, new)| Some(new.born.duration_since(old.ready_at?).as_secs()))
        .collect();
    lives.sort_unstable();
    lives.dedup();
    assert_eq!(lives, [10, 11, 12]);
}

#[test]
fn a_worker_is_recycled_when_it_has_lived_long_enough() {
    let mut sim = Sim::booted(Policy { max_lifetime: Some(secs(60)), ..policy() });
    sim.advance(secs(600));
    assert!((18..=22).contains(&sim.spawns), "{}", sim.spawns);
    assert_eq!((sim.fewest_ready, sim.most_alive), (2, 3));
}

#[test]
fn a_leaking_worker_is_replaced_before_it_goes() {
    let mut sim = Sim::new(Policy { max_memory: Some(200), ..policy() }, |_, id| Manners {
        leak_per_second: if id.0 == 1 { 10 } else { 0 },
        ..Manners::default()
    });
    sim.advance(secs(1));
    sim.watch();
    sim.advance(secs(30));
    assert_eq!((sim.fewest_ready, sim.spawns), (2, 3));
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::Draining { why: Retirement::MaxMemory, .. })));
}

#[test]
fn a_worker_at_twice_its_memory_limit_is_killed_without_waiting() {
    let mut sim = Sim::new(Policy { max_memory: Some(200), ..policy() }, |_, id| Manners {
        memory: if id.0 == 1 { 400 } else { 50 },
        ..Manners::default()
    });
    sim.advance(secs(1));
    let fat = *sim.workers.keys().next().expect("it was spawned");
    assert_eq!(sim.workers[&fat].signals, [WorkerSignal::Kill]);
    sim.advance(secs(1));
    assert_eq!(sim.ready(), 2);
}

#[test]
fn a_worker_that_leaks_while_it_drains_is_killed_at_twice_its_limit() {
    let mut sim = Sim::new(Policy { max_memory: Some(200), ..policy() }, |_, id| Manners {
        leak_per_second: if id.0 == 1 { 50 } else { 0 },
        drain: if id.0 == 1 { Some(secs(60)) } else { Some(millis(100)) },
        ..Manners::default()
    });
    sim.advance(secs(1));
    sim.watch();
    let fat = *sim.workers.keys().next().expect("it was spawned");
    sim.advance(secs(5));
    assert_eq!(sim.workers[&fat].signals, [], "it drains");
    sim.advance(secs(3));
    assert_eq!(sim.workers[&fat].signals, [WorkerSignal::Kill], "long before its drain is over");
    assert_eq!((sim.fewest_ready, sim.spawns), (2, 3));
}

#[test]
fn a_worker_that_was_told_to_stop_by_somebody_else_is_replaced_first() {
    let mut sim = Sim::booted(policy());
    let asked = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: asked });
    sim.advance(secs(2));
    assert!(!sim.serving_ids().contains(&asked));
    assert_eq!((sim.fewest_ready, sim.ready()), (2, 2));
}

#[test]
fn a_worker_that_is_told_to_stop_is_replaced_unless_the_whole_service_is_told() {
    let told = || {
        let mut sim = Sim::booted(policy());
        for id in sim.serving_ids() {
            sim.happen(Event::AskedToStop { id });
        }
        sim
    };
    let mut sim = told();
    let begun = sim.spawns;
    sim.advance(millis(50));
    sim.stop(StopMode::Graceful);
    sim.advance(secs(60));
    assert!(sim.exit.is_some());
    assert_eq!(sim.spawns, begun, "nobody is started when all are told to go");
    assert!(!sim.notices.iter().any(|it| matches!(it, Notice::AskedToStop { .. })));

    let mut sim = told();
    sim.watch();
    sim.advance(secs(10));
    assert_eq!(sim.fewest_ready, 2);
    assert_eq!(sim.spawns, begun + 2, "each is replaced");
}
