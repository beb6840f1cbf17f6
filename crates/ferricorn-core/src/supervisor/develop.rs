//! Development: a service with `--reload`. Requests after a change are answered by the code on disk.
//!
//! A change stops the workers at once (`code_changed`), also before anything can be started in their place: requests wait in
//! the listening sockets' queues. A reload starts the new ones beside the old ones that still finish what they have; each
//! waits for its `Proceed` between its import and the application's startup, so that two never hold the same port, lock or
//! client id. A boot that fails is not tried again: a worker that shows why takes its place until the code changes.
//!
//! Invariants: nothing of an older generation accepts after a reload, or comes back; no worker proceeds while one of an older
//! generation has not shut its application down; while a debugger is open nothing is replaced and no worker is late.

use std::time::{Duration, Instant};

use super::{Phase, Supervisor};
use crate::{
    Action, BootFailure, Notice, Policy, Reply, RequestId, Retirement, Slot, WorkerId,
    worker::{Assignment, State, Worker},
};

/// What a service that is worked on waits for.
#[derive(Clone, Debug, Default)]
pub(super) struct Bench {
    /// The code has changed, and nothing is started before the reload that follows, or this moment.
    held_until: Option<Instant>,
    /// Who waits for the newest generation to be there.
    asked_by: Vec<RequestId>,
    /// It was said that a change waits for a debugger, and it has not had its turn since.
    told_to_wait: bool,
    /// A worker has imported what no template has.
    pub(super) wants_template: bool,
}

impl Bench {
    /// When something is to be started that no reload has asked for.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.held_until
    }

    /// Everybody who waits for an answer.
    pub(super) fn take_askers(&mut self) -> Vec<RequestId> {
        std::mem::take(&mut self.asked_by)
    }
}

impl Supervisor {
    /// What serves is no longer what is on disk.
    pub(super) fn code_changed(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if !self.may_replace() || self.waits_for_debugger(actions) {
            return;
        }
        self.bench.held_until = Some(now + Policy::HOLD);
        self.retire_replaced(now, actions);
    }

    /// Begins a reload that replaces at once. Every one that is asked for meanwhile replaces what this one has started.
    pub(super) fn begin_replacing(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if !self.may_replace() || !self.reloads.is_waiting() || self.waits_for_debugger(actions) {
            return;
        }
        let Some((policy, asked_by)) = self.reloads.replace() else { return };
        self.set_target(policy.workers, actions);
        self.policy = policy;
        self.bench.held_until = None;
        self.bench.asked_by.extend(asked_by);
        for state in self.slots.values_mut() {
            state.forgive();
            state.wants_page = false;
        }
        actions.push(Action::Notify(Notice::Replacing(self.reloads.generation())));
        self.retire_replaced(now, actions);
    }

    fn may_replace(&self) -> bool {
        let is_ours = self.heir.is_none() && !self.is_upgrading() && !self.reloads.is_under_way();
        self.policy.is_development() && self.phase == Phase::Running && is_ours
    }

    /// Takes every worker out of service that was started before now. A worker that shows a failure has nothing to finish.
    fn retire_replaced(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let holders = self.workers.iter().filter(|(_, worker)| worker.holds_slot());
        for id in holders.map(|(id, _)| *id).collect::<Vec<_>>() {
            let grace = Policy::REPLACED_GRACE.min(self.policy.grace());
            let drain = self.drain(id, true, grace, false, true);
            let limit = grace + Policy::REPLACED_SHUTDOWN;
            self.order_to_leave(id, Retirement::Reload, now, limit, drain, actions);
        }
    }

    /// Whether nothing may be replaced, because a debugger is attached to a worker; reports it once.
    fn waits_for_debugger(&mut self, actions: &mut Vec<Action>) -> bool {
        let open = self.workers.values().any(|worker| worker.holds_slot() && worker.is_debugged());
        if open {
            self.tell_to_wait(actions);
        }
        open
    }

    /// Whether a worker is late with nothing: a debugger is attached to it, or to one that it waits for.
    pub(super) fn is_excused(&self, worker: &Worker) -> bool {
        let waits = worker.waits && worker.is_starting();
        worker.is_debugged() || (waits && self.workers.values().any(Worker::is_debugged))
    }

    fn tell_to_wait(&mut self, actions: &mut Vec<Action>) {
        if !std::mem::replace(&mut self.bench.told_to_wait, true) {
            actions.push(Action::Notify(Notice::ChangesWait));
        }
    }

