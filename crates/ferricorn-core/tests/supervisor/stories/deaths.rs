//! Workers that die: who is replaced at once, and who has to wait.

use ferricorn_core::{BootFailure, Notice, Policy};

use crate::sim::{Manners, Sim, millis, policy, secs};

#[test]
fn a_killed_worker_is_replaced_at_once_and_the_others_are_left_alone() {
    let mut sim = Sim::booted(policy());
    let [first, second] = sim.serving_ids()[..] else { panic!("two workers") };
    sim.kill_from_outside(first);
    assert_eq!(sim.alive(), 2, "the replacement is on its way");
    sim.advance(secs(1));
    assert_eq!(sim.ready(), 2);
    assert!(sim.serving_ids().contains(&second));
    assert!(sim.workers[&second].signals.is_empty());
}

#[test]
fn a_crash_loop_slows_down_to_one_try_in_thirty_seconds() {
    let mut sim = Sim::booted(policy());
    sim.set_manners(|_, _| Manners { boot: millis(10), dies_in_boot: true, ..Manners::default() });
    let victim = sim.serving_ids()[0];
    sim.kill_from_outside(victim);
    sim.advance(secs(600));
    let in_ten_minutes = sim.spawns;
    sim.advance(secs(600));
    let in_ten_more = sim.spawns - in_ten_minutes;
    assert!((19..=41).contains(&in_ten_more), "{in_ten_more} tries in ten minutes");
    assert_eq!(sim.ready(), 1, "the other one serves on");
    assert_eq!(sim.exit, None);
}

#[test]
fn all_workers_killed_at_once_are_all_replaced_at_once_twice_in_a_row() {
    let mut sim = Sim::booted(Policy { workers: 30, ..policy() });
    for _ in 0..2 {
        for id in sim.serving_ids() {
            sim.kill_from_outside(id);
        }
        sim.advance(secs(6));
        assert_eq!(sim.ready(), 30);
    }
    assert!(!sim.notices.iter().any(|it| matches!(it, Notice::RestartsSlowed { .. })));
}

#[test]
fn workers_that_die_every_six_seconds_share_a_budget_of_restarts() {
    // Each of them held for long enough to start its slot's back-off anew.
    for workers in [2, 4, 40] {
        let mut sim = Sim::booted(Policy { workers, ..policy() });
        sim.set_manners(|_, _| Manners {
            dies_after: Some(secs(6)),
            boot: millis(100),
            ..Manners::default()
        });
        for id in sim.serving_ids() {
            sim.kill_from_outside(id);
        }
        sim.advance(secs(60));
        let before = sim.spawns;
        sim.advance(secs(600));
        let restarts = sim.spawns - before;
        // What it holds, and what it is refilled with: the number of workers in ten seconds, one in two at least.
        let workers = usize::from(workers);
        let most = 2 * workers + 8 + (60 * workers).max(300) + 1;
        assert!(restarts <= most, "{workers} workers: {restarts} restarts in ten minutes");
        assert!(sim.ready() > 0, "it serves as well as it can");
        let told = sim.notices.iter().filter(|it| matches!(it, Notice::RestartsSlowed { .. })).count();
        // Two workers that die every six seconds stay within it.
        assert_eq!(told, usize::from(workers > 2), "said once");
    }
}

#[test]
fn a_service_whose_boots_have_failed_heals_at_once_when_one_of_them_works() {
    let mut sim = Sim::booted(Policy { workers: 16, ..policy() });
    sim.set_manners(|_, _| Manners { boot_failure: Some(BootFailure::Startup), ..Manners::default() });
    for id in sim.serving_ids() {
        sim.kill_from_outside(id);
    }
    sim.advance(secs(10));
    // All of them together have had what the budget holds, and what it was refilled with since.
    assert!(sim.spawns <= 16 + 2 * 16 + 8 + 16 + 1, "{} starts", sim.spawns);
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::RestartsSlowed { .. })));
    sim.set_manners(|_, _| Manners::default());
    // No slot's own back-off is longer than half of the outage.
    sim.advance(secs(7));
    assert_eq!(sim.ready(), 16);
}

#[test]
fn a_service_heals_when_its_workers_can_boot_again() {
    let mut sim = Sim::booted(policy());
    sim.set_manners(|_, _| Manners { boot_failure: Some(BootFailure::Boot), ..Manners::default() });
    let victim = sim.serving_ids()[0];
    sim.kill_from_outside(victim);
    sim.advance(secs(20));
    sim.set_manners(|_, _| Manners::default());
    sim.advance(secs(31));
    assert_eq!(sim.ready(), 2);
}
