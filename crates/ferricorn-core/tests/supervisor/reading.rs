//! Scenarios of reading the settings, which is how a reload begins: what happens during it, and what it leads to.

use crate::sim::{Manners, Reading, Sim, Successor, millis, policy, secs};
use ferricorn_core::{Command, Event, Generation, Manner, Notice, Policy, Reply, StopMode, Unread};

/// A service whose settings take this long to read.
fn reading_takes(seconds: u64) -> Sim {
    let mut sim = Sim::booted(policy());
    sim.reading.takes = secs(seconds);
    sim
}

fn unread(sim: &Sim) -> usize {
    sim.notices.iter().filter(|it| matches!(it, Notice::SettingsUnread(_))).count()
}

#[test]
fn a_reload_begins_when_its_settings_are_read() {
    let mut sim = reading_takes(3);
    let asked = sim.reload_to(Policy { workers: 3, ..policy() });
    sim.advance(millis(2_900));
    let snapshot = sim.core.snapshot();
    assert!(snapshot.reloading, "a client that asks reads that a reload is in progress");
    assert_eq!((snapshot.target, sim.alive(), sim.generations()), (2, 2, vec![1, 1]));
    sim.advance(secs(20));
    assert_eq!(sim.generations(), [2, 2, 2]);
    assert_eq!(sim.replies[&asked], [Reply::Reloaded(Generation(2))]);
    assert!(!sim.core.snapshot().reloading);
}

#[test]
fn settings_that_cannot_be_read_change_nothing() {
    let mut sim = reading_takes(1);
    sim.reading.fails = true;
    let (waits, leaves) = (sim.reload(), sim.ask(Command::Reload { wait: false }));
    sim.advance(secs(30));
    let why = Unread::Failed("a mistake".to_owned());
    assert_eq!(sim.replies[&waits], [Reply::NotReloaded(why.clone())]);
    assert_eq!(sim.replies[&leaves], [Reply::NotReloaded(why)]);
    assert_eq!((unread(&sim), sim.spawns, sim.generations()), (2, 2, vec![1, 1]));
    sim.reading.fails = false;
    sim.reload();
    sim.advance(secs(30));
    assert_eq!(sim.generations(), [2, 2]);
}

#[test]
fn who_does_not_wait_is_answered_when_the_reload_begins() {
    let mut sim = reading_takes(2);
    let asked = sim.ask(Command::Reload { wait: false });
    sim.advance(millis(1_900));
    assert_eq!(sim.replies[&asked], []);
    sim.advance(millis(200));
    assert_eq!(sim.replies[&asked], [Reply::ReloadBegins]);
    sim.advance(secs(30));
    assert_eq!((sim.replies[&asked].len(), sim.generations()), (1, vec![2, 2]));
}

#[test]
fn a_reading_that_takes_too_long_is_stopped() {
    let mut sim = reading_takes(100);
    let asked = sim.reload();
    sim.advance(millis(59_900));
    assert_eq!((sim.replies[&asked].len(), sim.readings_stopped), (0, 0));
    sim.advance(millis(200));
    let why = Unread::TookLongerThan(Policy::READING_LIMIT);
    assert_eq!(sim.replies[&asked], [Reply::NotReloaded(why)]);
    assert_eq!((sim.readings_stopped, unread(&sim)), (1, 1));
    sim.reading = Reading::default();
    sim.reload();
    sim.advance(secs(30));
    assert_eq!(sim.generations(), [2, 2], "the next one is not late");
}

#[test]
fn a_request_during_a_reading_is_served_by_another_one() {
    let mut sim = reading_takes(3);
    let first = sim.reload();
    sim.advance(secs(1));
    let others = [sim.reload(), sim.reload(), sim.reload()];
    assert_eq!(sim.readings, 1);
    sim.advance(millis(2_100));
    assert_eq!(sim.readings, 2, "what was read first may be older than the other requests");
    sim.advance(secs(60));
    assert_eq!((sim.readings, sim.generations()), (2, vec![3, 3]));
    assert_eq!(sim.replies[&first], [Reply::Reloaded(Generation(2))]);
    assert!(others.iter().all(|it| sim.replies[it] == [Reply::Reloaded(Generation(3))]));
}

#[test]
fn a_stop_does_not_wait_for_a_reading() {
    for mode in [StopMode::Graceful, StopMode::Quick, StopMode::Now] {
        let mut sim = reading_takes(50);
        let asked = [sim.reload(), sim.reload()];
        sim.advance(secs(1));
        sim.stop(mode);
        assert_eq!(sim.readings_stopped, 1);
        let late = sim.reload();
        sim.advance(secs(1));
        assert!(sim.exit.is_some(), "{mode:?}");
        assert!(asked.iter().chain([&late]).all(|it| sim.replies[it] == [Reply::Stopping]));
        assert_eq!((sim.readings, unread(&sim)), (1, 0));
    }
}

#[test]
fn nothing_is_read_once_a_stop_is_announced() {
    let mut sim = Sim::booted(Policy { drain_delay: secs(5), ..policy() });
    sim.reading.takes = secs(50);
    let before = sim.reload();
    sim.stop(StopMode::Graceful);
    let after = sim.reload();
    sim.advance(secs(1));
    assert_eq!((sim.readings, sim.readings_stopped, sim.exit), (1, 1, None));
    assert!([before, after].iter().all(|it| sim.replies[it] == [Reply::Stopping]));
}

