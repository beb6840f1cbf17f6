//! A service whose code is being worked on, told as stories on a clock that jumps, and in random order.

use crate::sim::{Manners, Sim, TemplateManners, millis, policy, secs};
use ferricorn_core::{
    BootFailure, Command, Event, ExitReason, Generation, Manner, Notice, Policy, Reply, StopMode, WorkerId,
    WorkerSignal,
};
use proptest::prelude::*;

fn developers() -> Policy {
    let boot_timeout = Some(secs(60));
    Policy { workers: 1, timeout: None, boot_timeout, manner: Manner::Development, ..policy() }
}

/// A service that serves generation 1 by worker 1.
fn served() -> Sim {
    Sim::booted(developers())
}

fn broken(failure: BootFailure) -> Manners {
    Manners { boot_failure: Some(failure), ..Manners::default() }
}

fn told(sim: &Sim, is_it: impl Fn(&Notice) -> bool) -> usize {
    sim.notices.iter().filter(|notice| is_it(notice)).count()
}

/// The worker that serves, and whether it shows a page.
fn serving(sim: &Sim) -> Option<(WorkerId, Generation, bool)> {
    let id = *sim.serving_ids().first()?;
    Some((id, sim.workers[&id].generation, sim.workers[&id].page))
}

#[test]
fn a_change_stops_the_old_code_before_anything_is_started_in_its_place() {
    let mut sim = served();
    sim.happen(Event::CodeChanged);
    assert!(sim.workers[&WorkerId(1)].outdated);
    sim.advance(secs(1));
    assert_eq!((sim.spawns, sim.ready()), (1, 0), "what is on disk is not settled yet");
    sim.reload();
    assert_eq!(sim.spawns, 2);
    sim.advance(secs(1));
    assert_eq!(serving(&sim), Some((WorkerId(2), Generation(2), false)));
}

#[test]
fn a_change_that_no_reload_follows_is_served_all_the_same() {
    let mut sim = served();
    sim.happen(Event::CodeChanged);
    sim.advance(Policy::HOLD + secs(1));
    assert_eq!((sim.spawns, sim.ready()), (2, 1));
}

#[test]
fn a_reload_boots_the_new_worker_while_the_old_one_finishes_and_lets_one_application_run_at_a_time() {
    let mut sim = Sim::new(developers(), |_, _| Manners { drain: Some(secs(2)), ..Manners::default() });
    sim.advance(secs(1));
    sim.reload();
    assert_eq!(sim.spawns, 2, "at once, beside the old one");
    sim.advance(secs(1));
    assert!(sim.workers[&WorkerId(2)].waits, "its import is over, and the old one is still there");
    sim.advance(secs(1) + millis(10));
    // The simulation asserts that the two do not overlap.
    assert_eq!(serving(&sim), Some((WorkerId(2), Generation(2), false)));
}

#[test]
fn an_old_worker_that_does_not_go_is_killed_and_keeps_nobody_waiting() {
    let mut sim = Sim::new(developers(), |_, _| Manners { drain: None, ..Manners::default() });
    sim.advance(secs(1));
    sim.reload();
    sim.advance(Policy::REPLACED_GRACE + Policy::REPLACED_SHUTDOWN + millis(10));
    assert_eq!(sim.workers[&WorkerId(1)].signals, [WorkerSignal::Kill]);
    assert_eq!(serving(&sim), Some((WorkerId(2), Generation(2), false)));
}

#[test]
fn a_reload_in_the_middle_of_a_boot_begins_another_one() {
    let mut sim = served();
    sim.set_manners(|_, _| Manners { boot: secs(5), ..Manners::default() });
    sim.reload();
    sim.advance(secs(1));
    sim.set_manners(|_, _| Manners::default());
    sim.happen(Event::CodeChanged);
    sim.reload();
    sim.advance(secs(1));
    assert_eq!(serving(&sim), Some((WorkerId(3), Generation(3), false)));
    assert!(sim.workers[&WorkerId(2)].gone);
}

#[test]
fn a_boot_that_is_stuck_is_killed_for_the_next_one_within_half_a_second() {
    let mut sim = served();
    sim.set_manners(|generation, _| Manners {
        stuck: generation.0 == 2,
        boot: millis(100),
        ..Manners::default()
    });
    sim.reload();
    sim.reload();
    sim.advance(millis(550));
    assert_eq!(serving(&sim), Some((WorkerId(3), Generation(3), false)));
}

