//! The supervisor: record, expire, reconcile.
//!
//! Owns: every worker, every seat, the phase of the service. The three verbs are in their own files: this one holds
//! the state, `step`, and what others may ask; [`record`] takes facts in, [`reconcile`] compares wish with fact.

mod reconcile;
mod record;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use rand::{SeedableRng, rngs::SmallRng};

use crate::{
    Action, Backoff, Event, ExitReason, Generation, Notice, Policy, RequestId, Retirement, Slot, Stage,
    StopMode, WorkerId, WorkerSignal,
    rollout::{Rollout, RolloutStage},
    worker::{Seating, State, Worker},
};

/// Decides what the master does. See the crate's documentation.
#[derive(Clone, Debug)]
pub struct Supervisor {
    policy: Policy,
    phase: Phase,
    workers: BTreeMap<WorkerId, Worker>,
    seats: BTreeMap<Slot, Seat>,
    /// How many seats there are to be.
    target: u16,
    /// The generation that the service runs, or ran last when a reload is under way.
    generation: Generation,
    /// The highest generation ever begun.
    last_generation: Generation,
    rollout: Option<Rollout>,
    /// The policy of the reload under way: it holds once the reload is proven.
    next_policy: Option<Policy>,
    /// Reloads asked for while one was under way, merged into one.
    queued: Option<(Policy, Vec<RequestId>)>,
    /// The last reload was rejected: what is on disk is not what serves.
    frozen: bool,
    listening: bool,
    ever_ready: bool,
    /// Boots of the first start that ended without a word.
    silent_boot_deaths: u32,
    /// Silence is counted from here on: the master was not running before.
    awake_since: Option<Instant>,
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
    /// A graceful stop that clients are told of before it begins.
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
struct Seat {
    backoff: Backoff,
    /// Nothing is spawned for this seat before then.
    not_before: Option<Instant>,
}

/// The state of the service at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// How many workers are wanted.
    pub target: u16,
    /// The generation that the service runs.
    pub generation: Generation,
    /// Whether a reload is under way.
    pub reloading: bool,
    /// Whether recycling is suspended since the last reload was rejected.
    pub frozen: bool,
    /// Whether the service is stopping.
    pub stopping: bool,
    /// Every worker, oldest first.
    pub workers: Vec<WorkerSnapshot>,
}

/// The state of one worker at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkerSnapshot {
    /// Its id.
    pub id: WorkerId,
    /// Its seat.
    pub slot: Slot,
    /// Its generation.
    pub generation: Generation,
    /// Where it is in its life.
    pub stage: Stage,
}