#[test]
fn an_upgrade_waits_for_the_reload_that_was_asked_for_before_it() {
    let mut sim = reading_takes(3);
    let reload = sim.reload();
    let upgrade = sim.ask(Command::Upgrade);
    sim.advance(secs(5));
    assert!(!sim.successor_alive, "the reload goes first");
    sim.advance(secs(30));
    assert_eq!(sim.replies[&reload], [Reply::Reloaded(Generation(2))]);
    assert_eq!(sim.replies[&upgrade], [Reply::Upgraded]);
}

#[test]
fn a_reload_whose_settings_are_being_read_is_passed_on_to_the_new_program() {
    let mut sim = Sim::booted(policy());
    sim.successor = Successor { ready: Some(secs(2)), ..Successor::default() };
    sim.ask(Command::Upgrade);
    sim.reading.takes = secs(30);
    let asked = [sim.reload(), sim.reload()];
    sim.advance(secs(5));
    assert_eq!((sim.reloads_passed_on, sim.readings_stopped), (1, 1));
    assert!(asked.iter().all(|it| sim.replies[it] == [Reply::PassedOn]));
}

#[test]
fn workers_asked_for_during_a_reading_are_there_after_the_reload() {
    let mut sim = reading_takes(3);
    sim.reload();
    sim.reload();
    sim.ask(Command::ScaleUp);
    sim.advance(secs(1));
    sim.ask(Command::ScaleUp);
    sim.advance(secs(60));
    assert_eq!(sim.generations(), [3; 4], "also after the second reading, which was asked for before");
    sim.reload_to(policy());
    sim.advance(secs(60));
    assert_eq!(sim.generations(), [4; 2], "what is asked for afterwards has the number of the settings");
}

#[test]
fn a_suspend_gives_a_reading_more_time() {
    let mut sim = reading_takes(50);
    let asked = sim.reload();
    sim.advance(secs(20));
    sim.leap(secs(45));
    assert_eq!(sim.readings_stopped, 0);
    sim.advance(secs(30));
    assert_eq!(sim.replies[&asked], [Reply::Reloaded(Generation(2))]);
}

#[test]
fn nothing_is_read_before_the_service_begins() {
    let mut sim = Sim::waiting(policy(), |_, _| Manners::default());
    let asked = sim.reload();
    assert_eq!(sim.readings, 0);
    sim.begin();
    assert_eq!(sim.readings, 1);
    sim.advance(secs(30));
    assert_eq!(sim.replies[&asked], [Reply::Reloaded(Generation(2))]);
}

#[test]
fn the_code_is_replaced_although_the_settings_cannot_be_read_during_development() {
    let mut sim = Sim::booted(Policy { manner: Manner::Development, ..policy() });
    sim.reading.fails = true;
    let asked = sim.reload();
    sim.advance(secs(5));
    assert_eq!(sim.replies[&asked], [Reply::NotReloaded(Unread::Failed("a mistake".to_owned()))]);
    assert_eq!(sim.generations(), [2, 2]);
}

#[test]
fn a_new_socket_that_cannot_listen_rejects_the_reload() {
    for probation in [0, 5] {
        let mut sim = Sim::booted(Policy { probation: secs(probation), ..policy() });
        let before = sim.serving_ids();
        sim.new_sockets_fail = true;
        let asked = sim.reload_to(Policy { workers: 3, ..policy() });
        sim.advance(secs(20));
        assert_eq!(sim.replies[&asked], [Reply::ReloadRejected(Generation(2))], "probation {probation}");
        assert_eq!((sim.serving_ids(), sim.core.snapshot().target), (before, 2));
        assert_eq!((sim.fewest_ready, sim.alive()), (2, 2));
        assert!(!sim.notices.contains(&Notice::ReloadProven(Generation(2))));
    }
}

#[test]
fn a_worker_without_new_sockets_serves_on_the_old_ones_until_it_is_replaced() {
    let mut sim = Sim::booted(Policy { workers: 1, ..policy() });
    sim.set_manners(|generation, _| Manners {
        boot: millis(if generation.0 == 2 { 500 } else { 8_000 }),
        ..Manners::default()
    });
    sim.new_sockets_fail = true;
    sim.reload();
    sim.advance(secs(1));
    let old = sim.serving_ids()[0];
    sim.kill_from_outside(old);
    sim.advance(secs(1));
    assert_eq!(sim.generations(), [2], "the canary has nobody beside it, and serves");
    sim.advance(secs(30));
    assert_eq!(sim.generations(), [1]);
}

#[test]
fn a_socket_of_a_reload_that_is_over_has_no_say() {
    let mut sim = Sim::booted(policy());
    sim.reload();
    sim.advance(secs(30));
    sim.happen(Event::SocketsFailed { generation: Generation(2) });
    sim.happen(Event::SocketsFailed { generation: Generation(1) });
    sim.advance(secs(30));
    assert_eq!((sim.generations(), sim.exit), (vec![2, 2], None));
}
