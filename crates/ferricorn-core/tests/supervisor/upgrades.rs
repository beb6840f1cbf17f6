//! Upgrades, told as stories on a clock that jumps: the side that hands over, then the side that takes over.

use crate::sim::{Manners, Sim, Successor, millis, policy, secs};
use ferricorn_core::{
    BootFailure, Command, Event, Exit, ExitReason, Notice, Policy, Reply, RequestId, StopMode, Supervisor,
    UpgradeFailure, UpgradeWay,
};

fn upgrade(sim: &mut Sim) -> RequestId {
    sim.ask(Command::Upgrade)
}

fn failures(sim: &Sim) -> Vec<UpgradeFailure> {
    let failure = |notice: &Notice| match notice {
        Notice::UpgradeFailed(why) => Some(why.clone()),
        _ => None,
    };
    sim.notices.iter().filter_map(failure).collect()
}

fn gone(reason: &str) -> UpgradeFailure {
    UpgradeFailure::Gone(reason.to_owned())
}

#[test]
fn the_old_master_leaves_when_the_new_one_serves() {
    let mut sim = Sim::booted(policy());
    let asked = upgrade(&mut sim);
    sim.advance(millis(1_999));
    assert_eq!(sim.fewest_ready, 2, "everything is as it was until the new one is ready");
    assert!(sim.replies[&asked].is_empty());
    sim.advance(secs(1));
    assert_eq!(sim.replies[&asked], [Reply::Upgraded]);
    assert!(sim.gave_up_listeners, "the files of unix sockets are the new one's");
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
    assert!(sim.successor_alive && sim.successor_stops.is_empty());
}

#[test]
fn a_new_master_gets_as_many_workers_as_the_old_one_was_scaled_to() {
    let mut sim = Sim::booted(policy());
    upgrade(&mut sim);
    assert_eq!(sim.successor_scaled_to, None, "nobody has asked for another number");

    let mut sim = Sim::booted(policy());
    sim.ask(Command::ScaleTo(5));
    sim.advance(secs(2));
    upgrade(&mut sim);
    assert_eq!(sim.successor_scaled_to, Some(5));

    let mut sim = Sim::with(Supervisor::succeeding(policy(), 7, Some(5)), |_, _| Manners::default());
    sim.happen(Event::Started);
    sim.advance(secs(2));
    assert_eq!(sim.alive(), 5);
}

