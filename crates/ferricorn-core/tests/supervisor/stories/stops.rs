//! Stops: graceful, quick, delayed, and in the middle of something else.

use ferricorn_core::{Command, Event, ExitReason, Notice, Policy, Reply, StopMode, WorkerSignal};

use crate::sim::{Manners, Sim, millis, policy, secs};

#[test]
fn a_graceful_stop_waits_for_everybody_and_kills_who_is_deaf() {
    let mut sim =
        Sim::new(policy(), |_, id| Manners { drain: (id.0 == 1).then_some(secs(10)), ..Manners::default() });
    sim.advance(secs(1));
    sim.stop(StopMode::Graceful);
    assert!(sim.listeners_closed);
    sim.advance(secs(30));
    assert_eq!(sim.exit, None);
    sim.advance(secs(1));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

#[test]
fn a_repeated_stop_is_harmless_and_a_quick_one_hurries_a_graceful_one() {
    let mut sim = Sim::new(policy(), |_, _| Manners { drain: None, ..Manners::default() });
    sim.advance(secs(1));
    sim.stop(StopMode::Graceful);
    sim.stop(StopMode::Graceful);
    assert!(sim.workers.values().all(|it| it.drains == 1));
    sim.stop(StopMode::Quick);
    sim.stop(StopMode::Graceful);
    sim.advance(secs(3));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

#[test]
fn a_stop_during_boot_ends_the_boot() {
    let mut sim = Sim::new(policy(), |_, _| Manners { boot: secs(100), ..Manners::default() });
    sim.advance(secs(1));
    sim.stop(StopMode::Graceful);
    sim.advance(millis(100));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

#[test]
fn a_stop_does_not_wait_for_a_boot_that_is_stuck() {
    let stuck = || Manners { boot: secs(100), stuck: true, ..Manners::default() };
    for mode in [StopMode::Graceful, StopMode::Quick] {
        let mut sim = Sim::new(policy(), move |_, _| stuck());
        sim.advance(millis(300));
        sim.stop(mode);
        sim.advance(millis(900));
        assert_eq!(sim.exit, None, "a boot may take a moment to end by itself");
        sim.advance(millis(200));
        assert_eq!(sim.exit, Some(ExitReason::Stopped));
        assert!(sim.notices.iter().any(|it| matches!(it, Notice::BootCut { .. })));
    }
}

#[test]
fn a_boot_that_is_stuck_is_killed_as_soon_when_something_else_than_a_stop_ends_it() {
    let mut sim = Sim::booted(policy());
    sim.set_manners(|_, _| Manners { boot: secs(100), stuck: true, ..Manners::default() });
    sim.ask(Command::ScaleUp);
    sim.advance(secs(1));
    assert_eq!(sim.alive(), 3);
    sim.ask(Command::ScaleDown);
    sim.advance(millis(1_100));
    assert_eq!((sim.alive(), sim.ready()), (2, 2));
}

#[test]
fn a_stop_waits_for_a_startup_whose_event_loop_runs_until_the_drain_limit() {
    let starting = |boot| Manners {
        boot: secs(boot),
        startup: Some(millis(200)),
        drain: Some(secs(2)),
        ..Manners::default()
    };
    let mut sim = Sim::new(policy(), move |_, _| starting(10));
    sim.advance(secs(1));
    sim.stop(StopMode::Graceful);
    sim.advance(secs(12));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
    assert!(sim.workers.values().all(|it| it.signals == [WorkerSignal::Terminate]), "nobody was killed");

    let mut sim = Sim::new(policy(), move |_, _| starting(100));
    sim.advance(secs(1));
    sim.stop(StopMode::Graceful);
    sim.advance(secs(30));
    assert_eq!(sim.exit, None);
    sim.advance(secs(1));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

#[test]
fn a_quick_stop_hurries_a_startup_that_a_graceful_one_waits_for() {
    let starting = || Manners { boot: secs(100), startup: Some(millis(200)), ..Manners::default() };
    let mut sim = Sim::new(policy(), move |_, _| starting());
    sim.advance(secs(1));
    sim.stop(StopMode::Graceful);
    sim.advance(secs(10));
    sim.stop(StopMode::Quick);
    sim.advance(millis(2_600));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

#[test]
fn a_startup_is_not_cut_when_the_master_was_too_late_to_see_that_it_is_alive() {
    let starting = || Manners { boot: secs(5), startup: Some(millis(200)), ..Manners::default() };
    let mut sim = Sim::new(policy(), move |_, _| starting());
    sim.advance(secs(1));
    sim.stop(StopMode::Graceful);
    sim.now += millis(1_000);
    sim.happen(Event::Woke);
    sim.advance(secs(10));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
    assert!(sim.workers.values().all(|it| it.signals == [WorkerSignal::Terminate]), "nobody was killed");
}

#[test]
fn a_stop_in_the_middle_of_a_reload_wins_at_once() {
    let mut sim = Sim::booted(policy());
    let reload = sim.reload();
    sim.advance(millis(100));
    let queued = sim.reload();
    sim.stop(StopMode::Graceful);
    sim.advance(secs(1));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
    assert_eq!(sim.replies[&reload], [Reply::Stopping]);
    assert_eq!(sim.replies[&queued], [Reply::Stopping]);
}

#[test]
fn a_delayed_stop_announces_itself_and_goes_on_accepting() {
    let mut sim = Sim::booted(Policy { drain_delay: secs(10), ..policy() });
    let asker = sim.stop(StopMode::Graceful);
    sim.stop(StopMode::Graceful);
    sim.advance(secs(9));
    assert!(!sim.listeners_closed);
    assert_eq!(sim.ready(), 2);
    assert!(sim.workers.values().all(|it| it.announced));
    sim.advance(secs(2));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
    assert_eq!(sim.replies[&asker], [Reply::Accepted]);
}

#[test]
fn a_quick_stop_does_not_wait_for_the_delay() {
    let mut sim = Sim::booted(Policy { drain_delay: secs(10), ..policy() });
    sim.stop(StopMode::Graceful);
    sim.stop(StopMode::Quick);
    sim.advance(secs(1));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}
