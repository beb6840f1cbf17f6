//! Urgency: which workers the service waits for. A boot costs as much as many requests, and so does the end of an
//! interpreter; a worker that is not urgent takes its time, and leaves the processors to those that serve.
//!
//! Invariants: a worker that serves is urgent; no boot stays less than urgent once a slot has no worker that serves, once a
//! worker takes too much memory, or once an upgrade is under way; when the service stops, every worker is urgent; and none
//! gives way for longer than [`Policy::COURTESY_BOOTS`] of its kind take, since under full load it would not get ahead at
//! all.

use std::time::{Duration, Instant};

use super::Supervisor;
use crate::{Action, Generation, Policy, Retirement, Slot, WorkerId};

impl Supervisor {
    /// Whether the worker of a slot serves, and may do so for as long as it takes to replace it.
    pub(super) fn is_only_old(&self, slot: Slot) -> bool {
        // What takes too much memory takes more until it goes.
        let old = |why: Retirement| match why {
            Retirement::MaxMemory => false,
            why => why.is_recycling() || why == Retirement::Asked,
        };
        let calm = !self.reloads.is_under_way() && self.upgrade.is_none();
        calm && self.holders(slot).any(|(_, it)| it.is_serving() && it.due.is_some_and(old))
    }

    /// How long a worker may give way.
    pub(super) fn courtesy(&self, generation: Generation) -> Duration {
        let known = self.quickest_boot.filter(|(of, _)| *of == generation).map(|(_, boot)| boot);
        known.map_or(Policy::USUAL_COURTESY, |boot| {
            (boot * Policy::COURTESY_BOOTS).clamp(Policy::LEAST_COURTESY, Policy::MOST_COURTESY)
        })
    }

    /// A worker has booted in so much time. One that has given way for a part of it says nothing.
    pub(super) fn measure_boot(&mut self, id: WorkerId, boot: Duration) {
        let Some(worker) = self.workers.get(&id).filter(|it| !it.has_given_way) else { return };
        let before = self.quickest_boot.filter(|(of, _)| *of == worker.generation);
        let quickest = before.map_or(boot, |(_, before)| before.min(boot));
        self.quickest_boot = Some((worker.generation, quickest));
    }

    /// What is left of a drained worker is its own affair, unless the service cannot stop before it is gone.
    pub(super) fn give_way(&mut self, id: WorkerId, now: Instant, actions: &mut Vec<Action>) {
        // The developer waits for what comes after it.
        let stays = self.is_stopping() || self.policy.is_development();
        let Some(generation) = self.workers.get(&id).map(|worker| worker.generation) else { return };
        let courtesy = self.courtesy(generation);
        if let Some(worker) = self.workers.get_mut(&id)
            && worker.is_leaving()
            && worker.urgent
            && !stays
        {
            worker.urgent = false;
            worker.has_given_way = true;
            // The application's shutdown is still to come, and has to be over by then.
            let limit =
                worker.state_deadline().map(|kill_by| now + kill_by.saturating_duration_since(now) / 2);
            worker.hurry_at = Some(limit.map_or(now + courtesy, |limit| limit.min(now + courtesy)));
            actions.push(Action::GiveWay { id });
        }
    }

    /// From now on it is urgent.
    pub(super) fn hurry(&mut self, id: WorkerId, actions: &mut Vec<Action>) {
        if let Some(worker) = self.workers.get_mut(&id)
            && !worker.urgent
        {
            worker.urgent = true;
            worker.hurry_at = None;
            actions.push(Action::Hurry { id });
        }
    }

    /// It has given way for long enough.
    pub(super) fn end_courtesy(&mut self, id: WorkerId, now: Instant, actions: &mut Vec<Action>) {
        if self.workers.get(&id).is_some_and(|worker| worker.hurry_at.is_some_and(|at| at <= now)) {
            self.hurry(id, actions);
        }
    }

    /// A boot is urgent from the moment on at which the service is short of a worker, or a reload or an upgrade begins, or
    /// the worker that it is to replace has become more than old.
    pub(super) fn hurry_boots(&mut self, actions: &mut Vec<Action>) {
        let complete = self.slots.keys().all(|slot| self.is_served(*slot));
        let boots = self.workers.iter().filter(|(_, it)| it.is_starting() && !it.urgent);
        let waited_for = boots.filter(|(_, it)| !complete || !self.is_only_old(it.slot));
        for id in waited_for.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.hurry(id, actions);
        }
    }

    /// A stop waits for everybody.
    pub(super) fn hurry_all(&mut self, actions: &mut Vec<Action>) {
        for id in self.workers.keys().copied().collect::<Vec<_>>() {
            self.hurry(id, actions);
        }
    }

    fn is_served(&self, slot: Slot) -> bool {
        self.holders(slot).any(|(_, worker)| worker.is_serving())
    }
}
