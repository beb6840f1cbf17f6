//! Failing: what follows when a boot comes to nothing, or a reload does.

use std::time::{Duration, Instant};

use super::{Failure, Seat, Supervisor};
use crate::{
    Action, BootFailure, ExitReason, Generation, Notice, Policy, Reply, Retirement, Slot, StopMode, WorkerId,
    reload::Rejected, worker::Seating,
};

impl Supervisor {
    /// A boot came to nothing: the first start may be over, a reload may be, or the seat has to wait.
    ///
    /// `failure` is what the worker said, and none if it died without a word.
    pub(super) fn boot_failed(
        &mut self,
        id: WorkerId,
        seating: Seating,
        failure: Option<BootFailure>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Seating { slot, generation, .. } = seating;
        if self.is_stopping() {
            return;
        }
        if self.heir.is_some() {
            actions.push(Action::Notify(Notice::BootFailed { id, failures: 1, retry_in: None, ends: true }));
            return self.give_up_succession(failure.unwrap_or(BootFailure::Boot), now, actions);
        }
        if self.is_shown(seating, failure) {
            return self.show(id, seating, actions);
        }
        if !self.first_start.has_succeeded() {
            let failures = self.first_start.failed();
            let certain = match failure {
                None => failures >= Policy::FIRST_START_TRIES,
                // A database that is not there yet: the seat tries again.
                Some(BootFailure::Startup) => {
                    let before = self.seats.get(&slot).map_or(0, |seat| seat.backoff.failures());
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
        let pause = self.hold_seat(slot, Failure::Boot, now);
        let failures = self.seats.get(&slot).map_or(1, |seat| seat.backoff.failures());
        let rejects = self.reloads.leads_to(generation);
        let retry_in = if rejects { None } else { Some(pause) };
        actions.push(Action::Notify(Notice::BootFailed { id, failures, retry_in, ends: false }));
        if rejects {
            self.reject_reload(now, actions);
        }
    }

    /// Lets a seat wait for as long as its failures have earned.
    pub(super) fn hold_seat(&mut self, slot: Slot, failure: Failure, now: Instant) -> Duration {
        let Some(seat) = self.seats.get_mut(&slot) else { return Duration::ZERO };
        let pause = match failure {
            Failure::Crash => seat.backoff.crashed(&mut self.random),
            Failure::Boot => seat.backoff.boot_failed(&mut self.random),
        };
        seat.not_before = Some(now + pause);
        seat.failure = Some(failure);
        pause
    }

    /// The new generation does not work. Its workers go at once where an old one still holds the seat, and elsewhere
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
            .filter(|(_, worker)| worker.generation == rollout.to && worker.is_seated())
            .filter(|(_, worker)| worker.is_starting() || self.seat_has_other(worker.slot, rollout.to))
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
        self.seats.values_mut().for_each(Seat::forgive);
    }

    pub(super) fn seat_has_other(&self, slot: Slot, generation: Generation) -> bool {
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