impl Supervisor {
    /// A supervisor that has done nothing yet. The seed decides every random draw.
    pub fn new(policy: Policy, seed: u64) -> Self {
        let target = policy.workers;
        Self {
            policy,
            phase: Phase::Waiting,
            workers: BTreeMap::new(),
            seats: BTreeMap::new(),
            target,
            generation: Generation(1),
            last_generation: Generation(1),
            rollout: None,
            next_policy: None,
            queued: None,
            frozen: false,
            listening: false,
            ever_ready: false,
            silent_boot_deaths: 0,
            awake_since: None,
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
        let rollout = self.rollout.iter().filter_map(Rollout::deadline);
        let seats = self.seats.values().filter_map(|seat| seat.not_before);
        let announced = match self.phase {
            Phase::Announcing { until } => Some(until),
            _ => None,
        };
        workers
            .chain(rollout)
            .chain(seats)
            .chain(announced)
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
        });
        Snapshot {
            target: self.target,
            generation: self.generation,
            reloading: self.rollout.is_some(),
            frozen: self.frozen,
            stopping: self.is_stopping(),
            workers: workers.collect(),
        }
    }

    /// The scoreboard is read so often that a long time without any event means a suspend, a SIGSTOP, a machine that
    /// stood still. The workers may have stood still with us: their silence counts from now on, and what they had to
    /// do in that time gets as much time again.
    fn notice_oversleep(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(before) = self.now else { return };
        let pause = now.saturating_duration_since(before);
        if pause <= self.policy.longest_pause() {
            return;
        }
        self.awake_since = Some(now);
        for worker in self.workers.values_mut() {
            worker.postpone(pause);
        }
        if let Some(rollout) = &mut self.rollout {
            rollout.postpone(pause);
        }
        actions.push(Action::Notify(Notice::Overslept(pause)));
    }

    fn is_stopping(&self) -> bool {
        matches!(self.phase, Phase::Announcing { .. } | Phase::Stopping { .. } | Phase::Ended)
    }

    /// Looks at every promise that is overdue.
    fn expire(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let overdue: Vec<_> = self
            .workers
            .iter()
            .filter(|(_, worker)| worker.deadline().is_some_and(|deadline| deadline <= now))
            .map(|(id, worker)| (*id, worker.seating(), worker.state))
            .collect();
        for (id, seating, state) in overdue {
            let why = match state {
                State::Starting { .. } => {
                    actions.push(Action::Notify(Notice::BootTimedOut { id }));
                    self.kill(id, Retirement::BootTimeout, actions);
                    self.boot_failed(id, seating, None, now, actions);
                    continue;
                }
                State::Leaving { why: Retirement::BootFailed, .. } => Retirement::BootFailed,
                State::Leaving { .. } => {
                    actions.push(Action::Notify(Notice::DrainTimedOut { id }));
                    Retirement::DrainTimeout
                }
                State::Dumping { why, .. } => why,
                State::Ready { .. } => {
                    self.mark_due(id, Retirement::MaxLifetime);
                    continue;
                }
                State::Killed { .. } => continue,
            };
            self.kill(id, why, actions);
        }
        if let Phase::Announcing { until } = self.phase
            && (until <= now || self.workers.is_empty())
        {
            self.stop(StopMode::Graceful, ExitReason::Stopped, now, actions);
        }
        self.end_probation(now, actions);
    }

    fn end_probation(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(rollout) = &mut self.rollout else { return };
        let RolloutStage::Probation { until, .. } = rollout.stage else { return };
        if until > now {
            return;
        }
        rollout.stage = RolloutStage::Proven;
        actions.push(Action::Notify(Notice::ReloadProven(rollout.to)));
        if let Some(policy) = self.next_policy.take() {
            self.set_target(policy.workers, actions);
            self.policy = policy;
        }
    }

    fn set_target(&mut self, target: u16, actions: &mut Vec<Action>) {
        if target != self.target {
            actions.push(Action::Notify(Notice::Scaled { from: self.target, to: target }));
            self.target = target;
        }
    }

    /// Takes a worker out of service, with the time that the phase grants.
    fn retire(&mut self, id: WorkerId, why: Retirement, now: Instant, actions: &mut Vec<Action>) {
        let (grace, limit, siblings) = match self.phase {
            Phase::Stopping { mode: StopMode::Quick, .. } => {
                (Policy::QUICK_GRACE.min(self.policy.grace()), self.policy.quick_limit(), false)
            }
            Phase::Stopping { .. } => (self.policy.grace(), self.policy.drain_limit(), false),
            _ => (self.policy.grace(), self.policy.drain_limit(), self.others_serve(id)),
        };
        self.order_to_leave(id, why, now + limit, Action::Drain { id, siblings, grace }, actions);
    }

    fn others_serve(&self, id: WorkerId) -> bool {
        self.workers.iter().any(|(other, worker)| *other != id && worker.is_ready())
    }

    fn order_to_leave(
        &mut self,
        id: WorkerId,
        why: Retirement,
        kill_by: Instant,
        drain: Action,
        actions: &mut Vec<Action>,
    ) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        match worker.state {
            State::Starting { .. } => {
                // Nothing was accepted yet. The order reaches a worker that is past its import, the signal one
                // that is still in it; whichever comes first ends the boot.
                if worker.spawned {
                    actions.push(drain);
                    actions.push(Action::Signal { id, signal: WorkerSignal::Terminate });
                }
                worker.state = State::Leaving { why, kill_by };
            }
            State::Ready { .. } => {
                actions.push(Action::Notify(Notice::Draining { id, why }));
                actions.push(drain);
                worker.state = State::Leaving { why, kill_by };
            }
            State::Leaving { why, kill_by: before } => {
                // Again, since the terms have changed: less time, or no sibling left to hand connections to.
                if worker.spawned {
                    actions.push(drain);
                }
                worker.state = State::Leaving { why, kill_by: kill_by.min(before) };
            }
            State::Dumping { .. } | State::Killed { .. } => {}
        }
    }

    fn kill(&mut self, id: WorkerId, why: Retirement, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.state = State::Killed { why };
        if worker.spawned {
            actions.push(Action::Signal { id, signal: WorkerSignal::Kill });
        }
    }

    /// Begins a graceful stop as the user wishes it: announced first, if there is a delay.
    fn stop_gracefully(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let delay = self.policy.drain_delay;
        if self.phase != Phase::Running || delay.is_zero() {
            if !matches!(self.phase, Phase::Announcing { .. }) {
                self.stop(StopMode::Graceful, ExitReason::Stopped, now, actions);
            }
            return;
        }
        self.phase = Phase::Announcing { until: now + delay };
        actions.push(Action::Notify(Notice::StopAnnounced(delay)));
        self.answer_reloads(&crate::Reply::Stopping, actions);
        for (id, worker) in self.workers.clone() {
            if worker.is_ready() {
                actions.push(Action::AnnounceClose { id });
            } else if worker.is_starting() {
                self.retire(id, Retirement::Stop, now, actions);
            }
        }
    }

    /// Begins to stop, or makes a stop under way quicker. Never slower.
    fn stop(&mut self, mode: StopMode, reason: ExitReason, now: Instant, actions: &mut Vec<Action>) {
        let reason = match self.phase {
            Phase::Ended => return,
            Phase::Stopping { mode: before, .. } if before >= mode => return,
            Phase::Stopping { reason, .. } => reason,
            Phase::Waiting | Phase::Running | Phase::Announcing { .. } => {
                actions.push(Action::Notify(Notice::Stopping(mode)));
                // The master's copies go first. The workers still hold theirs and empty the queue before they close
                // them; a copy that outlived the last worker would take connections that nobody accepts.
                actions.push(Action::CloseListeners);
                self.answer_reloads(&crate::Reply::Stopping, actions);
                reason
            }
        };
        self.phase = Phase::Stopping { mode, reason };
        for id in self.workers.keys().copied().collect::<Vec<_>>() {
            self.retire(id, Retirement::Stop, now, actions);
        }
    }

    /// Ends the reload under way and every queued one with the same answer.
    fn answer_reloads(&mut self, reply: &crate::Reply, actions: &mut Vec<Action>) {
        let under_way = self.rollout.take().map(|rollout| rollout.asked_by).unwrap_or_default();
        let queued = self.queued.take().map(|(_, asked_by)| asked_by).unwrap_or_default();
        self.next_policy = None;
        for to in under_way.into_iter().chain(queued) {
            actions.push(Action::Reply { to, reply: reply.clone() });
        }
    }

    /// A boot came to nothing: the first start may be over, a reload may be, or the seat has to wait.
    ///
    /// `failure` is what the worker said, and none if it died without a word.
    fn boot_failed(
        &mut self,
        id: WorkerId,
        seating: Seating,
        failure: Option<crate::BootFailure>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Seating { slot, generation } = seating;
        if self.is_stopping() {
            return;
        }
        if !self.ever_ready {
            self.silent_boot_deaths += 1;
            let certain = failure.is_some() || self.silent_boot_deaths >= Policy::FIRST_START_TRIES;
            if certain {
                let failures = self.silent_boot_deaths;
                actions.push(Action::Notify(Notice::BootFailed { id, failures, retry_in: None }));
                let failure = failure.unwrap_or(crate::BootFailure::Boot);
                self.stop(StopMode::Quick, ExitReason::BootFailed(failure), now, actions);
                return;
            }
        }
        let pause = self.hold_seat(slot, now, Backoff::boot_failed);
        let failures = self.seats.get(&slot).map_or(1, |seat| seat.backoff.failures());
        let rejects = self.rollout.as_ref().is_some_and(|it| it.to == generation && !it.is_proven());
        let retry_in = if rejects { None } else { Some(pause) };
        actions.push(Action::Notify(Notice::BootFailed { id, failures, retry_in }));
        if rejects {
            self.reject_reload(now, actions);
        }
    }

    /// Lets a seat wait for as long as its failures have earned.
    fn hold_seat(
        &mut self,
        slot: Slot,
        now: Instant,
        pause: fn(&mut Backoff, &mut SmallRng) -> Duration,
    ) -> Duration {
        let Some(seat) = self.seats.get_mut(&slot) else { return Duration::ZERO };
        let pause = pause(&mut seat.backoff, &mut self.random);
        seat.not_before = Some(now + pause);
        pause
    }

    /// The new generation does not work. Its workers go, as far as an old one still holds the seat.
    fn reject_reload(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(rollout) = self.rollout.take() else { return };
        self.next_policy = None;
        self.frozen = true;
        actions.push(Action::Notify(Notice::ReloadRejected(rollout.to)));
        for to in rollout.asked_by {
            actions.push(Action::Reply { to, reply: crate::Reply::ReloadRejected(rollout.to) });
        }
        let rejected: Vec<_> = self
            .workers
            .iter()
            .filter(|(_, worker)| worker.generation == rollout.to && worker.is_seated())
            .filter(|(_, worker)| worker.is_starting() || self.seat_has_other(worker.slot, rollout.to))
            .map(|(id, _)| *id)
            .collect();
        for id in rejected {
            self.retire(id, Retirement::Rejected, now, actions);
        }
        for seat in self.seats.values_mut() {
            seat.backoff.reset();
            seat.not_before = None;
        }
    }

    fn seat_has_other(&self, slot: Slot, generation: Generation) -> bool {
        self.workers.values().any(|it| it.slot == slot && it.is_ready() && it.generation != generation)
    }
}
