//! Failing: what follows when a boot fails.

use std::time::{Duration, Instant};

use super::{Failure, Supervisor};
use crate::{Action, BootFailure, ExitReason, Notice, Policy, Slot, StopMode, WorkerId, worker::Assignment};

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
}
