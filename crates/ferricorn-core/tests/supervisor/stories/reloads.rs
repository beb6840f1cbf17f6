//! Reloads: the canary, those that follow it, and the way back.

use ferricorn_core::{BootFailure, Generation, Notice, Policy, Reply, Retirement};

use crate::sim::{Manners, Sim, millis, policy, secs};

#[test]
fn a_reload_waits_for_the_first_new_worker_to_hold_before_the_others_follow() {
    let mut sim = Sim::booted(policy());
    let asker = sim.reload();
    sim.advance(secs(5));
    assert_eq!(sim.alive(), 3, "the canary is ready");
    assert_eq!(sim.generations(), [1, 1], "it does not serve before it has held");
    sim.advance(secs(1));
    assert_eq!(sim.generations(), [1, 1, 2], "it serves beside the old ones");
    sim.advance(secs(2));
    assert_eq!(sim.generations(), [2, 2]);
    assert_eq!(sim.replies[&asker], [Reply::Reloaded(Generation(2))]);
    assert_eq!((sim.fewest_ready, sim.most_alive), (2, 3));
}

#[test]
fn a_generation_that_does_not_boot_leaves_the_old_one_serving() {
    let mut sim = Sim::booted(policy());
    sim.set_manners(|_, _| Manners { boot_failure: Some(BootFailure::Boot), ..Manners::default() });
    let before = sim.serving_ids();
    let asker = sim.reload();
    sim.advance(secs(60));
    assert_eq!(sim.serving_ids(), before);
    assert_eq!(sim.spawns, 3, "a rejected generation is not tried again");
    assert_eq!(sim.replies[&asker], [Reply::ReloadRejected(Generation(2))]);
}

#[test]
fn a_generation_whose_first_worker_dies_in_probation_is_rejected() {
    let mut sim = Sim::booted(policy());
    sim.set_manners(|_, _| Manners { dies_after: Some(secs(3)), ..Manners::default() });
    let before = sim.serving_ids();
    sim.reload();
    sim.advance(secs(60));
    assert_eq!(sim.serving_ids(), before);
    assert_eq!(sim.fewest_ready, 2);
}

#[test]
fn a_canary_that_has_answered_a_request_is_proven_at_once() {
    let mut sim = Sim::booted(policy());
    sim.set_manners(|_, _| Manners { requests_per_second: 10, ..Manners::default() });
    sim.reload();
    // Ready at 0.5 s, held at 5.5 s, and the first sample after that finds requests.
    sim.advance(millis(5_800));
    assert!(sim.notices.iter().any(|it| matches!(it, Notice::ReloadProven(_))));
}

#[test]
fn a_canary_serves_before_it_has_held_when_the_worker_beside_it_is_gone() {
    let mut sim = Sim::booted(Policy { workers: 1, ..policy() });
    let only = sim.serving_ids()[0];
    sim.reload();
    sim.advance(secs(1));
    assert_eq!(sim.serving_ids(), [only]);
    sim.kill_from_outside(only);
    assert_eq!(sim.generations(), [2], "somebody has to");
    sim.advance(secs(10));
    assert_eq!(sim.generations(), [2]);
    assert_eq!(sim.spawns, 2);
}

#[test]
fn a_generation_that_fails_after_its_canary_is_rolled_back_worker_by_worker() {
    let mut sim = Sim::booted(Policy { workers: 4, ..policy() });
    // The canary and one more are good, then the boots fail; what was there before can boot again.
    sim.set_manners(|generation, id| Manners {
        boot_failure: (generation.0 == 2 && id.0 > 6).then_some(BootFailure::Boot),
        ..Manners::default()
    });
    let asker = sim.reload();
    sim.advance(secs(8));
    assert_eq!(sim.replies[&asker], [Reply::ReloadRejected(Generation(2))]);
    let back = |it: &Notice| matches!(it, Notice::RollingBack { workers: 2, .. });
    assert!(sim.notices.iter().any(back), "{:?}", sim.notices);
    sim.advance(secs(20));
    assert_eq!(sim.generations(), [1, 1, 1, 1]);
    assert_eq!(
        (sim.fewest_ready, sim.most_alive),
        (4, 5),
        "also on the way back the replacement comes first"
    );
}

