//! How a worker ends, and who gives way to whom meanwhile, told as stories on a clock that jumps.

use crate::sim::{Manners, Sim, millis, policy, secs};
use ferricorn_core::{
    Command, Event, ExitReason, Generation, Notice, Policy, Retirement, Stage, StopMode, UpgradeWay,
    WorkerId, WorkerSignal,
};

/// Workers whose process goes on for so long after its event loop.
fn lingering(policy: Policy, end: u64) -> Sim {
    let mut sim = Sim::new(policy, move |_, _| Manners { end: secs(end), ..Manners::default() });
    sim.advance(secs(1));
    sim
}

fn told(sim: &Sim, is_it: impl Fn(&Notice) -> bool) -> usize {
    sim.notices.iter().filter(|notice| is_it(notice)).count()
}

#[test]
fn a_worker_whose_event_loop_has_ended_is_not_judged_for_its_silence() {
    // The simulation asserts that it is asked for nothing.
    let mut sim = lingering(Policy { timeout: Some(secs(2)), slow_loop: Some(secs(1)), ..policy() }, 20);
    let leaving = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: leaving });
    sim.advance(secs(10));
    let stage = |sim: &Sim| sim.core.snapshot().workers.iter().find(|it| it.id == leaving).map(|it| it.stage);
    assert_eq!(stage(&sim), Some(Stage::Ending));
    sim.advance(secs(20));
    assert_eq!(stage(&sim), None);
    assert!(sim.workers[&leaving].signals.is_empty());
    assert_eq!(told(&sim, |it| matches!(it, Notice::TimedOut { .. } | Notice::Blocked { .. })), 0);
    assert_eq!(told(&sim, |it| matches!(it, Notice::Exited { why: Retirement::Asked, .. })), 1);
}

#[test]
fn the_end_of_a_worker_has_a_limit_of_its_own_that_is_said() {
    let mut sim = lingering(Policy { graceful_timeout: secs(2), ..policy() }, 60);
    let leaving = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: leaving });
    // Asked, replaced, drained; then more than is left of the graceful timeout.
    sim.advance(secs(5));
    assert!(!sim.workers[&leaving].gone);
    sim.advance(secs(2));
    assert_eq!(sim.workers[&leaving].signals, [WorkerSignal::Kill]);
    assert_eq!(told(&sim, |it| matches!(it, Notice::ExitTimedOut { .. })), 1);
    assert_eq!(told(&sim, |it| matches!(it, Notice::DrainTimedOut { .. })), 0);
    assert_eq!(told(&sim, |it| matches!(it, Notice::Exited { why: Retirement::ExitTimeout, .. })), 1);
}

#[test]
fn a_stop_waits_for_ends_no_longer_than_they_may_take_and_a_quick_one_not_for_them() {
    let stopped_after = |modes: &[StopMode]| {
        let mut sim = lingering(Policy { graceful_timeout: secs(2), ..policy() }, 60);
        let begun = sim.now;
        for mode in modes {
            sim.stop(*mode);
            sim.advance(secs(1));
        }
        while sim.exit.is_none() {
            sim.advance(millis(100));
            assert!(sim.now - begun < secs(60), "it does not end");
        }
        assert_eq!(sim.exit, Some(ExitReason::Stopped));
        sim.now - begun
    };
    assert!(stopped_after(&[StopMode::Graceful]) <= secs(2) + Policy::EXIT_TIME);
    assert!(stopped_after(&[StopMode::Graceful, StopMode::Quick]) <= secs(4));
    assert!(stopped_after(&[StopMode::Quick]) <= secs(3));
}

#[test]
fn a_slot_is_filled_when_the_event_loop_of_its_worker_has_ended_by_itself() {
    let mut sim = Sim::new(policy(), |_, id| Manners {
        quits_after: (id.0 == 1).then_some(secs(2)),
        end: secs(4),
        ..Manners::default()
    });
    sim.advance(secs(3));
    assert_eq!(sim.spawns, 3, "its slot is empty, whatever its process does");
    sim.advance(secs(1));
    assert_eq!(sim.ready(), 2);
    assert_eq!(told(&sim, |it| matches!(it, Notice::Crashed { .. })), 0, "how it ends is not known yet");
    sim.advance(secs(5));
    assert_eq!(told(&sim, |it| matches!(it, Notice::Crashed { .. })), 1);
    assert_eq!((sim.ready(), sim.spawns), (2, 3));
}

/// Two workers of which one only is old, and whose boots now take so long.
fn replacing(policy: Policy, boot: u64) -> Sim {
    let mut sim = Sim::booted(policy);
    sim.set_manners(move |_, _| Manners { boot: secs(boot), ..Manners::default() });
    let old = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: old });
    sim.advance(millis(500));
    sim
}

fn is_urgent(sim: &Sim) -> bool {
    sim.booting().next().expect("a replacement boots").urgent
}

#[test]
fn a_boot_gives_way_for_as_long_as_two_boots_take_and_no_longer() {
    // The first two have taken half a second each.
    let mut sim = replacing(policy(), 200);
    assert!(!is_urgent(&sim));
    sim.advance(secs(1));
    assert!(is_urgent(&sim));

    let mut sim = Sim::new(policy(), |_, _| Manners { boot: secs(7), ..Manners::default() });
    sim.advance(secs(8));
    sim.set_manners(|_, _| Manners { boot: secs(200), ..Manners::default() });
    let old = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: old });
    sim.advance(secs(13));
    assert!(!is_urgent(&sim));
    sim.advance(secs(2));
    assert!(is_urgent(&sim));
}

