//! The invariants of DESIGN, against random commands, deaths, silences, strange events and leaps of the clock.

use crate::sim::{Manners, Reading, Sim, Successor, TemplateManners, millis, policy, secs};
use ferricorn_core::{
    BootFailure, Command, Event, Exit, Generation, Notice, Policy, RequestId, StopMode, Supervisor,
    UpgradeWay, Vitals, WorkerId, WorkerSignal,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Advance(u64),
    Leap(u64),
    Reload,
    /// A new program is on disk, which behaves like this; then an upgrade is asked for.
    Upgrade(Successor),
    ScaleUp,
    ScaleDown,
    StopGracefully,
    StopQuickly,
    KillOne(usize),
    AskOne(usize),
    /// The code on disk changes: from now on workers boot like this.
    Deploy(Deploy),
    /// From now on reading the settings takes this long, and works or fails.
    Readings(Reading),
    /// From now on templates boot like this.
    Templates(TemplateManners),
    /// A template dies: that of the oldest generation, or of the newest.
    KillTemplate(bool),
    /// The templates that there are no longer fork, or can no longer.
    Jam(bool),
    /// The master before this one hands over, or does not want it any more.
    HandOver,
    CallOff(bool),
    /// An event that the shell should never send.
    Strange(u64, u8),
}

#[derive(Clone, Copy, Debug)]
enum Deploy {
    Good,
    Slow,
    Broken,
    DiesInBoot,
    DiesSoon,
    Hangs,
    Deaf,
    Stuck,
    SlowStartup,
    /// Its process goes on for so many seconds after its event loop, which ends when it is told to.
    Lingers(u64),
    /// The same, and its event loop ends by itself.
    Quits(u64),
}

fn manners(deploy: Deploy) -> Manners {
    let good = Manners { requests_per_second: 20, ..Manners::default() };
    match deploy {
        Deploy::Good => good,
        Deploy::Slow => Manners { boot: secs(10), ..good },
        Deploy::Broken => Manners { boot_failure: Some(BootFailure::Boot), ..good },
        Deploy::DiesInBoot => Manners { dies_in_boot: true, ..good },
        Deploy::DiesSoon => Manners { dies_after: Some(secs(2)), ..good },
        Deploy::Hangs => Manners { silent_after: Some(secs(1)), ..good },
        Deploy::Deaf => Manners { drain: None, ..good },
        Deploy::Stuck => Manners { boot: secs(1_000), stuck: true, ..good },
        Deploy::SlowStartup => Manners { boot: secs(20), startup: Some(millis(300)), ..good },
        Deploy::Lingers(end) => Manners { end: secs(end), ..good },
        Deploy::Quits(end) => Manners { end: secs(end), quits_after: Some(secs(3)), ..good },
    }
}

fn deploy() -> impl Strategy<Value = Deploy> {
    prop_oneof![
        3 => Just(Deploy::Good),
        1 => Just(Deploy::Slow),
        1 => Just(Deploy::Broken),
        1 => Just(Deploy::DiesInBoot),
        1 => Just(Deploy::DiesSoon),
        1 => Just(Deploy::Hangs),
        1 => Just(Deploy::Deaf),
        1 => Just(Deploy::Stuck),
        1 => Just(Deploy::SlowStartup),
        1 => (1_u64..20).prop_map(Deploy::Lingers),
        1 => (1_u64..20).prop_map(Deploy::Quits),
    ]
}

fn template() -> impl Strategy<Value = TemplateManners> {
    (0_u64..12_000, 0_u8..8).prop_map(|(boot, kind)| TemplateManners {
        boot: millis(boot),
        failure: (kind == 0).then_some(BootFailure::Boot),
        dies_in_boot: kind == 1,
        unfit: kind == 2,
        mute: kind == 3,
        full: kind == 4,
    })
}

fn successor() -> impl Strategy<Value = Successor> {
    let moment = || proptest::option::of((0_u64..10_000).prop_map(millis));
    (moment(), moment(), moment(), any::<[bool; 2]>()).prop_map(
        |(ready, exits, preparation, [mute, deaf])| Successor { ready, exits, mute, deaf, preparation },
    )
}

fn planned() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_u64..20_000).prop_map(Step::Advance),
        2 => Just(Step::Reload),
        1 => Just(Step::ScaleUp),
        1 => (0_usize..4).prop_map(Step::AskOne),
    ]
}