#[test]
fn the_new_program_is_started_when_what_the_user_wants_done_before_is_done() {
    let slow = || Successor { preparation: Some(secs(3)), ..Successor::default() };
    let mut sim = Sim::booted(policy());
    sim.successor = slow();
    let asked = upgrade(&mut sim);
    sim.advance(millis(2_900));
    assert!(!sim.successor_alive);
    assert_eq!(sim.ready(), 2, "the service goes on meanwhile");
    sim.advance(secs(3));
    assert_eq!(sim.replies[&asked], [Reply::Upgraded]);

    // It counts towards what an upgrade may take.
    let mut sim = Sim::booted(Policy { upgrade_timeout: secs(2), ..policy() });
    sim.successor = slow();
    upgrade(&mut sim);
    sim.advance(secs(9));
    assert_eq!(failures(&sim), [UpgradeFailure::NotReady(secs(2))]);
    assert!(!sim.successor_alive && sim.exit.is_none());

    // A stop does not wait for it.
    let mut sim = Sim::booted(policy());
    sim.successor = slow();
    let asked = upgrade(&mut sim);
    sim.stop(StopMode::Graceful);
    sim.advance(secs(1));
    assert!(matches!(sim.replies[&asked][..], [Reply::UpgradeFailed(_)]));
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

#[test]
fn an_upgrade_that_fails_leaves_everything_as_it_was_and_a_second_one_works() {
    let bad = [
        (
            Successor { ready: None, exits: Some(secs(0)), ..Successor::default() },
            gone("1: it exited with code 1"),
        ),
        (
            Successor { ready: None, exits: Some(secs(9)), ..Successor::default() },
            gone("1: it exited with code 1"),
        ),
        (Successor { ready: None, ..Successor::default() }, UpgradeFailure::NotReady(secs(60))),
        (Successor { ready: None, deaf: true, ..Successor::default() }, UpgradeFailure::NotReady(secs(60))),
        (Successor { mute: true, ..Successor::default() }, UpgradeFailure::NotReady(secs(60))),
        (
            Successor { mute: true, exits: Some(secs(3)), ..Successor::default() },
            gone("1: it exited with code 1"),
        ),
    ];
    for (successor, reason) in bad {
        let mut sim = Sim::booted(policy());
        let before = sim.serving_ids();
        sim.successor = successor;
        let asked = upgrade(&mut sim);
        sim.advance(secs(120));
        assert_eq!(sim.replies[&asked], [Reply::UpgradeFailed(reason.clone())], "{successor:?}");
        assert_eq!(failures(&sim), [reason], "{successor:?}");
        assert_eq!(sim.serving_ids(), before, "{successor:?}");
        assert!(sim.successor_stops.iter().all(|siblings| *siblings), "this master serves on");
        assert!(!sim.successor_alive, "{successor:?}");
        assert_eq!(sim.successor_killed, successor.deaf);
        sim.successor = Successor::default();
        let again = upgrade(&mut sim);
        sim.advance(secs(5));
        assert_eq!(sim.replies[&again], [Reply::Upgraded], "{successor:?}");
        assert!(sim.exit.is_some(), "{successor:?}");
    }
}

#[test]
fn upgrades_that_are_asked_for_during_an_upgrade_share_its_outcome() {
    let mut sim = Sim::booted(policy());
    let asked: Vec<_> = (0..3).map(|_| upgrade(&mut sim)).collect();
    sim.advance(secs(5));
    assert!(asked.iter().all(|it| sim.replies[it] == [Reply::Upgraded]));
    assert_eq!(sim.notices.iter().filter(|it| **it == Notice::UpgradeUnderWay).count(), 2);
}

#[test]
fn an_upgrade_that_is_asked_for_while_a_failed_one_is_cleared_away_begins_anew() {
    let mut sim = Sim::booted(policy());
    sim.successor = Successor { ready: None, deaf: true, ..Successor::default() };
    upgrade(&mut sim);
    sim.advance(secs(61));
    sim.successor = Successor::default();
    sim.successor.deaf = true;
    let again = upgrade(&mut sim);
    assert!(sim.successor_alive, "the failed one is not gone yet");
    sim.advance(secs(60));
    assert_eq!(sim.replies[&again], [Reply::Upgraded]);
}

#[test]
fn a_stop_wins_over_an_upgrade_and_waits_for_the_new_master_to_go() {
    for mode in [StopMode::Graceful, StopMode::Quick] {
        for delay in [secs(0), secs(3)] {
            let mut sim = Sim::booted(Policy { drain_delay: delay, ..policy() });
            sim.successor.deaf = true;
            let asked = upgrade(&mut sim);
            sim.advance(secs(1));
            sim.stop(mode);
            assert_eq!(sim.successor_stops.first(), Some(&false), "at once, and nobody takes over");
            assert_eq!(sim.replies[&asked], [Reply::UpgradeFailed(UpgradeFailure::Stopping)]);
            sim.advance(secs(60));
            assert_eq!(sim.exit, Some(ExitReason::Stopped));
            assert!(!sim.successor_alive && sim.successor_killed);
            assert!(!sim.gave_up_listeners);
        }
    }
}

#[test]
fn a_stop_while_the_service_is_handed_over_stops_both() {
    let mut sim = Sim::booted(policy());
    sim.successor.mute = true;
    upgrade(&mut sim);
    sim.advance(secs(3));
    sim.stop(StopMode::Graceful);
    sim.advance(secs(2));
    assert_eq!(sim.successor_stops, [false]);
    assert_eq!(sim.exit, Some(ExitReason::Stopped));
}

#[test]
fn a_reload_during_an_upgrade_follows_a_failed_one_and_is_passed_on_to_a_new_master() {
    let mut sim = Sim::booted(policy());
    sim.successor = Successor { ready: None, exits: Some(secs(5)), ..Successor::default() };
    upgrade(&mut sim);
    let reload = sim.reload();
    sim.advance(secs(4));
    assert_eq!(sim.core.snapshot().generation.0, 1);
    assert!(!sim.core.snapshot().reloading, "it waits");
    sim.advance(secs(20));
    assert!(matches!(sim.replies[&reload][..], [Reply::Reloaded(_)]));
    sim.successor = Successor::default();
    upgrade(&mut sim);
    let reload = sim.reload();
    sim.advance(secs(10));
    assert_eq!(sim.replies[&reload], [Reply::PassedOn]);
    assert_eq!(sim.reloads_passed_on, 1);
}

#[test]
fn an_upgrade_waits_for_the_reload_that_is_under_way() {
    let mut sim = Sim::booted(policy());
    sim.reload();
    sim.advance(secs(1));
    let asked = upgrade(&mut sim);
    sim.advance(secs(1));
    assert!(!sim.successor_alive);
    sim.advance(secs(30));
    assert_eq!(sim.replies[&asked], [Reply::Upgraded]);
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::ReloadCommitted(_))));
}