    /// A debugger was opened in a worker, or was left: what it had to do in that time gets as much time again.
    pub(super) fn debugging(&mut self, id: WorkerId, open: bool, now: Instant, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        match (open, worker.debugged_since.take()) {
            (true, since) => {
                worker.debugged_since = since.or(Some(now));
                // The change has come first: its request has reached the breakpoint while the worker drained, or this was
                // said before the change, and heard after it.
                if matches!(worker.state, State::Leaving { why: Retirement::Reload, .. }) {
                    self.tell_to_wait(actions);
                }
            }
            (false, Some(since)) => {
                let lasted = now.saturating_duration_since(since);
                worker.postpone(lasted);
                if !self.workers.values().any(Worker::is_debugged) {
                    self.excuse_waiting(id, lasted);
                }
                // Its event loop has stood still for as long.
                self.watch.awake_since = Some(now);
            }
            (false, None) => {}
        }
    }

    /// What waited for a debugger that was open in this worker gets as much time again.
    fn excuse_waiting(&mut self, debugged: WorkerId, lasted: Duration) {
        for (id, worker) in &mut self.workers {
            if *id != debugged && worker.waits && worker.is_starting() {
                worker.postpone(lasted);
            }
        }
    }

    /// Whether nothing is started yet, since the code has just changed.
    pub(super) fn is_held(&self, now: Instant) -> bool {
        self.bench.held_until.is_some_and(|until| until > now)
    }

    /// Whether a page is to take the place of a worker that is still there: how it ended may be what the page shows.
    pub(super) fn waits_for_reason(&self, slot: Slot) -> bool {
        let wants_page = self.slots.get(&slot).is_some_and(|state| state.wants_page);
        let newest = self.reloads.generation();
        let is_failing = |it: &Worker| it.slot == slot && it.generation == newest && !it.is_given_up();
        wants_page && self.workers.values().any(is_failing)
    }

    /// Whether a boot that has failed is shown, and not tried again. What no code can mend is not, nor a page that fails.
    pub(super) fn is_shown(&self, assignment: Assignment, failure: Option<BootFailure>) -> bool {
        self.may_replace() && !assignment.page && failure != Some(BootFailure::Environment)
    }

    /// Lets the failure of a boot be shown in its place.
    pub(super) fn show(&mut self, id: WorkerId, assignment: Assignment, actions: &mut Vec<Action>) {
        if let Some(state) = self.slots.get_mut(&assignment.slot) {
            state.wants_page = true;
        }
        actions.push(Action::Notify(Notice::BootFailed { id, failures: 1, retry_in: None, ends: false }));
        for to in self.bench.take_askers() {
            actions.push(Action::Reply { to, reply: Reply::ReloadRejected(assignment.generation) });
        }
    }

    /// Lets the newest workers begin the application's startup when it is their turn.
    pub(super) fn let_proceed(&mut self, actions: &mut Vec<Action>) {
        let waiting = self.workers.iter().filter(|(_, it)| it.waits && it.spawned && it.is_starting());
        let due: Vec<_> = waiting.filter(|(id, it)| self.is_alone(**id, it)).map(|(id, _)| *id).collect();
        for id in due {
            if let Some(worker) = self.workers.get_mut(&id) {
                worker.waits = false;
            }
            self.bench.told_to_wait = false;
            actions.push(Action::Proceed { id });
        }
    }

    /// Whether nobody whose place it takes has an application that runs. A reload that has to prove itself has both at once.
    fn is_alone(&self, id: WorkerId, worker: &Worker) -> bool {
        let precedes = |other: &Worker| {
            other.generation < worker.generation || (other.slot == worker.slot && !other.holds_slot())
        };
        let mut before = self.workers.iter().filter(|(other, it)| **other < id && precedes(it));
        self.reloads.is_under_way() || before.all(|(_, it)| it.is_past_shutdown())
    }

    /// Answers those who wait for the newest generation when it is there.
    pub(super) fn answer_replaced(&mut self, actions: &mut Vec<Action>) {
        if self.bench.asked_by.is_empty() || !self.slots.keys().all(|slot| self.is_replaced(*slot)) {
            return;
        }
        for to in self.bench.take_askers() {
            actions.push(Action::Reply { to, reply: Reply::Reloaded(self.reloads.generation()) });
        }
    }

    pub(super) fn is_replaced(&self, slot: Slot) -> bool {
        self.holders(slot)
            .any(|(_, it)| it.is_ready() && it.generation == self.reloads.generation() && !it.page)
    }
}