fn anything() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => planned(),
        1 => (1_u64..100_000).prop_map(Step::Leap),
        1 => Just(Step::ScaleDown),
        3 => successor().prop_map(Step::Upgrade),
        2 => (0_usize..4).prop_map(Step::KillOne),
        2 => deploy().prop_map(Step::Deploy),
        2 => (prop_oneof![Just(0), 1_u64..90_000], any::<bool>())
            .prop_map(|(takes, fails)| Step::Readings(Reading { takes: millis(takes), fails })),
        2 => template().prop_map(Step::Templates),
        2 => any::<bool>().prop_map(Step::KillTemplate),
        1 => any::<bool>().prop_map(Step::Jam),
        2 => (0_u64..12, 0_u8..9).prop_map(|(id, kind)| Step::Strange(id, kind)),
        1 => Just(Step::StopGracefully),
        1 => Just(Step::StopQuickly),
    ]
}

fn anything_to_an_heir() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => anything(),
        2 => Just(Step::HandOver),
        1 => any::<bool>().prop_map(Step::CallOff),
    ]
}

fn rules() -> impl Strategy<Value = Policy> {
    (0_u16..5, 1_u16..3, any::<[bool; 5]>(), 0_u64..3).prop_map(
        |(workers, surge, [recycling, aging, delay, in_place, preload], probation)| Policy {
            upgrade_way: if in_place { UpgradeWay::InPlace } else { UpgradeWay::Beside },
            upgrade_timeout: secs(6),
            max_lifetime: aging.then_some(secs(40)),
            max_lifetime_jitter: secs(10),
            drain_delay: if delay { secs(2) } else { secs(0) },
            workers,
            surge,
            timeout: Some(secs(3)),
            graceful_timeout: secs(5),
            probation: secs(probation),
            max_requests: recycling.then_some(200),
            max_requests_jitter: 20,
            boot_timeout: Some(secs(8)),
            preload,
            ..policy()
        },
    )
}

fn take(sim: &mut Sim, step: &Step) {
    if sim.exit.is_some() {
        return;
    }
    match step {
        Step::Advance(milliseconds) => sim.advance(millis(*milliseconds)),
        Step::Leap(seconds) => sim.leap(secs(*seconds)),
        Step::Reload => drop(sim.reload()),
        Step::Upgrade(successor) => {
            sim.successor = *successor;
            let _ = sim.ask(Command::Upgrade);
        }
        Step::ScaleUp => drop(sim.ask(Command::ScaleUp)),
        Step::ScaleDown => drop(sim.ask(Command::ScaleDown)),
        Step::StopGracefully => drop(sim.stop(StopMode::Graceful)),
        Step::StopQuickly => drop(sim.stop(StopMode::Quick)),
        Step::KillOne(nth) => {
            if let Some(id) = sim.serving_ids().get(*nth) {
                sim.kill_from_outside(*id);
            }
        }
        Step::AskOne(nth) => {
            if let Some(id) = sim.serving_ids().get(*nth) {
                sim.happen(Event::AskedToStop { id: *id });
            }
        }
        Step::Deploy(deploy) => {
            let deploy = *deploy;
            sim.set_manners(move |_, _| manners(deploy));
        }
        Step::Readings(reading) => sim.reading = *reading,
        Step::Templates(manners) => sim.template_manners = *manners,
        Step::KillTemplate(newest) => {
            let mut all = sim.templates.keys().copied();
            let generation = if *newest { all.next_back() } else { all.next() };
            if let Some(generation) = generation {
                let before = sim.serving_ids();
                sim.kill_template(generation);
                assert_eq!(sim.serving_ids(), before, "a template that dies takes nobody along");
            }
        }
        Step::Jam(mute) => sim.jam(|manners| {
            manners.mute |= *mute;
            manners.full |= !*mute;
        }),
        Step::HandOver => sim.happen(Event::HandedOver),
        Step::CallOff(siblings) => sim.happen(Event::CalledOff { siblings: *siblings }),
        Step::Strange(id, kind) => {
            let id = WorkerId(*id);
            // Only of workers that are gone or never were: a living one's facts are not ours to invent.
            if sim.workers.get(&id).is_none_or(|worker| worker.gone) && !sim.is_asked_for(id) {
                let vitals = Vitals {
                    silent_for: Some(secs(9_999)),
                    starved: false,
                    held_up: false,
                    requests: u64::MAX,
                    memory: Some(u64::MAX),
                };
                sim.happen(match kind {
                    0 => Event::Ready { id },
                    1 => Event::Exited { id, exit: Exit::Signal(9) },
                    2 => Event::BootFailed { id, failure: BootFailure::App },
                    3 => Event::AskedToStop { id },
                    4 => Event::Spawned { id },
                    5 => Event::ForkFailed { id },
                    6 => Event::SocketsFailed { generation: Generation(u32::MAX) },
                    7 if !sim.is_reading() => Event::SettingsRead(Box::new(policy())),
                    _ => Event::Sampled(vec![(id, vitals)]),
                });
            }
        }
    }
}