#[test]
fn a_failed_boot_is_shown_once_by_a_worker_in_its_place_until_the_code_changes() {
    for failure in [Some(BootFailure::Boot), Some(BootFailure::App), Some(BootFailure::Startup), None] {
        let mut sim = served();
        sim.set_manners(move |_, _| Manners {
            boot_failure: failure,
            dies_in_boot: failure.is_none(),
            ..Manners::default()
        });
        let asked = sim.reload();
        sim.advance(secs(60));
        assert_eq!(sim.spawns, 3, "nothing is tried again: {failure:?}");
        assert_eq!(serving(&sim), Some((WorkerId(3), Generation(2), true)));
        assert_eq!(told(&sim, |it| matches!(it, Notice::BootFailed { .. })), 1);
        assert_eq!(sim.replies[&asked], [Reply::ReloadRejected(Generation(2))]);
        sim.set_manners(|_, _| Manners::default());
        let asked = sim.reload();
        sim.advance(secs(1));
        assert_eq!(serving(&sim), Some((WorkerId(4), Generation(3), false)));
        assert_eq!(sim.replies[&asked], [Reply::Reloaded(Generation(3))]);
    }
}

#[test]
fn the_first_start_shows_its_failure_as_well_unless_no_code_can_mend_it() {
    let mut sim = Sim::new(developers(), |_, _| broken(BootFailure::Boot));
    sim.advance(secs(2));
    assert_eq!(serving(&sim), Some((WorkerId(2), Generation(1), true)));
    let mut sim = Sim::new(developers(), |_, _| broken(BootFailure::Environment));
    sim.advance(secs(2));
    assert_eq!(sim.exit, Some(ExitReason::BootFailed(BootFailure::Environment)));
}

#[test]
fn a_boot_that_hangs_says_where_before_its_failure_is_shown() {
    let mut sim = served();
    sim.set_manners(|_, _| Manners { boot: secs(1_000), stuck: true, ..Manners::default() });
    sim.reload();
    sim.advance(secs(62));
    let signals = &sim.workers[&WorkerId(2)].signals;
    assert_eq!(signals[..], [WorkerSignal::Dump, WorkerSignal::Abort, WorkerSignal::Kill]);
    assert_eq!(serving(&sim), Some((WorkerId(3), Generation(2), true)));
}

#[test]
fn while_a_debugger_is_open_nothing_is_replaced_and_nobody_is_late() {
    let mut sim = Sim::new(Policy { timeout: Some(secs(2)), ..developers() }, |_, _| Manners {
        silent_after: Some(secs(1)),
        ..Manners::default()
    });
    sim.advance(secs(1));
    let id = WorkerId(1);
    sim.happen(Event::Debugging { id, open: true });
    sim.advance(secs(60));
    sim.happen(Event::CodeChanged);
    sim.reload();
    sim.happen(Event::CodeChanged);
    sim.reload();
    sim.advance(secs(60));
    assert_eq!((sim.spawns, sim.ready()), (1, 1));
    assert!(sim.workers[&id].signals.is_empty());
    assert_eq!(told(&sim, |it| matches!(it, Notice::ChangesWait)), 1);
    sim.happen(Event::Debugging { id, open: false });
    assert_eq!(sim.spawns, 2);
    sim.advance(secs(1));
    assert_eq!(serving(&sim), Some((WorkerId(2), Generation(2), false)));
}

#[test]
fn a_debugger_that_is_heard_of_after_the_change_holds_it_up_all_the_same() {
    let mut sim = Sim::new(developers(), |_, _| Manners { drain: None, ..Manners::default() });
    sim.advance(secs(1));
    let id = WorkerId(1);
    sim.happen(Event::CodeChanged);
    sim.happen(Event::Debugging { id, open: true });
    sim.reload();
    sim.advance(secs(60));
    assert!(sim.workers[&id].signals.is_empty());
    assert_eq!(told(&sim, |it| matches!(it, Notice::ChangesWait)), 1);
    assert!(sim.workers[&WorkerId(2)].waits, "its import is over, and the old one is still there");
    // Each step in the debugger leaves it and opens it again.
    for open in [false, true, false] {
        sim.happen(Event::Debugging { id, open });
    }
    assert_eq!(told(&sim, |it| matches!(it, Notice::ChangesWait)), 1);
    sim.advance(Policy::REPLACED_GRACE + Policy::REPLACED_SHUTDOWN + secs(1));
    assert_eq!(serving(&sim), Some((WorkerId(2), Generation(2), false)));
}

