//! The life cycle, told as stories on a clock that jumps.

mod sim;

use std::{collections::VecDeque, time::Instant};

use ferricorn_core::{
    Action, BootFailure, Command, Event, ExitReason, Generation, Notice, Policy, Reply, Retirement, StopMode,
    Supervisor, WorkerId, WorkerSignal,
};
use sim::{Manners, Sim, millis, policy, secs};

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
fn a_boot_is_urgent_unless_it_replaces_a_worker_that_only_is_old() {
    let mut sim = Sim::new(Policy { max_requests: Some(100), ..policy() }, |_, _| Manners {
        boot: secs(3),
        requests_per_second: 10,
        ..Manners::default()
    });
    let boots = |sim: &Sim| sim.booting().map(|it| it.urgent).collect::<Vec<_>>();
    sim.advance(secs(1));
    assert_eq!(boots(&sim), [true, true], "at the start everybody waits");
    sim.advance(secs(13));
    assert_eq!(boots(&sim), [false], "nobody waits for a replacement");
    sim.kill_from_outside(sim.serving_ids()[0]);
    let boots = boots(&sim);
    assert!(!boots.is_empty() && boots.iter().all(|urgent| *urgent), "{boots:?}");
}

#[test]
fn a_drained_worker_gives_way_unless_the_service_stops() {
    let mut sim = Sim::new(Policy { max_requests: Some(100), ..policy() }, |_, _| Manners {
        requests_per_second: 10,
        drain: Some(secs(2)),
        ..Manners::default()
    });
    let leaving = |sim: &Sim| {
        let leaving = sim.workers.values().filter(|it| it.leaving && !it.gone);
        leaving.map(|it| it.urgent).collect::<Vec<_>>()
    };
    let mut seen = Vec::new();
    while seen != [[true], [false]] {
        sim.advance(millis(100));
        let now = leaving(&sim);
        if !now.is_empty() && seen.last() != Some(&now) {
            seen.push(now);
        }
        assert!(seen.len() <= 2, "{seen:?}");
    }
    sim.stop(StopMode::Graceful);
    assert!(leaving(&sim).into_iter().all(|urgent| urgent), "a stop waits for it");
}

#[test]
fn a_reload_is_urgent() {
    let mut sim = Sim::new(policy(), |_, _| Manners::default());
    sim.advance(secs(2));
    sim.reload();
    assert!(sim.booting().next().expect("the canary").urgent);
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
fn scaling_reaches_the_exact_number_and_the_youngest_goes_first() {
    let mut sim = Sim::booted(policy());
    let old = sim.serving_ids();
    for _ in 0..48 {
        sim.ask(Command::ScaleUp);
    }
    sim.advance(secs(2));
    assert_eq!(sim.ready(), 50);
    for _ in 0..48 {
        sim.ask(Command::ScaleDown);
    }
    sim.advance(secs(2));
    assert_eq!(sim.serving_ids(), old);
}

#[test]
fn workers_asked_for_during_a_reload_are_there_after_it() {
    let mut sim = Sim::booted(policy());
    sim.reload();
    sim.advance(secs(1));
    sim.reload();
    for _ in 0..3 {
        sim.ask(Command::ScaleUp);
    }
    sim.advance(secs(60));
    assert_eq!(sim.generations(), [3; 5]);
}

#[test]
fn scaling_down_gives_up_a_worker_that_still_boots_before_one_that_is_ready() {
    let mut sim = Sim::booted(policy());
    // The third one boots for long; a worker that is replaced meanwhile is younger, and ready.
    sim.set_manners(|_, id| Manners {
        boot: if id.0 == 3 { secs(60) } else { millis(500) },
        ..Manners::default()
    });
    sim.ask(Command::ScaleUp);
    let asked = sim.serving_ids()[0];
    sim.kill_from_outside(asked);
    sim.advance(secs(5));
    assert_eq!((sim.ready(), sim.alive()), (2, 3));
    sim.watch();
    sim.ask(Command::ScaleDown);
    sim.advance(secs(5));
    assert_eq!((sim.fewest_ready, sim.ready(), sim.alive()), (2, 2, 2));
}

#[test]
fn scaling_down_stops_at_one() {
    let mut sim = Sim::booted(policy());
    for _ in 0..5 {
        sim.ask(Command::ScaleDown);
    }
    sim.advance(secs(2));
    assert_eq!(sim.ready(), 1);
}

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
fn a_worker_that_was_told_to_stop_by_somebody_else_is_replaced_first() {
    let mut sim = Sim::booted(policy());
    let asked = sim.serving_ids()[0];
    sim.happen(Event::AskedToStop { id: asked });
    sim.advance(secs(2));
    assert!(!sim.serving_ids().contains(&asked));
    assert_eq!((sim.fewest_ready, sim.ready()), (2, 2));
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
