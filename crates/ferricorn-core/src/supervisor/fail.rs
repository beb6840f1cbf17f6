//! Failing: what follows when a boot or a reload fails.

use std::time::{Duration, Instant};

use super::{Failure, SlotState, Supervisor};
use crate::{
    Action, BootFailure, ExitReason, Generation, Notice, Policy, Reply, Retirement, Slot, StopMode, WorkerId,
    reload::Rejected, worker::Assignment,
};

impl Supervisor {
    /// A boot came to nothing: the first start may be over, a reload may be, or the slot has to wait.
    ///
    /// `failure` is what the worker reported, and `None` if it died without a report.
    pub(super) fn boot_failed(
        &mut self,
        id: WorkerId,
        assignment: Assignment,
        failure: Option<BootFailure>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Assignment { slot, generation, .. } = assignment;
        if self.is_stopping() {
            return;
        }
        if self.heir.is_some() {
            actions.push(Action::Notify(Notice::BootFailed { id, failures: 1, retry_in: None, ends: true }));
            return self.give_up_succession(failure.unwrap_or(BootFailure::Boot), now, actions);
        }
        if self.is_shown(assignment, failure) {
            return self.show(id, assignment, actions);
        }
        if !self.first_start.has_succeeded() {
            let failures = self.first_start.failed();
            let certain = match failure {
                None => failures >= Policy::FIRST_START_TRIES,
                // A database that is not there yet: the slot tries again.
                Some(BootFailure::Startup) => {
                    let before = self.slots.get(&slot).map_or(0, |state| state.backoff.failures());
                    before + 1 >= Policy::FIRST_START_TRIES
                }
                Some(_) => true,
            };
            if certain {
                actions.push(Action::Notify(Notice::BootFailed { id, failures, retry_in: None, ends: true }));
                let failure = failure.unwrap_or(BootFailure::Boot);
                self.stop(StopMode::Quick, ExitReason::BootFailed(failure), now, actions);
                return;
            }
        }
        let pause = self.hold_slot(slot, Failure::Boot, now);
        let failures = self.slots.get(&slot).map_or(1, |state| state.backoff.failures());
        let rejects = self.reloads.leads_to(generation);
        let retry_in = if rejects { None } else { Some(pause) };
        actions.push(Action::Notify(Notice::BootFailed { id, failures, retry_in, ends: false }));
        if rejects {
            self.reject_reload(now, actions);
        }
    }

    /// Lets a slot wait for as long as its failures have earned.
    pub(super) fn hold_slot(&mut self, slot: Slot, failure: Failure, now: Instant) -> Duration {
        let Some(state) = self.slots.get_mut(&slot) else { return Duration::ZERO };
        let pause = match failure {
            Failure::Crash => state.backoff.crashed(&mut self.random),
            Failure::Boot => state.backoff.boot_failed(&mut self.random),
        };
        state.not_before = Some(now + pause);
        state.failure = Some(failure);
        pause
    }

    /// The new generation does not work. Its workers go at once where an old one still holds the slot, and elsewhere
    /// as soon as one of the old generation is ready in their place.
    pub(super) fn reject_reload(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(Rejected { rollout, policy }) = self.reloads.reject() else { return };
        let tried = policy.unwrap_or_else(|| self.policy.clone());
        if let Some((policy, target)) = rollout.before {
            self.policy = policy;
            // A number that was asked for in the meantime stays.
            if self.target == tried.workers {
                self.set_target(target, actions);
            }
        }
        actions.push(Action::Notify(Notice::ReloadRejected {
            generation: rollout.to,
            frozen: self.is_frozen(),
        }));
        for to in rollout.asked_by {
            actions.push(Action::Reply { to, reply: Reply::ReloadRejected(rollout.to) });
        }
        let rejected: Vec<_> = self
            .workers
            .iter()
            .filter(|(_, worker)| worker.generation == rollout.to && worker.holds_slot())
            .filter(|(_, worker)| worker.is_starting() || self.slot_has_other(worker.slot, rollout.to))
            .map(|(id, _)| *id)
            .collect();
        for id in rejected {
            self.retire(id, Retirement::Rejected, now, actions);
        }
        let mut to_replace = 0;
        for worker in self.workers.values_mut().filter(|it| it.generation == rollout.to && it.is_ready()) {
            worker.due = Some(Retirement::Rejected);
            to_replace += 1;
        }
        if to_replace > 0 {
            actions.push(Action::Notify(Notice::RollingBack { generation: rollout.to, workers: to_replace }));
        }
        self.slots.values_mut().for_each(SlotState::forgive);
    }

    pub(super) fn slot_has_other(&self, slot: Slot, generation: Generation) -> bool {
        self.workers.values().any(|it| it.slot == slot && it.is_ready() && it.generation != generation)
    }

    /// Ends the reload under way and every queued one with the same answer.
    pub(super) fn answer_reloads(&mut self, reply: &Reply, actions: &mut Vec<Action>) {
        let replacing = self.bench.take_askers();
        for to in self.reloads.abandon().into_iter().chain(replacing) {
            actions.push(Action::Reply { to, reply: reply.clone() });
        }
    }
}