/// Per slot at most one worker that is starting, and never more placed workers than target and surge allow.
fn check_crowd(sim: &Sim, policy: &Policy) -> Result<(), TestCaseError> {
    use ferricorn_core::Stage;
    let snapshot = sim.core.snapshot();
    let holders =
        snapshot.workers.iter().filter(|it| matches!(it.stage, Stage::Booting | Stage::Ready)).count();
    let most = usize::from(snapshot.target) + usize::from(policy.surge);
    prop_assert!(holders <= most, "{holders} workers hold {most} slots: {snapshot:?}");
    let has_old_code = sim.templates.get(&snapshot.generation).is_some_and(|it| it.ready);
    prop_assert!(
        !(snapshot.frozen && has_old_code),
        "recycling is suspended, and the template has the old code"
    );
    prop_assert!(policy.preload || sim.templates_made == 0, "nobody has asked for a template");
    let mut starting: Vec<_> =
        snapshot.workers.iter().filter(|it| it.stage == Stage::Booting).map(|it| it.slot).collect();
    let all = starting.len();
    starting.dedup();
    starting.sort_unstable();
    starting.dedup();
    prop_assert_eq!(starting.len(), all, "two workers start for one slot");
    let is_short = sim.serving_ids().len() < usize::from(snapshot.target) && !snapshot.stopping;
    prop_assert!(!is_short || sim.booting().all(|it| it.urgent), "somebody waits, and a boot takes its time");
    // What is due is seen by the next step at the latest.
    let most = Policy::MOST_COURTESY + policy.sample_every;
    let polite = sim.workers.values().filter(|it| !it.gone).filter_map(|it| it.polite_since);
    let longest = polite.map(|since| sim.now.saturating_duration_since(since)).max();
    prop_assert!(longest.is_none_or(|longest| longest <= most), "somebody gives way for {longest:?}");
    let mut alive = sim.workers.values().filter(|it| !it.gone);
    prop_assert!(
        alive.all(|it| it.urgent || !(snapshot.stopping || it.serving && !it.leaving)),
        "a worker that serves, or that a stop waits for, gives way"
    );
    Ok(())
}

