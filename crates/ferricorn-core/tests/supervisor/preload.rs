//! Templates: workers that are forked, and what becomes of a service whose template is not what it should be.

use crate::sim::{Manners, Sim, TemplateManners, millis, policy, secs};
use ferricorn_core::{BootFailure, ExitReason, Generation, Notice, Policy, StopMode, TemplateSignal};

const FIRST: Generation = Generation(1);
const SECOND: Generation = Generation(2);

fn preload() -> Policy {
    Policy { preload: true, ..policy() }
}

/// A service whose template has these manners, before anything has happened but the start.
fn begun(template: TemplateManners, policy: Policy) -> Sim {
    let mut sim = Sim::waiting(policy, |_, _| Manners { requests_per_second: 20, ..Manners::default() });
    sim.template_manners = template;
    sim.begin();
    sim
}

/// The same, when everybody is ready.
fn preloaded() -> Sim {
    let mut sim = begun(TemplateManners::default(), preload());
    sim.advance(secs(2));
    assert_eq!((sim.ready(), sim.forks, sim.spawns), (2, 2, 0));
    sim.watch();
    sim
}

fn lost(sim: &Sim) -> usize {
    sim.notices.iter().filter(|notice| matches!(notice, Notice::TemplateLost { .. })).count()
}

#[test]
fn a_first_start_waits_for_the_template_and_forks_every_worker() {
    let mut sim = begun(TemplateManners::default(), preload());
    sim.advance(millis(300));
    assert_eq!((sim.alive(), sim.templates_made), (0, 1), "nobody imports beside the template");
    sim.advance(secs(1));
    assert_eq!((sim.ready(), sim.forks, sim.spawns), (2, 2, 0));
}

#[test]
fn without_the_option_there_is_no_template() {
    let mut sim = Sim::booted(policy());
    sim.reload();
    sim.advance(secs(30));
    assert_eq!((sim.templates_made, sim.forks), (0, 0));
}

#[test]
fn what_cannot_be_forked_is_spawned_plainly_and_the_template_goes() {
    let mut sim = begun(TemplateManners { unfit: true, ..TemplateManners::default() }, preload());
    sim.advance(secs(2));
    assert_eq!((sim.ready(), sim.forks, sim.spawns), (2, 0, 2));
    assert!(sim.templates.is_empty());
    sim.advance(secs(120));
    assert_eq!(sim.templates_made, 1, "this generation was looked at");
    sim.template_manners = TemplateManners::default();
    sim.reload();
    sim.advance(secs(20));
    assert_eq!((sim.generations(), sim.forks), (vec![2, 2], 2), "the next one is looked at anew");
}

#[test]
fn a_first_start_ends_by_the_words_of_the_template() {
    let failure = BootFailure::App;
    let manners = TemplateManners { failure: Some(failure), ..TemplateManners::default() };
    let mut sim = begun(manners, preload());
    sim.advance(secs(5));
    assert_eq!((sim.exit, sim.spawns), (Some(ExitReason::BootFailed(failure)), 0));
    assert_eq!(lost(&sim), 1, "it is said once");
}

#[test]
fn a_template_that_dies_at_its_first_import_is_no_verdict_on_the_application() {
    let manners = TemplateManners { dies_in_boot: true, ..TemplateManners::default() };
    let mut sim = begun(manners, preload());
    sim.advance(secs(2));
    assert_eq!((sim.ready(), sim.spawns, sim.exit), (2, 2, None));
}

#[test]
fn an_import_that_hangs_says_where_and_ends_the_start_as_it_would_without_a_template() {
    let manners = TemplateManners { boot: secs(1_000), ..TemplateManners::default() };
    let mut sim = begun(manners, Policy { workers: 4, boot_timeout: Some(secs(10)), ..preload() });
    sim.advance(millis(10_100));
    assert_eq!(sim.template_signals, [TemplateSignal::Dump]);
    sim.advance(millis(200));
    assert_eq!(sim.template_signals, [TemplateSignal::Dump, TemplateSignal::Kill]);
    assert!(sim.notices.contains(&Notice::TemplateTimedOut { generation: FIRST }));
    sim.advance(secs(10));
    assert_eq!(sim.exit, Some(ExitReason::BootFailed(BootFailure::Boot)));
}

#[test]
fn the_death_of_a_template_costs_nobody_and_it_is_back_after_a_pause() {
    let mut sim = preloaded();
    sim.kill_template(FIRST);
    let crashed = sim.serving_ids()[0];
    sim.kill_from_outside(crashed);
    sim.advance(millis(900));
    assert_eq!((sim.ready(), sim.spawns), (2, 1), "what is missing meanwhile is spawned plainly");
    sim.advance(secs(1));
    assert!(sim.templates[&FIRST].ready);
    let crashed = sim.serving_ids()[0];
    sim.kill_from_outside(crashed);
    sim.advance(secs(2));
    assert_eq!((sim.ready(), sim.spawns, sim.forks), (2, 1, 3));
}

