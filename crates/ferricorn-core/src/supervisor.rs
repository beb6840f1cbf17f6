//! The supervisor: record, expire, reconcile.
//!
//! Owns: every worker, every slot, the phase of the service. This file holds the state, `step`, and what others may ask.
//! The verbs have files of their own: [`record`] takes facts in, [`expire`] checks deadlines, [`reconcile`] compares
//! wish with fact; [`silence`] judges event loops, [`reload`] takes a new generation to its commit, [`leave`] is how a worker
//! or the whole service goes, [`fail`] what follows from a failed boot, [`preload`] what templates are good for, [`develop`]
//! what is different for a service that is worked on, [`upgrade`] and [`succeed`] are the two sides of handing over to a new
//! program.

mod develop;
mod expire;
mod fail;
mod leave;
mod preload;
mod reconcile;
mod record;
mod reload;
mod silence;
mod succeed;
mod upgrade;
mod urgency;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::SmallRng};

use crate::{
    Action, Backoff, Event, ExitReason, Generation, Notice, Policy, Slot, Snapshot, StopMode, WorkerId,
    WorkerSnapshot,
    first_start::FirstStart,
    pacing::Budget,
    reading::Readings,
    reload::Reloads,
    template::Templates,
    upgrade::{Heir, Upgrade},
    watch::Watch,
    worker::Worker,
};

use develop::Bench;
pub use succeed::{Leaving, Legacy, LegacyWorker};

/// Decides what the master does. See the crate's documentation.
#[derive(Clone, Debug)]
pub struct Supervisor {
    policy: Policy,
    phase: Phase,
    workers: BTreeMap<WorkerId, Worker>,
    slots: BTreeMap<Slot, SlotState>,
    /// How many slots there are to be.
    target: u16,
    readings: Readings,
    reloads: Reloads,
    /// What workers are forked from.
    templates: Templates,
    /// What a service that is worked on waits for.
    bench: Bench,
    /// The upgrade under way, or asked for.
    upgrade: Option<Upgrade>,
    /// The service is not ours yet: another master serves until we are ready.
    heir: Option<Heir>,
    first_start: FirstStart,
    watch: Watch,
    /// How often the user at the keyboard has asked for a stop.
    interrupts: u32,
    /// What restarts after failures may cost.
    restarts: Budget,
    /// The quickest urgent boot of a generation.
    quickest_boot: Option<(Generation, Duration)>,
    next_id: u64,
    now: Option<Instant>,
    random: SmallRng,
}

/// What the service as a whole is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// Before the first event.
    Waiting,
    Running,
    /// A graceful stop that is announced to clients before it begins.
    Announcing {
        until: Instant,
    },
    Stopping {
        mode: StopMode,
        reason: ExitReason,
    },
    /// `Exit` was ordered.
    Ended,
}

/// A place for one worker.
#[derive(Clone, Debug, Default)]
struct SlotState {
    backoff: Backoff,
    /// Nothing is spawned for this slot before then.
    not_before: Option<Instant>,
    /// Why the slot lost its last worker; `None` if it was filled since, or never had one.
    failure: Option<Failure>,
    /// The last worker that was started for it follows a failed boot.
    after_failed_boot: bool,
    /// The next worker shows why the last boot has failed.
    wants_page: bool,
}

/// What a slot lost a worker to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    /// It was ready, and died or was given up.
    Crash,
    /// It never became ready, or could not even be made.
    Boot,
}

impl SlotState {
    /// The failures are over: the slot is as good as new.
    fn forgive(&mut self) {
        self.backoff.reset();
        self.not_before = None;
        self.failure = None;
    }
}

impl Supervisor {
    /// A supervisor that has done nothing yet. The seed decides every random draw.
    pub fn new(policy: Policy, seed: u64) -> Self {
        let target = policy.workers;
        Self {
            policy,
            phase: Phase::Waiting,
            workers: BTreeMap::new(),
            slots: BTreeMap::new(),
            target,
            readings: Readings::default(),
            reloads: Reloads::new(),
            templates: Templates::default(),
            bench: Bench::default(),
            upgrade: None,
            heir: None,
            first_start: FirstStart::new(),
            watch: Watch::default(),
            interrupts: 0,
            restarts: Budget::default(),
            quickest_boot: None,
            next_id: 1,
            now: None,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    /// Takes one fact in and gives the orders that follow from it. `now` never goes back.
    pub fn step(&mut self, event: Event, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        self.notice_oversleep(now, &mut actions);
        self.now = Some(now);
        self.record(event, now, &mut actions);
        self.expire(now, &mut actions);
        self.reconcile(now, &mut actions);
        actions
    }

    /// When `step` has to be called again at the latest, if nothing happens before; always later than the last step.
    pub fn next_deadline(&self) -> Option<Instant> {
        let workers = self.workers.values().filter_map(Worker::deadline);
        let slots = self.slots.values().filter_map(|state| state.not_before);
        let restart = self.now.and_then(|now| self.next_restart(now));
        let announced = match self.phase {
            Phase::Announcing { until } => Some(until),
            _ => None,
        };
        workers
            .chain(self.readings.deadline())
            .chain(self.reloads.deadline())
            .chain(slots)
            .chain(restart)
            .chain(announced)
            .chain(self.opening_deadline())
            .chain(self.templates.deadline())
            .chain(self.bench.deadline())
            .chain(self.upgrade.iter().filter_map(Upgrade::deadline))
            .chain(self.heir.iter().filter_map(Heir::deadline))
            .filter(|deadline| Some(*deadline) > self.now)
            .min()
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How the service is.
    pub fn snapshot(&self) -> Snapshot {
        let workers = self.workers.iter().map(|(id, worker)| WorkerSnapshot {
            id: *id,
            slot: worker.slot,
            generation: worker.generation,
            stage: worker.stage(),
            on_probation: self.reloads.is_on_probation(*id),
        });
        let mut workers: Vec<_> = workers.collect();
        workers.sort_by_key(|worker| (worker.slot, worker.id));
        Snapshot {
            target: self.target,
            generation: self.reloads.generation(),
            reloading: self.reloads.is_under_way() || self.readings.is_asked_for(),
            upgrading: self.upgrade.is_some(),
            frozen: self.is_frozen(),
            stopping: self.is_stopping(),
            workers,
        }
    }

    fn is_stopping(&self) -> bool {
        matches!(self.phase, Phase::Announcing { .. } | Phase::Stopping { .. } | Phase::Ended)
    }

    fn set_target(&mut self, target: u16, actions: &mut Vec<Action>) {
        if target != self.target {
            actions.push(Action::Notify(Notice::Scaled { from: self.target, to: target }));
            self.target = target;
        }
    }
}