#[test]
fn a_generation_whose_worker_dies_before_all_have_followed_is_rolled_back_with_its_settings() {
    let mut sim = Sim::booted(policy());
    let wider = Policy { workers: 4, timeout: None, ..sim.core.policy().clone() };
    sim.set_manners(|generation, id| Manners {
        boot: millis(if id.0 == 3 { 500 } else { 2_000 }),
        dies_after: (generation.0 == 2).then_some(millis(6_700)),
        ..Manners::default()
    });
    sim.reload_to(wider);
    // The canary is ready at 0.5 s and proven at 6.5 s; it dies at 7.2 s, when the others have not all followed.
    sim.advance(millis(6_600));
    assert_eq!(sim.core.snapshot().target, 4);
    sim.advance(secs(20));
    assert_eq!(sim.generations(), [1, 1]);
    assert_eq!((sim.core.snapshot().target, sim.core.policy().timeout), (2, Some(secs(30))));
}

#[test]
fn a_rejected_worker_stays_when_the_old_code_cannot_be_loaded_any_more() {
    let mut sim = Sim::booted(policy());
    sim.set_manners(|_, id| Manners {
        boot_failure: (id.0 > 3).then_some(BootFailure::Boot),
        ..Manners::default()
    });
    sim.reload();
    sim.advance(secs(120));
    assert_eq!(sim.ready(), 2);
    assert_eq!(sim.fewest_ready, 2);
}

#[test]
fn after_a_rejected_reload_nothing_is_recycled_until_a_good_one() {
    let mut sim = Sim::new(Policy { max_requests: Some(100), ..policy() }, |_, _| Manners {
        requests_per_second: 10,
        ..Manners::default()
    });
    sim.advance(secs(1));
    sim.set_manners(|_, _| Manners { boot_failure: Some(BootFailure::App), ..Manners::default() });
    let before = sim.serving_ids();
    sim.reload();
    sim.advance(secs(100));
    assert_eq!(sim.serving_ids(), before, "recycling would load the rejected code");
    let said = sim.notices.iter().filter(|it| matches!(it, Notice::RecyclingFrozen { .. })).count();
    assert_eq!(said, 2, "it is said once for each worker");
    sim.set_manners(|_, _| Manners { requests_per_second: 10, ..Manners::default() });
    sim.reload();
    sim.advance(secs(60));
    assert!(sim.generations().iter().all(|generation| *generation == 3));
    let recycled =
        sim.notices.iter().any(|it| matches!(it, Notice::Exited { why: Retirement::MaxRequests, .. }));
    assert!(recycled, "a good reload thaws it");
}

#[test]
fn reloads_in_a_burst_are_merged_and_everybody_is_answered_once() {
    let mut sim = Sim::booted(policy());
    let askers: Vec<_> = (0..5_000).map(|_| sim.reload()).collect();
    sim.advance(secs(60));
    assert_eq!(sim.generations(), [3, 3], "one under way, and one for all that came after");
    assert_eq!((sim.fewest_ready, sim.most_alive), (2, 3));
    assert!(askers.iter().all(|asker| sim.replies[asker].len() == 1));
}

#[test]
fn a_reload_is_told_when_the_last_old_worker_has_gone_and_its_snapshot_counts_a_slot_once() {
    let mut sim = Sim::new(policy(), |generation, _| Manners {
        drain: (generation.0 > 1).then_some(millis(100)),
        ..Manners::default()
    });
    sim.advance(secs(1));
    let by = sim.reload();
    let ready = |sim: &Sim| {
        let workers = sim.core.snapshot().workers;
        assert!(workers.is_sorted_by_key(|worker| (worker.slot, worker.id)), "{workers:?}");
        workers.iter().filter(|it| it.stage == ferricorn_core::Stage::Ready && !it.on_probation).count()
    };
    sim.advance(secs(2));
    assert_eq!(ready(&sim), 2, "and a canary");
    while !sim.notices.iter().any(|it| matches!(it, Notice::ReloadCommitted(_))) {
        sim.advance(millis(100));
        assert!(ready(&sim) <= 2);
    }
    assert!(sim.core.snapshot().workers.iter().any(|worker| worker.generation.0 == 1), "it drains");
    assert_eq!(sim.replies[&by], [], "an old worker is still there");
    sim.advance(secs(31));
    assert_eq!(sim.replies[&by], [Reply::Reloaded(Generation(2))]);
    assert!(sim.core.snapshot().workers.iter().all(|worker| worker.generation.0 == 2));
}
