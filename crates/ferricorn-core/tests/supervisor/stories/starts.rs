//! The first start: when the service listens, when it is over, and when it is given up.

use std::{collections::VecDeque, time::Instant};

use ferricorn_core::{
    Action, BootFailure, Command, Event, ExitReason, Notice, Policy, StopMode, Supervisor, WorkerId,
    WorkerSignal,
};

use crate::sim::{Manners, Sim, millis, policy, secs};

#[test]
fn a_service_listens_when_its_first_worker_is_ready() {
    let mut sim = Sim::new(policy(), |_, _| Manners { boot: secs(2), ..Manners::default() });
    sim.advance(millis(1_999));
    assert!(!sim.listening);
    sim.advance(millis(1));
    assert!(sim.listening);
    assert_eq!(sim.ready(), 2);
}

#[test]
fn an_early_listener_listens_before_any_worker_exists() {
    let sim = Sim::new(Policy { listen_early: true, ..policy() }, |_, _| Manners::default());
    assert!(sim.listening);
    assert_eq!(sim.ready(), 0);
}

#[test]
fn a_first_start_that_cannot_import_ends_with_the_reason() {
    for (failure, boot) in [(BootFailure::Boot, 1), (BootFailure::App, 1), (BootFailure::Environment, 200)] {
        let mut sim = Sim::new(policy(), move |_, _| Manners {
            boot: millis(boot),
            boot_failure: Some(failure),
            ..Manners::default()
        });
        sim.advance(secs(3));
        assert_eq!(sim.exit, Some(ExitReason::BootFailed(failure)));
        let told = sim.notices.iter().filter(|it| matches!(it, Notice::BootFailed { .. })).count();
        assert_eq!(told, 1, "one worker's failure is told, not every worker's");
        assert!(!sim.listening);
    }
}

#[test]
fn a_first_start_whose_workers_die_without_a_word_is_given_up_after_three() {
    let mut sim = Sim::new(policy(), |_, _| Manners { dies_in_boot: true, ..Manners::default() });
    sim.advance(secs(10));
    assert_eq!(sim.exit, Some(ExitReason::BootFailed(BootFailure::Boot)));
    assert!(sim.spawns <= 5, "{}", sim.spawns);
}

#[test]
fn a_boot_that_takes_too_long_is_ended_where_there_is_a_limit() {
    let mut sim = Sim::booted(Policy { boot_timeout: Some(secs(10)), ..policy() });
    sim.set_manners(|_, _| Manners { boot: secs(11), ..Manners::default() });
    let before = sim.serving_ids();
    sim.reload();
    sim.advance(secs(20));
    assert_eq!(sim.serving_ids(), before);
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::BootTimedOut { .. })));
    // Where it hangs is said before it is ended.
    let id = WorkerId(3);
    assert_eq!(sim.workers[&id].signals[..2], [WorkerSignal::Dump, WorkerSignal::Abort]);
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::Blocked { id: of, .. } if *of == id)));
}

#[test]
fn a_boot_that_says_it_takes_longer_gets_its_time() {
    let mut sim = Sim::new(Policy { boot_timeout: Some(secs(2)), ..policy() }, |_, _| Manners {
        boot: secs(5),
        ..Manners::default()
    });
    for id in [1, 2] {
        sim.happen(Event::Extended { id: WorkerId(id), by: secs(6) });
        sim.happen(Event::Extended { id: WorkerId(id), by: secs(1) });
    }
    sim.advance(secs(6));
    assert_eq!((sim.ready(), sim.spawns), (2, 2));
}

#[test]
fn a_first_start_whose_startup_fails_is_tried_again_before_it_is_given_up() {
    let failing = || Manners { boot_failure: Some(BootFailure::Startup), ..Manners::default() };
    let mut sim = Sim::new(policy(), move |_, _| failing());
    sim.advance(secs(20));
    assert_eq!(sim.exit, Some(ExitReason::BootFailed(BootFailure::Startup)));
    assert!((4..=6).contains(&sim.spawns), "three tries of a slot: {}", sim.spawns);

    let mut sim = Sim::new(policy(), move |_, id| if id.0 <= 2 { failing() } else { Manners::default() });
    sim.advance(secs(20));
    assert_eq!((sim.exit, sim.ready()), (None, 2), "what it waited for was there at the second try");
}