#[test]
fn a_template_that_dies_again_and_again_is_made_anew_less_and_less_often() {
    let mut sim = preloaded();
    for _ in 0..8 {
        sim.advance(secs(1));
        sim.kill_template(FIRST);
    }
    let made = sim.templates_made;
    assert!(made <= 5, "{made}");
    sim.advance(secs(60));
    assert!(sim.templates[&FIRST].ready, "it comes back in the end");
    assert_eq!(sim.fewest_ready, 2);
}

#[test]
fn a_template_that_does_not_fork_is_killed_and_the_worker_spawned_plainly() {
    let mut sim = preloaded();
    sim.jam(|manners| manners.mute = true);
    let crashed = sim.serving_ids()[0];
    sim.kill_from_outside(crashed);
    sim.advance(Policy::FORK_LIMIT.saturating_sub(millis(100)));
    assert_eq!((sim.spawns, lost(&sim)), (0, 0));
    sim.advance(secs(1));
    assert_eq!((sim.ready(), sim.spawns, lost(&sim)), (2, 1, 1));
    assert_eq!(sim.template_signals, [TemplateSignal::Kill]);
}

#[test]
fn a_failed_fork_is_neither_a_failed_boot_nor_a_crash() {
    let mut sim = preloaded();
    sim.jam(|manners| manners.full = true);
    let crashed = sim.serving_ids()[0];
    sim.kill_from_outside(crashed);
    sim.advance(secs(1));
    assert_eq!((sim.ready(), sim.spawns), (2, 1));
    assert!(
        !sim.notices.iter().any(|it| matches!(it, Notice::BootFailed { .. } | Notice::SpawnFailed { .. }))
    );
}

#[test]
fn a_reload_makes_a_template_of_its_own_and_the_old_one_goes_with_the_commit() {
    let mut sim = preloaded();
    sim.reload();
    sim.advance(millis(300));
    assert_eq!(sim.templates.len(), 2);
    assert_eq!(sim.alive(), 2, "the import of the template is the first half of the trial");
    sim.advance(secs(30));
    assert_eq!((sim.generations(), sim.forks, sim.spawns), (vec![2, 2], 4, 0));
    assert_eq!(sim.templates.keys().copied().collect::<Vec<_>>(), [SECOND]);
}

#[test]
fn a_reload_whose_import_fails_is_rejected_and_nothing_freezes_since_the_template_has_the_old_code() {
    let mut sim = begun(TemplateManners::default(), Policy { max_requests: Some(200), ..preload() });
    sim.advance(secs(2));
    sim.watch();
    sim.template_manners.failure = Some(BootFailure::Boot);
    sim.reload();
    sim.advance(secs(2));
    assert!(sim.notices.contains(&Notice::ReloadRejected { generation: SECOND, frozen: false }));
    assert!(!sim.core.snapshot().frozen);
    let forks = sim.forks;
    sim.advance(secs(30));
    assert!(sim.forks > forks + 1, "recycling goes on");
    assert_eq!((sim.generations(), sim.spawns, sim.fewest_ready), (vec![1, 1], 0, 2));
    // With the template the old code is gone.
    sim.kill_template(FIRST);
    let forks = sim.forks;
    sim.advance(secs(60));
    assert!(sim.core.snapshot().frozen);
    assert_eq!((sim.forks, sim.spawns, sim.templates.len()), (forks, 0, 0), "what is on disk was rejected");
}

#[test]
fn after_a_stop_there_is_no_template_and_none_is_made() {
    for mode in [StopMode::Graceful, StopMode::Quick] {
        let mut sim = preloaded();
        sim.stop(mode);
        assert!(sim.templates.is_empty());
        sim.advance(secs(5));
        assert_eq!((sim.exit, sim.templates_made), (Some(ExitReason::Stopped), 1));
    }
}

#[test]
fn a_stop_while_the_template_imports_ends_at_once() {
    let mut sim = begun(TemplateManners { boot: secs(100), ..TemplateManners::default() }, preload());
    sim.advance(secs(1));
    sim.stop(StopMode::Graceful);
    assert_eq!((sim.exit, sim.templates.len()), (Some(ExitReason::Stopped), 0));
}

#[test]
fn a_worker_that_is_asked_for_when_the_stop_comes_is_not_waited_for() {
    let mut sim = preloaded();
    sim.jam(|manners| manners.mute = true);
    let crashed = sim.serving_ids()[0];
    sim.kill_from_outside(crashed);
    sim.advance(millis(10));
    sim.stop(StopMode::Graceful);
    sim.advance(secs(5));
    assert_eq!((sim.exit, sim.spawns), (Some(ExitReason::Stopped), 0));
}

#[test]
fn the_option_may_come_and_go_with_a_reload() {
    let mut sim = Sim::booted(policy());
    sim.reload_to(preload());
    sim.advance(secs(30));
    assert_eq!((sim.generations(), sim.forks), (vec![2, 2], 2));
    sim.reload_to(policy());
    sim.advance(secs(30));
    assert_eq!((sim.generations(), sim.forks, sim.templates.len()), (vec![3, 3], 2, 0));
}