#[test]
fn nothing_is_recycled_while_a_new_master_boots() {
    let limited = Policy { max_requests: Some(10), ..policy() };
    let mut sim = Sim::new(limited, |_, _| Manners { requests_per_second: 5, ..Manners::default() });
    sim.successor.ready = None;
    sim.advance(secs(1));
    upgrade(&mut sim);
    sim.advance(secs(50));
    assert_eq!(sim.spawns, 2);
}

fn in_place() -> Policy {
    Policy { upgrade_way: UpgradeWay::InPlace, ..policy() }
}

#[test]
fn in_place_the_new_program_takes_over_when_no_worker_boots() {
    let mut sim = Sim::booted(in_place());
    sim.successor = Successor { exits: Some(millis(2_100)), ..Successor::default() };
    upgrade(&mut sim);
    sim.advance(millis(1_900));
    // Its replacement boots when the check is passed.
    let victim = sim.serving_ids()[0];
    sim.kill_from_outside(victim);
    sim.advance(millis(400));
    assert!(!sim.replaced);
    sim.advance(millis(200));
    assert!(sim.replaced);
    assert!(failures(&sim).is_empty(), "the check has exited as it should: {:?}", sim.notices);
}

#[test]
fn in_place_a_failed_check_or_a_failed_exec_leaves_everything_as_it_was() {
    let mut sim = Sim::booted(in_place());
    let before = sim.serving_ids();
    sim.successor = Successor { ready: None, exits: Some(secs(1)), ..Successor::default() };
    upgrade(&mut sim);
    sim.advance(secs(3));
    assert_eq!(failures(&sim), [gone("1: it exited with code 1")]);
    sim.successor = Successor { exits: Some(secs(2)), ..Successor::default() };
    upgrade(&mut sim);
    sim.advance(secs(3));
    assert!(sim.replaced);
    sim.happen(Event::ReplacingFailed { reason: "no such file".to_owned() });
    assert_eq!(failures(&sim), [gone("1: it exited with code 1"), gone("no such file")]);
    assert!(!sim.core.may_be_replaced());
    assert_eq!(sim.serving_ids(), before);
    upgrade(&mut sim);
    sim.advance(secs(3));
    assert!(sim.core.may_be_replaced(), "a third try");
}