#[test]
fn a_process_that_cannot_be_made_is_tried_again_and_blamed_on_nobody() {
    let mut sim = Sim::booted(policy());
    let victim = sim.serving_ids()[0];
    sim.kill_from_outside(victim);
    let replacement = *sim.workers.keys().last().expect("it was ordered");
    // The order was carried out in this simulation: an unknown id must not hurt either.
    sim.happen(Event::SpawnFailed { id: WorkerId(99), error: "EAGAIN".into(), lasting: false });
    sim.advance(secs(1));
    assert!(sim.serving_ids().contains(&replacement));
}

#[test]
fn no_workers_at_all_is_a_legal_wish() {
    let mut sim = Sim::new(Policy { workers: 0, ..policy() }, |_, _| Manners::default());
    sim.advance(secs(10));
    assert_eq!((sim.spawns, sim.exit), (0, None));
    sim.stop(StopMode::Graceful);
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

fn opened(sim: &Sim) -> usize {
    sim.notices.iter().filter(|it| **it == Notice::Opened).count()
}

#[test]
fn a_start_is_over_when_every_worker_is_ready_and_it_is_the_last_that_is_said() {
    for listen_early in [false, true] {
        let mut sim = Sim::new(Policy { workers: 3, listen_early, ..policy() }, |_, id| Manners {
            boot: millis(500 * id.0),
            ..Manners::default()
        });
        sim.advance(millis(1400));
        assert_eq!(opened(&sim), 0, "the third one is about to be ready");
        sim.advance(millis(200));
        assert_eq!(sim.notices.last(), Some(&Notice::Opened));
        sim.kill_from_outside(sim.serving_ids()[0]);
        sim.reload();
        sim.advance(secs(60));
        assert_eq!(opened(&sim), 1);
    }
}

#[test]
fn a_start_does_not_wait_for_a_worker_that_fails_or_takes_its_time() {
    let slow = Manners { boot: secs(1000), ..Manners::default() };
    let failing =
        Manners { boot: millis(600), boot_failure: Some(BootFailure::Startup), ..Manners::default() };
    for (other, after) in [(slow, secs(3)), (failing, millis(700))] {
        let mut sim =
            Sim::new(policy(), move |_, id| if id.0 == 1 { Manners::default() } else { other.clone() });
        sim.advance(after);
        assert_eq!(opened(&sim), 1);
    }
    let mut sim = Sim::new(Policy { workers: 0, ..policy() }, |_, _| Manners::default());
    sim.advance(secs(60));
    assert_eq!(opened(&sim), 0, "nobody listens");
    sim.ask(Command::ScaleTo(1));
    sim.advance(secs(1));
    assert_eq!(opened(&sim), 1);
}

/// A process that cannot be made for want of anything is tried three times on a first start, one that never can once.
#[test]
fn a_spawn_that_cannot_succeed_ends_a_first_start_at_once() {
    for (lasting, tries) in [(true, 1), (false, Policy::FIRST_START_TRIES)] {
        #[expect(clippy::disallowed_methods, reason = "only its differences count")]
        let start = Instant::now();
        let mut supervisor = Supervisor::new(Policy { workers: 1, ..policy() }, 1);
        let mut queue = VecDeque::from([Event::Started]);
        let (mut now, mut spawned, mut ended, mut told) = (start, 0, None, Vec::new());
        while ended.is_none() {
            let event = queue.pop_front().unwrap_or_else(|| {
                now = supervisor.next_deadline().expect("it waits for something");
                Event::Woke
            });
            for action in supervisor.step(event, now) {
                match action {
                    Action::Spawn { id, .. } => {
                        spawned += 1;
                        queue.push_back(Event::SpawnFailed { id, error: "EPERM".into(), lasting });
                    }
                    Action::Notify(Notice::SpawnFailed { retry_in, .. }) => told.push(retry_in.is_some()),
                    Action::Exit(reason) => ended = Some(reason),
                    _ => {}
                }
            }
        }
        assert_eq!((spawned, told.len()), (tries, tries as usize));
        assert_eq!(told.last(), Some(&false), "no other try is announced");
        assert_eq!(ended, Some(ExitReason::BootFailed(BootFailure::Environment)));
    }
}
