//! Urgency: for which workers somebody waits. A boot costs as much as many requests, and so does the end of an interpreter;
//! a worker for which nobody waits takes its time, and leaves the processors to those that serve.
//!
//! Invariants: a worker that serves is urgent; no boot stays less than urgent once a seat has no worker that serves;
//! when the service stops, every worker is urgent.

use super::Supervisor;
use crate::{Action, Retirement, Slot, WorkerId};

impl Supervisor {
    /// Whether the worker of a seat serves, and may do so for as long as it takes to replace it.
    pub(super) fn is_only_old(&self, slot: Slot) -> bool {
        let old = |why: Retirement| why.is_recycling() || why == Retirement::Asked;
        self.rollout.is_none() && self.seated(slot).any(|(_, it)| it.is_serving() && it.due.is_some_and(old))
    }

    /// What is left of a drained worker is its own affair, unless the service cannot stop before it is gone.
    pub(super) fn give_way(&mut self, id: WorkerId, actions: &mut Vec<Action>) {
        let stopping = self.is_stopping();
        if let Some(worker) = self.workers.get_mut(&id)
            && worker.is_leaving()
            && worker.urgent
            && !stopping
        {
            worker.urgent = false;
            actions.push(Action::GiveWay { id });
        }
    }

    /// From now on somebody waits for it.
    pub(super) fn hurry(&mut self, id: WorkerId, actions: &mut Vec<Action>) {
        if let Some(worker) = self.workers.get_mut(&id)
            && !worker.urgent
        {
            worker.urgent = true;
            actions.push(Action::Hurry { id });
        }
    }

    /// A boot is urgent from the moment on at which the service is short of a worker, or a reload begins.
    pub(super) fn hurry_boots(&mut self, actions: &mut Vec<Action>) {
        let complete = self.seats.keys().all(|slot| self.is_served(*slot));
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
        self.seated(slot).any(|(_, worker)| worker.is_serving())
    }
}