/// A stop always ends, and then every request has got one answer.
fn check_end(sim: &mut Sim) -> Result<(), TestCaseError> {
    if sim.exit.is_none() {
        sim.stop(StopMode::Graceful);
        sim.advance(secs(20));
    }
    prop_assert!(sim.exit.is_some(), "{:?}", sim.core.snapshot());
    prop_assert!(sim.templates.is_empty(), "a template is left behind");
    for (request, replies) in &sim.replies {
        prop_assert_eq!(replies.len(), 1, "request {} got {:?}", request, replies);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// The simulation itself asserts that no action names an exited worker, that nothing is spawned after a stop,
    /// that nothing follows the exit, and that no deadline lies in the past.
    #[test]
    fn whatever_happens_the_rules_hold_and_a_stop_ends_it(
        policy in rules(),
        steps in prop::collection::vec(anything(), 1..60),
    ) {
        let mut sim = Sim::new(policy.clone(), |_, _| manners(Deploy::Good));
        for step in &steps {
            take(&mut sim, step);
            check_crowd(&sim, &policy)?;
        }
        check_end(&mut sim)?;
    }

    #[test]
    fn a_stop_does_not_wait_for_boots_that_are_stuck(
        policy in rules(),
        steps in prop::collection::vec(planned(), 1..30),
        quick in any::<bool>(),
    ) {
        // Only workers of the very first start serve; whatever follows them is stuck.
        let first = u64::from(policy.workers);
        let delay = policy.drain_delay;
        // A forked worker has imported everything: it cannot be stuck in that.
        let policy = Policy { boot_timeout: None, preload: false, ..policy };
        let mut sim = Sim::new(policy, move |_, id| {
            manners(if id.0 <= first { Deploy::Good } else { Deploy::Stuck })
        });
        for step in &steps {
            take(&mut sim, step);
        }
        sim.stop(if quick { StopMode::Quick } else { StopMode::Graceful });
        sim.advance(delay + millis(1_100));
        prop_assert!(sim.exit.is_some(), "{:?}", sim.core.snapshot());
    }

    #[test]
    fn an_heir_serves_nobody_before_the_service_is_its_own(
        policy in rules(),
        steps in prop::collection::vec(anything_to_an_heir(), 1..60),
    ) {
        let heir = Supervisor::succeeding(policy, 7, None);
        let mut sim = Sim::with(heir, |_, _| manners(Deploy::Good));
        for step in &steps {
            take(&mut sim, step);
            let serving = sim.workers.values().any(|worker| worker.serving);
            prop_assert!(sim.took_over || !serving, "{:?}", sim.core.snapshot());
            prop_assert!(sim.took_over || !sim.successor_alive, "an heir starts no heir of its own");
            let shut = sim.listeners_closed && !sim.gave_up_listeners;
            prop_assert!(sim.took_over || !shut, "an heir turns clients of the other master away");
        }
        check_end(&mut sim)?;
    }

    #[test]
    fn planned_changes_never_cost_capacity(
        policy in rules(),
        steps in prop::collection::vec(planned(), 1..60),
    ) {
        prop_assume!(policy.workers > 0);
        let mut sim = Sim::new(policy.clone(), |_, _| manners(Deploy::Good));
        sim.advance(secs(2));
        sim.watch();
        let target = usize::from(policy.workers);
        for step in &steps {
            take(&mut sim, step);
            prop_assert!(sim.fewest_ready >= target, "{} of {target} ready", sim.fewest_ready);
        }
        // And it comes to rest at the wanted number.
        sim.advance(secs(300));
        prop_assert!(sim.ready() >= usize::from(sim.core.snapshot().target));
    }

    /// Commit or roll back: no mixture of generations stays, wherever in a rollout the failures come.
    #[test]
    fn at_rest_every_worker_belongs_to_one_generation(
        policy in rules(),
        steps in prop::collection::vec(anything(), 1..60),
    ) {
        let mut sim = Sim::new(policy.clone(), |_, _| manners(Deploy::Good));
        sim.advance(secs(2));
        for step in steps.iter().filter(|it| !matches!(it, Step::StopGracefully | Step::StopQuickly)) {
            take(&mut sim, step);
        }
        if sim.exit.is_none() {
            // Whatever is left of bad code dies or is replaced, and what comes after it is good.
            sim.set_manners(|_, _| manners(Deploy::Good));
            sim.advance(secs(400));
            let snapshot = sim.core.snapshot();
            prop_assert!(!snapshot.reloading, "{snapshot:?}");
            let generations = sim.generations();
            prop_assert!(generations.iter().all(|it| *it == snapshot.generation.0), "{generations:?} {snapshot:?}");
        }
    }

    #[test]
    fn leaps_of_the_clock_kill_nobody(
        policy in rules(),
        leaps in prop::collection::vec((1_u64..100_000, 1_u64..10_000), 1..20),
    ) {
        let mut sim = Sim::new(policy, |_, _| Manners::default());
        sim.advance(secs(2));
        for (leap, pause) in leaps {
            sim.leap(secs(leap));
            sim.advance(millis(pause));
        }
        prop_assert!(sim.workers.values().all(|it| !it.signals.contains(&WorkerSignal::Kill)));
        let timed_out = sim.notices.iter().any(|it| matches!(it, Notice::TimedOut { .. }));
        prop_assert!(!timed_out);
    }

    #[test]
    fn the_same_seed_and_events_give_the_same_orders(
        policy in rules(),
        steps in prop::collection::vec(anything(), 1..40),
    ) {
        let run = || {
            let mut sim = Sim::new(policy.clone(), |_, _| manners(Deploy::Good));
            for step in &steps {
                take(&mut sim, step);
            }
            (sim.notices, sim.spawns, sim.exit)
        };
        prop_assert_eq!(run(), run());
    }
}

#[test]
fn a_request_that_repeats_its_id_is_answered_each_time() {
    let mut sim = Sim::booted(policy());
    for _ in 0..2 {
        sim.happen(Event::Asked { by: RequestId(1), command: Command::ScaleUp });
    }
    assert_eq!(sim.replies[&RequestId(1)].len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// However long workers live that die, and however many: what their restarts cost is bounded, and when they are well
    /// again so is the service.
    #[test]
    fn restarts_after_crashes_are_bounded_over_time(
        workers in 1_u16..30,
        lives in prop::collection::vec(100_u64..20_000, 1..20),
    ) {
        let mut sim = Sim::booted(Policy { workers, ..policy() });
        sim.set_manners(move |_, id| {
            let nth = usize::try_from(id.0).expect("few") % lives.len();
            Manners { boot: millis(100), dies_after: Some(millis(lives[nth])), ..Manners::default() }
        });
        for id in sim.serving_ids() {
            sim.kill_from_outside(id);
        }
        let number = usize::from(workers);
        let mut spawns = vec![sim.spawns - number];
        for _ in 0..20 {
            sim.advance(secs(10));
            spawns.push(sim.spawns - number);
        }
        let (at_once, in_ten_seconds) = (2 * number + 8, number.max(5));
        for from in 0..spawns.len() {
            for to in from..spawns.len() {
                let most = at_once + in_ten_seconds * (to - from) + 1;
                let restarts = spawns[to] - spawns[from];
                prop_assert!(restarts <= most, "{restarts} restarts in {} s", 10 * (to - from));
            }
        }
        sim.set_manners(|_, _| Manners::default());
        sim.advance(secs(60));
        prop_assert_eq!(sim.ready(), number);
    }
}