#[test]
fn a_boot_that_is_debugged_has_its_time_afterwards() {
    let mut sim = Sim::new(developers(), |_, _| Manners { boot: secs(500), ..Manners::default() });
    sim.advance(secs(30));
    sim.happen(Event::Debugging { id: WorkerId(1), open: true });
    sim.advance(secs(100));
    sim.happen(Event::Debugging { id: WorkerId(1), open: false });
    sim.advance(secs(29));
    assert!(sim.workers[&WorkerId(1)].signals.is_empty());
    sim.advance(secs(2));
    assert!(!sim.workers[&WorkerId(1)].signals.is_empty());
}

#[test]
fn a_keyboard_stops_it_within_a_second_and_at_once_the_second_time() {
    for (times, limit) in [(1, millis(900)), (2, millis(20))] {
        for debugged in [false, true] {
            let mut sim = Sim::new(developers(), |_, _| Manners { drain: None, ..Manners::default() });
            sim.advance(secs(1));
            sim.happen(Event::Debugging { id: WorkerId(1), open: debugged });
            for _ in 0..times {
                sim.ask(Command::Interrupt);
            }
            sim.advance(limit);
            assert_eq!(sim.exit, Some(ExitReason::Stopped), "{times} times");
        }
    }
}

/// A service whose template is ready.
fn warm() -> Sim {
    let mut sim = served();
    sim.happen(Event::TemplateWanted);
    sim.advance(secs(1));
    assert_eq!((sim.templates_made, sim.templates.len()), (1, 1));
    sim
}

#[test]
fn nothing_is_made_before_a_worker_says_what_there_is_to_import() {
    let mut sim = served();
    sim.reload();
    sim.advance(secs(5));
    assert_eq!((sim.templates_made, sim.forks), (0, 0));
}

#[test]
fn every_later_worker_is_forked_from_a_template_that_outlives_reloads() {
    let mut sim = warm();
    for round in 1..=3 {
        sim.happen(Event::CodeChanged);
        sim.reload();
        sim.advance(secs(1));
        assert_eq!((sim.forks, sim.templates_made), (round, 1));
    }
    sim.kill_from_outside(serving(&sim).expect("one serves").0);
    sim.advance(secs(5));
    assert_eq!((sim.forks, sim.ready()), (4, 1));
}

#[test]
fn the_page_of_a_failure_is_forked_as_well() {
    let mut sim = warm();
    sim.set_manners(|_, _| broken(BootFailure::Boot));
    sim.reload();
    sim.advance(secs(5));
    assert_eq!(sim.forks, 2);
    assert_eq!(serving(&sim), Some((WorkerId(3), Generation(2), true)));
}

#[test]
fn a_template_that_lacks_something_serves_until_its_successor_is_ready() {
    let mut sim = warm();
    sim.reload();
    // The new worker says so while it boots: nothing is made before it serves.
    sim.happen(Event::TemplateWanted);
    assert_eq!(sim.templates_made, 1);
    sim.advance(millis(200));
    assert_eq!((sim.ready(), sim.templates_made, sim.templates.len()), (1, 2, 2));
    sim.advance(secs(1));
    assert_eq!(sim.templates.keys().copied().collect::<Vec<_>>(), [Generation(2)]);
    sim.reload();
    sim.advance(secs(1));
    assert_eq!((sim.forks, sim.ready()), (2, 1));
}

#[test]
fn an_outdated_template_forks_nobody_and_is_made_anew_after_that_boot() {
    let mut sim = warm();
    sim.jam(|template| template.mute = true);
    sim.reload();
    sim.happen(Event::TemplateOutdated { generation: Generation(1) });
    assert!(sim.templates.is_empty());
    sim.advance(secs(1));
    assert_eq!((sim.forks, sim.spawns, sim.ready()), (0, 2, 1));
    assert_eq!((sim.templates_made, sim.templates.len()), (2, 1));
}

#[test]
fn a_template_that_dies_or_is_no_good_costs_nothing_and_is_not_tried_again() {
    for spoil in [
        |it: &mut TemplateManners| it.unfit = true,
        |it: &mut TemplateManners| {
            it.dies_in_boot = true;
        },
    ] {
        let mut sim = served();
        spoil(&mut sim.template_manners);
        sim.happen(Event::TemplateWanted);
        sim.advance(secs(60));
        sim.reload();
        sim.advance(secs(1));
        assert_eq!((sim.templates_made, sim.forks, sim.spawns, sim.ready()), (1, 0, 2, 1));
    }
    let mut sim = warm();
    sim.kill_template(Generation(1));
    sim.reload();
    sim.advance(secs(1));
    assert_eq!((sim.templates_made, sim.forks, sim.ready()), (1, 0, 1));
    sim.happen(Event::TemplateWanted);
    sim.advance(secs(1));
    assert_eq!((sim.templates_made, sim.templates.len()), (2, 1));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Advance(u64),
    Save(Code),
    Change,
    Debug(bool),
    Kill,
    Stop,
    Import,
    Install,
}