#[test]
fn a_boot_that_has_given_way_says_nothing_of_how_long_boots_take() {
    let mut sim = replacing(policy(), 3);
    sim.advance(secs(10));
    assert_eq!(sim.ready(), 2);
    sim.set_manners(|_, _| Manners { boot: secs(200), ..Manners::default() });
    let old = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: old });
    sim.advance(secs(2));
    assert!(is_urgent(&sim), "it goes by the first ones");
}

#[test]
fn what_takes_too_much_memory_is_replaced_in_a_hurry() {
    let mut sim = Sim::new(Policy { max_memory: Some(100), ..policy() }, |_, _| Manners {
        leak_per_second: 10,
        ..Manners::default()
    });
    sim.advance(secs(6));
    assert_eq!(sim.spawns, 2);
    sim.advance(secs(1));
    assert!(sim.workers.values().all(|it| it.urgent || it.leaving), "{:?}", sim.notices);
    assert!(sim.spawns > 2);
}

#[test]
fn a_boot_gives_way_no_more_when_the_one_that_it_replaces_takes_too_much_memory() {
    let mut sim = Sim::new(
        Policy { workers: 1, max_memory: Some(100), max_requests: Some(10), ..policy() },
        |_, id| Manners {
            boot: if id.0 == 1 { secs(4) } else { secs(200) },
            requests_per_second: 10,
            ..Manners::default()
        },
    );
    sim.advance(secs(6));
    assert!(!is_urgent(&sim), "it is old, and nothing else");
    let old = sim.serving_ids()[0];
    sim.workers.get_mut(&old).expect("it serves").manners.memory = 150;
    sim.advance(millis(300));
    assert!(is_urgent(&sim));
}

#[test]
fn an_upgrade_and_a_boot_with_a_limit_wait_for_no_courtesy() {
    for way in [UpgradeWay::Beside, UpgradeWay::InPlace] {
        let mut sim = replacing(Policy { upgrade_way: way, ..policy() }, 200);
        assert!(!is_urgent(&sim));
        sim.ask(Command::Upgrade);
        assert!(is_urgent(&sim), "{way:?}");
    }
    let sim = replacing(Policy { boot_timeout: Some(secs(60)), ..policy() }, 200);
    assert!(is_urgent(&sim));
}

#[test]
fn a_drained_worker_gives_way_for_a_while_and_is_not_killed_for_it() {
    let mut sim = lingering(policy(), 8);
    let old = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: old });
    sim.advance(secs(1));
    assert!(!sim.workers[&old].urgent);
    sim.advance(secs(2));
    assert!(sim.workers[&old].urgent, "it has done so for long enough");
    sim.advance(secs(10));
    assert!(sim.workers[&old].gone && sim.workers[&old].signals.is_empty());
}

#[test]
fn a_short_graceful_timeout_kills_no_worker_for_giving_way() {
    let boot = |id: WorkerId| if id.0 == 1 { secs(10) } else { millis(500) };
    let policy = Policy { workers: 1, graceful_timeout: secs(12), ..policy() };
    let mut sim = Sim::new(policy, move |_, id| Manners {
        boot: boot(id),
        drain: Some(secs(4)),
        // Longer than it is granted: nothing gets done for as long as it gives way.
        end: secs(17),
        ..Manners::default()
    });
    sim.advance(secs(11));
    let old = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: old });
    sim.advance(secs(20));
    assert!(!sim.workers[&old].urgent, "it gives way");
    sim.advance(secs(2));
    assert!(sim.workers[&old].gone && sim.workers[&old].signals.is_empty(), "{:?}", sim.workers[&old]);
}

#[test]
fn each_interrupt_from_the_keyboard_is_meant_more_urgently() {
    let ends_soon = |commands: &[Command]| {
        let mut sim = Sim::new(policy(), |_, _| Manners { drain: None, ..Manners::default() });
        sim.advance(secs(1));
        for command in commands {
            sim.ask(*command);
        }
        sim.advance(secs(5));
        let soon = sim.exit.is_some();
        sim.advance(secs(60));
        assert_eq!(sim.exit, Some(ExitReason::Stopped));
        let interrupted = sim.notices.iter().find_map(|it| match it {
            Notice::Stopping { interrupted, .. } => Some(*interrupted),
            _ => None,
        });
        (interrupted, soon)
    };
    assert_eq!(ends_soon(&[Command::Interrupt]), (Some(true), false), "the graceful timeout");
    assert_eq!(ends_soon(&[Command::Interrupt, Command::Interrupt]), (Some(true), true));
    assert_eq!(ends_soon(&[Command::Quit]), (Some(true), true));
    assert_eq!(ends_soon(&[Command::Stop(StopMode::Graceful)]), (Some(false), false));
}

#[test]
fn a_service_that_cannot_listen_ends_and_says_why() {
    let mut sim = Sim::booted(policy());
    sim.happen(Event::ListenFailed);
    sim.advance(secs(60));
    assert_eq!(sim.exit, Some(ExitReason::ListenFailed));
}

#[test]
fn connections_are_not_handed_to_workers_that_differ_in_tls() {
    for (speaks_tls, hands_over) in [(false, true), (true, false)] {
        let mut sim = Sim::booted(policy());
        sim.reload_to(Policy { speaks_tls, ..policy() });
        sim.advance(secs(30));
        let old: Vec<_> = sim.workers.values().filter(|it| it.generation == Generation(1)).collect();
        assert_eq!(old.len(), 2);
        assert!(old.iter().all(|it| it.gone && it.hands_over == hands_over), "tls: {speaks_tls}");
    }
}