#[test]
fn what_was_taken_over_in_place_is_the_same_service() {
    let mut sim = Sim::booted(in_place());
    sim.reload();
    sim.advance(secs(30));
    sim.ask(Command::ScaleUp);
    sim.advance(secs(5));
    let leaving = sim.serving_ids()[2];
    sim.ask(Command::ScaleDown);
    let legacy = sim.core.legacy(sim.now);
    assert_eq!(legacy.workers.len(), 3);
    assert_eq!(legacy.workers.iter().filter(|it| it.leaving.is_some()).count(), 1);
    let mut heir = Supervisor::inheriting(in_place(), 7, &legacy, sim.now);
    assert_eq!(heir.legacy(sim.now), legacy);
    let actions = heir.step(Event::Started, sim.now);
    assert_eq!(actions, [], "everybody is there already");
    let snapshot = heir.snapshot();
    assert_eq!((snapshot.target, snapshot.generation.0), (2, 2));
    // The exits that were missed are no surprise.
    heir.step(Event::Exited { id: leaving, exit: Exit::Code(0) }, sim.now);
}

fn successor() -> Sim {
    Sim::with(Supervisor::succeeding(policy(), 7, None), |_, _| Manners::default())
}

#[test]
fn a_new_master_says_that_it_is_ready_when_all_its_workers_have_held() {
    let mut sim = successor();
    sim.advance(secs(5));
    assert!(!sim.announced_ready, "the probation is not over");
    sim.advance(secs(1));
    assert!(sim.announced_ready);
    assert!(!sim.took_over);
    assert_eq!((sim.alive(), sim.ready()), (2, 0), "they do not serve yet");
    sim.happen(Event::HandedOver);
    assert!(sim.took_over);
    assert_eq!(sim.ready(), 2);
    sim.happen(Event::CalledOff { siblings: false });
    sim.advance(secs(10));
    assert_eq!(sim.exit, None, "that the old master goes is as it should be");
}

#[test]
fn a_new_master_whose_worker_fails_gives_up_before_a_client_notices() {
    let crash = Manners { dies_after: Some(secs(3)), ..Manners::default() };
    let mute = Manners { dies_in_boot: true, boot: secs(2), ..Manners::default() };
    let broken = Manners { boot_failure: Some(BootFailure::App), boot: secs(2), ..Manners::default() };
    for (manners, failure) in
        [(crash, BootFailure::Boot), (mute, BootFailure::Boot), (broken, BootFailure::App)]
    {
        let mut sim = Sim::with(Supervisor::succeeding(policy(), 7, None), move |_, id| {
            if id.0 == 2 { manners.clone() } else { Manners::default() }
        });
        sim.advance(secs(20));
        assert_eq!(sim.exit, Some(ExitReason::BootFailed(failure)));
        assert!(!sim.announced_ready);
        assert_eq!(sim.spawns, 2, "it does not try again");
    }
}

#[test]
fn a_new_master_that_is_called_off_stops_and_is_not_handed_anything_any_more() {
    for siblings in [true, false] {
        let mut sim = successor();
        sim.advance(secs(7));
        sim.happen(Event::CalledOff { siblings });
        sim.happen(Event::HandedOver);
        sim.advance(secs(2));
        assert!(!sim.took_over);
        assert_eq!(sim.exit, Some(ExitReason::Stopped));
    }
}

#[test]
fn a_new_master_told_twice_drains_without_siblings_the_second_time() {
    let mut sim = Sim::with(Supervisor::succeeding(policy(), 7, None), |_, _| Manners {
        drain: Some(secs(3)),
        ..Manners::default()
    });
    sim.advance(secs(7));
    sim.stop(StopMode::Graceful);
    let drains = |sim: &Sim| sim.workers.values().map(|it| it.drains).sum::<u32>();
    assert_eq!(drains(&sim), 2);
    sim.happen(Event::CalledOff { siblings: false });
    assert_eq!(drains(&sim), 4);
    sim.happen(Event::CalledOff { siblings: false });
    assert_eq!(drains(&sim), 4, "nothing has changed");
}