#[derive(Clone, Copy, Debug)]
enum Code {
    Good,
    Slow,
    Broken,
    Dies,
    Stuck,
    Deaf,
}

fn manners(code: Code) -> Manners {
    let good = Manners::default();
    match code {
        Code::Good => good,
        Code::Slow => Manners { boot: secs(5), startup: Some(secs(1)), ..good },
        Code::Broken => broken(BootFailure::Boot),
        Code::Dies => Manners { dies_in_boot: true, ..good },
        Code::Stuck => Manners { boot: secs(1_000), stuck: true, ..good },
        Code::Deaf => Manners { drain: None, ..good },
    }
}

fn step() -> impl Strategy<Value = Step> {
    let code = prop_oneof![
        4 => Just(Code::Good),
        1 => Just(Code::Slow),
        1 => Just(Code::Broken),
        1 => Just(Code::Dies),
        1 => Just(Code::Stuck),
        1 => Just(Code::Deaf),
    ];
    prop_oneof![
        6 => (1_u64..3_000).prop_map(Step::Advance),
        6 => code.prop_map(Step::Save),
        1 => Just(Step::Change),
        1 => any::<bool>().prop_map(Step::Debug),
        1 => Just(Step::Kill),
        2 => Just(Step::Import),
        1 => Just(Step::Install),
    ]
}

proptest! {
    /// The simulation asserts of each step that two generations of the application never run at once.
    #[test]
    fn the_last_code_is_served_or_its_failure_shown_whatever_came_before(
        steps in proptest::collection::vec(step(), 1..40),
        last in prop_oneof![Just(Step::Save(Code::Good)), Just(Step::Save(Code::Broken)), Just(Step::Stop)],
        workers in 1_u16..3,
    ) {
        let mut sim = Sim::new(Policy { workers, ..developers() }, |_, _| Manners::default());
        for step in steps.into_iter().chain([Step::Debug(false), last]) {
            match step {
                Step::Advance(milliseconds) => sim.advance(millis(milliseconds)),
                Step::Change => sim.happen(Event::CodeChanged),
                Step::Save(code) => {
                    sim.set_manners(move |_, _| manners(code));
                    sim.happen(Event::CodeChanged);
                    sim.reload();
                    let seen = sim.workers.values().filter(|it| it.serving && !it.leaving && !it.gone);
                    prop_assert!(seen.count() == 0 || told(&sim, |it| *it == Notice::ChangesWait) > 0);
                }
                Step::Debug(open) => {
                    let ids: Vec<_> = sim.workers.iter().filter(|(_, it)| !it.gone).map(|(id, _)| *id).collect();
                    for id in ids {
                        sim.happen(Event::Debugging { id, open });
                    }
                }
                Step::Kill => {
                    if let Some((id, ..)) = serving(&sim) {
                        sim.kill_from_outside(id);
                    }
                }
                Step::Stop => drop(sim.stop(StopMode::Quick)),
                Step::Import => sim.happen(Event::TemplateWanted),
                Step::Install => {
                    if let Some(generation) = sim.templates.keys().next().copied() {
                        sim.happen(Event::TemplateOutdated { generation });
                    }
                }
            }
        }
        sim.advance(secs(10));
        if matches!(last, Step::Stop) {
            prop_assert_eq!(sim.exit, Some(ExitReason::Stopped));
            return Ok(());
        }
        let newest = sim.core.snapshot().generation;
        let serving = sim.serving_ids();
        prop_assert_eq!(serving.len(), usize::from(workers), "{:?}", sim.notices);
        for id in serving {
            let worker = &sim.workers[&id];
            prop_assert_eq!(worker.generation, newest);
            prop_assert_eq!(worker.page, matches!(last, Step::Save(Code::Broken)));
        }
    }

    #[test]
    fn a_service_that_answers_knows_nothing_of_this(seed in 0_u64..50) {
        let mut sim = Sim::booted(policy());
        sim.happen(Event::CodeChanged);
        sim.reload_to(Policy { workers: 2, ..policy() });
        sim.advance(millis(200 + seed * 400));
        prop_assert!(sim.ready() >= 2);
        prop_assert!(sim.workers.values().all(|it| !it.page && !it.outdated));
    }
}
