//! Succeed: a master that was started to take over the service from another one.
//!
//! Beside: it starts its workers, which do not serve yet, proves itself, and owns the service when the other one says so
//! ([`Heir`]). Until then any failure ends it, and no client has noticed. In place: it takes the very
//! workers over ([`Legacy`]), and replaces them by a reload.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::{Phase, SlotState, Supervisor};
use crate::{
    Action, BootFailure, ExitReason, Generation, Notice, Policy, Retirement, Slot, StopMode, WorkerId,
    first_start::FirstStart,
    reload::Reloads,
    template::Templates,
    upgrade::{Heir, HeirStage},
    worker::{Cause, State, Worker},
};

/// What a new program needs to know of the service that it takes over in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Legacy {
    /// How many workers are wanted.
    pub target: u16,
    /// The generation that the service runs.
    pub generation: Generation,
    /// The highest generation ever begun.
    pub last_generation: Generation,
    /// The last reload was rejected.
    pub frozen: bool,
    /// The id that the next worker gets.
    pub next_id: u64,
    /// Every worker; none of them boots.
    pub workers: Vec<LegacyWorker>,
}

/// A worker that is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegacyWorker {
    /// Its id.
    pub id: WorkerId,
    /// Its slot.
    pub slot: Slot,
    /// Its generation.
    pub generation: Generation,
    /// Whether it serves, or leaves.
    pub leaving: Option<Leaving>,
}

/// How a worker that is taken over leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaving {
    /// Why.
    pub why: Retirement,
    /// How much time it has left.
    pub left: Duration,
}

impl Supervisor {
    /// A supervisor that is to succeed another one, which serves on the same sockets until this one is ready. If that one
    /// was scaled, so is this.
    pub fn succeeding(policy: Policy, seed: u64, scaled_to: Option<u16>) -> Self {
        let target = scaled_to.unwrap_or(policy.workers);
        Self { heir: Some(Heir::NEW), target, ..Self::new(policy, seed) }
    }

    /// A supervisor that continues for another one in the same process.
    pub fn inheriting(policy: Policy, seed: u64, legacy: &Legacy, now: Instant) -> Self {
        let worker = |it: &LegacyWorker| Worker {
            slot: it.slot,
            generation: it.generation,
            speaks_tls: policy.speaks_tls,
            state: match it.leaving {
                Some(Leaving { why, left }) => State::Leaving { why, kill_by: now + left },
                None => State::Ready { since: now },
            },
            spawned: true,
            urgent: true,
            has_given_way: false,
            hurry_at: None,
            // One that leaves has its limit, and whether it has drained was not left.
            drained: it.leaving.is_some(),
            page: false,
            waits: false,
            debugged_since: None,
            serving: it.leaving.is_none(),
            request_limit: None,
            lifetime: None,
            due: None,
            stall: None,
            asked_to_stop: None,
            startup_by: None,
            said_frozen: false,
        };
        let workers: BTreeMap<_, _> = legacy.workers.iter().map(|it| (it.id, worker(it))).collect();
        // They are replaced at once, by workers of a template of their own.
        let mut templates = Templates::default();
        templates.do_without(legacy.generation);
        let slots = workers.values().filter(|it| it.is_ready()).map(|it| (it.slot, SlotState::default()));
        Self {
            target: legacy.target,
            reloads: Reloads::after(legacy.generation, legacy.last_generation, legacy.frozen),
            next_id: legacy.next_id,
            slots: slots.collect(),
            first_start: FirstStart::over(),
            workers,
            templates,
            ..Self::new(policy, seed)
        }
    }

    /// What a new program needs to know to continue from here.
    pub fn legacy(&self, now: Instant) -> Legacy {
        let worker = |(id, it): (&WorkerId, &Worker)| LegacyWorker {
            id: *id,
            slot: it.slot,
            generation: it.generation,
            leaving: match it.state {
                // None boots at this point; if one did, its report would get lost.
                State::Starting { .. } => Some(Leaving { why: Retirement::Reload, left: Duration::ZERO }),
                State::Ready { .. } => None,
                State::Ending { cause: Cause::Crash { .. }, kill_by, .. } => {
                    let left = kill_by.saturating_duration_since(now);
                    Some(Leaving { why: Retirement::ExitTimeout, left })
                }
                State::Leaving { why, kill_by: end }
                | State::Ending { cause: Cause::Told(why), kill_by: end, .. }
                | State::Dumping { why, until: end, .. }
                | State::Aborting { why, kill_at: end } => {
                    Some(Leaving { why, left: end.saturating_duration_since(now) })
                }
                State::Killed { why, .. } => Some(Leaving { why, left: Duration::ZERO }),
            },
        };
        Legacy {
            target: self.target,
            generation: self.reloads.generation(),
            last_generation: self.reloads.last_generation(),
            frozen: self.reloads.is_frozen(),
            next_id: self.next_id,
            workers: self.workers.iter().map(worker).collect(),
        }
    }

    /// Says that we are ready when every slot has had a ready worker for as long as a reload's first one has to hold.
    pub(super) fn prove_succession(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let complete = self.slots.keys().all(|slot| self.holders(*slot).any(|(_, worker)| worker.is_ready()));
        let probation = self.policy.probation;
        let Some(heir) = &mut self.heir else { return };
        if complete && heir.stage == HeirStage::Booting {
            heir.stage = HeirStage::Proving { until: now + probation };
        }
        if let HeirStage::Proving { until } = heir.stage
            && until <= now
            && complete
        {
            heir.stage = HeirStage::Announced;
            actions.push(Action::AnnounceReady);
        }
    }

    /// The other master hands over: from now on the service is ours.
    pub(super) fn take_over(&mut self, actions: &mut Vec<Action>) {
        let announced = self.heir.is_some_and(|heir| heir.stage == HeirStage::Announced);
        if announced && self.phase == Phase::Running {
            self.heir = None;
            for id in self.workers.keys().copied().collect::<Vec<_>>() {
                self.serve(id, actions);
            }
            actions.push(Action::TakeOver);
            actions.push(Action::Notify(Notice::TookOver));
        }
    }

    /// The other master has called us off, or has died. `siblings`: whether it keeps serving.
    pub(super) fn called_off(&mut self, siblings: bool, now: Instant, actions: &mut Vec<Action>) {
        let Some(heir) = &mut self.heir else { return };
        let terms_change = heir.alone == siblings;
        heir.alone = !siblings;
        let stopping = self.is_stopping();
        self.stop(StopMode::Graceful, ExitReason::Stopped, now, actions);
        if stopping && terms_change {
            for id in self.workers.keys().copied().collect::<Vec<_>>() {
                self.retire(id, Retirement::Stop, now, actions);
            }
        }
    }

    /// Something went wrong before the service was ours: the other master serves on, and this one goes.
    pub(super) fn give_up_succession(
        &mut self,
        failure: BootFailure,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        if self.heir.is_some() {
            self.stop(StopMode::Graceful, ExitReason::BootFailed(failure), now, actions);
        }
    }
}
