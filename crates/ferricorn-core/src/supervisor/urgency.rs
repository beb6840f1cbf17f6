//! Urgency: for which boots somebody waits. A boot costs as much as many requests; one for which nobody waits may take its
//! time, and leave the processors to the workers that serve.
//!
//! Invariant: no boot stays less than urgent once a seat has no worker that serves.

use super::Supervisor;
use crate::{Action, Retirement, Slot};

impl Supervisor {
    /// Whether the worker of a seat serves, and may do so for as long as it takes to replace it.
    pub(super) fn is_only_old(&self, slot: Slot) -> bool {
        let old = |why: Retirement| why.is_recycling() || why == Retirement::Asked;
        self.rollout.is_none() && self.seated(slot).any(|(_, it)| it.is_serving() && it.due.is_some_and(old))
    }

    /// A boot is urgent from the moment on at which the service is short of a worker, or a reload begins.
    pub(super) fn hurry(&mut self, actions: &mut Vec<Action>) {
        let boots = self.workers.iter().filter(|(_, it)| it.is_starting() && !it.urgent);
        let boots: Vec<_> = boots.map(|(id, it)| (*id, it.slot)).collect();
        let complete = self.seats.keys().all(|slot| self.is_served(*slot));
        for (id, slot) in boots {
            if complete && self.is_only_old(slot) {
                continue;
            }
            if let Some(worker) = self.workers.get_mut(&id) {
                worker.urgent = true;
                actions.push(Action::Hurry { id });
            }
        }
    }

    fn is_served(&self, slot: Slot) -> bool {
        self.seated(slot).any(|(_, worker)| worker.is_serving())
    }
}
