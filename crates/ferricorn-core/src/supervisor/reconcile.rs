//! Reconcile: the difference between the target and the actual state.

use std::time::Instant;

use rand::RngExt;

use super::{Failure, Phase, Supervisor};
use crate::{
    Action, Notice, Retirement, Slot, WorkerId,
    first_start::Opening,
    pacing::Budget,
    worker::{State, Worker},
};

impl Supervisor {
    pub(super) fn reconcile(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match self.phase {
            Phase::Waiting | Phase::Ended => {}
            Phase::Announcing { .. } => {
                self.drop_all_templates(actions);
                self.hurry_all(actions);
            }
            Phase::Stopping { reason, .. } => {
                self.drop_all_templates(actions);
                self.hurry_all(actions);
                if self.workers.values().all(Worker::is_given_up) && !self.awaits_successor() {
                    self.phase = Phase::Ended;
                    actions.push(Action::Exit(reason));
                }
            }
            Phase::Running => {
                self.begin_reading(now, actions);
                self.begin_replacing(now, actions);
                self.begin_queued_reload(actions);
                self.begin_upgrade(now, actions);
                self.arrange_templates(now, actions);
                self.arrange_slots(now, actions);
                self.let_canary_stand_in(actions);
                self.retire_superseded(now, actions);
                self.fill_empty_slots(now, actions);
                self.let_proceed(actions);
                self.tell_of_kept_workers(actions);
                self.replace_due(now, actions);
                self.hurry_boots(actions);
                self.tell_of_budget(now, actions);
                self.commit_reload(actions);
                self.answer_settled(actions);
                self.answer_replaced(actions);
                self.prove_succession(now, actions);
                self.tell_of_opening(now, actions);
                self.step_aside(actions);
            }
        }
    }

    /// As many slots as wanted: new ones get the lowest free number, the one whose worker is youngest goes first.
    fn arrange_slots(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let mut slot = 0;
        while self.slots.len() < usize::from(self.target) {
            self.slots.entry(Slot(slot)).or_default();
            slot += 1;
        }
        while self.slots.len() > usize::from(self.target) {
            let youngest = self.slots.keys().copied().max_by_key(|slot| {
                // A slot without a ready worker is the cheapest to give up, an empty one above all.
                let ready = self.holders(*slot).any(|(_, worker)| worker.is_ready());
                (!ready, self.holders(*slot).map(|(id, _)| id).min().unwrap_or(WorkerId(u64::MAX)))
            });
            let Some(slot) = youngest else { return };
            self.slots.remove(&slot);
            for id in self.holders(slot).map(|(id, _)| id).collect::<Vec<_>>() {
                self.retire(id, Retirement::ScaleDown, now, actions);
            }
        }
    }

    /// The workers that hold a slot: at most one that serves and one that is to follow it, or is on probation.
    pub(super) fn holders(&self, slot: Slot) -> impl Iterator<Item = (WorkerId, &Worker)> {
        self.workers
            .iter()
            .filter(move |(_, it)| it.slot == slot && it.holds_slot())
            .map(|(id, it)| (*id, it))
    }

    /// Where a younger worker of the same slot is ready, the older one goes.
    fn retire_superseded(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let mut superseded = Vec::new();
        for slot in self.slots.keys() {
            let ready: Vec<_> = self.holders(*slot).filter(|(_, worker)| worker.is_ready()).collect();
            let Some((youngest, _)) = ready.last() else { continue };
            if self.reloads.is_on_probation(*youngest) {
                continue;
            }
            let older = &ready[..ready.len() - 1];
            superseded
                .extend(older.iter().map(|(id, worker)| (*id, worker.due.unwrap_or(Retirement::Reload))));
        }
        for (id, why) in superseded {
            self.retire(id, why, now, actions);
        }
    }

    /// An empty slot gets a worker as soon as its back-off is over.
    fn fill_empty_slots(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let empty: Vec<_> = self
            .slots
            .keys()
            .copied()
            .filter(|slot| self.may_fill(*slot, now) && self.holders(*slot).next().is_none())
            .collect();
        for slot in empty {
            // The one before may have used up the budget.
            if self.may_fill(slot, now) {
                self.spawn(slot, true, now, actions);
            }
        }
    }

    /// Starts the replacement of workers that ought to go, as far as the surge allows.
    fn replace_due(&mut self, now: Instant, actions: &mut Vec<Action>) {
        while self.has_room() {
            let Some(slot) = self.next_to_replace(now) else { return };
            self.spawn(slot, !self.is_only_old(slot), now, actions);
        }
    }

    /// Whether one worker more may live. A draining worker counts until it is gone, since it still has its memory; an
    /// empty slot counts too, since it will be filled when its back-off is over.
    fn has_room(&self) -> bool {
        let alive =
            self.workers.values().filter(|it| it.is_alive() && self.slots.contains_key(&it.slot)).count();
        let empty = self.slots.keys().filter(|slot| self.holders(**slot).next().is_none()).count();
        alive + empty < usize::from(self.target) + usize::from(self.policy.surge.max(1))
    }

    fn next_to_replace(&self, now: Instant) -> Option<Slot> {
        if self.is_upgrading() {
            return None;
        }
        if let Some(rollout) = self.reloads.rollout() {
            let to = rollout.to;
            let canary_only = !rollout.is_proven();
            let under_way =
                self.workers.values().any(|worker| worker.generation == to && worker.holds_slot());
            if canary_only && under_way {
                return None;
            }
            return self.replaceable(now).find(|it| it.generation < to).map(|it| it.slot);
        }
        let frozen = self.is_frozen();
        self.replaceable(now)
            // Recycling would load the rejected code without need.
            .find(|worker| worker.due.is_some_and(|why| !(frozen && why.is_recycling())))
            .map(|worker| worker.slot)
    }

    /// Says once of each worker that it is due for recycling and is kept.
    fn tell_of_kept_workers(&mut self, actions: &mut Vec<Action>) {
        if !self.is_frozen() || self.reloads.is_under_way() {
            return;
        }
        for (id, worker) in &mut self.workers {
            let kept = worker.is_ready() && worker.due.is_some_and(Retirement::is_recycling);
            if kept && !worker.said_frozen {
                worker.said_frozen = true;
                actions.push(Action::Notify(Notice::RecyclingFrozen { id: *id }));
            }
        }
    }

    /// Workers that serve alone in a slot that need not wait, oldest first.
    fn replaceable(&self, now: Instant) -> impl Iterator<Item = &Worker> {
        self.workers
            .values()
            .filter(move |worker| worker.is_ready() && self.may_fill(worker.slot, now))
            .filter(|worker| self.holders(worker.slot).count() == 1)
    }

    /// Whether there is such a slot, its back-off is over, the budget of restarts has one for it, and its template is no longer
    /// waited for.
    fn may_fill(&self, slot: Slot, now: Instant) -> bool {
        self.is_over(slot, now)
            && !self.waits_for_budget(slot, now)
            && !self.awaits_template()
            && !self.is_held(now)
            && !self.waits_for_reason(slot)
    }

    /// Whether there is such a slot, and its back-off is over.
    fn is_over(&self, slot: Slot, now: Instant) -> bool {
        self.slots.get(&slot).is_some_and(|state| state.not_before.is_none_or(|not_before| not_before <= now))
    }

    /// Whether a slot has nothing but the budget of restarts to wait for.
    fn waits_for_budget(&self, slot: Slot, now: Instant) -> bool {
        let failed = self.slots.get(&slot).is_some_and(|state| state.failure.is_some());
        failed && self.is_over(slot, now) && !self.restarts.allows(self.target, now)
    }

    /// When the budget has a restart for a slot that waits for one.
    pub(super) fn next_restart(&self, now: Instant) -> Option<Instant> {
        let waits = self.slots.keys().any(|slot| self.waits_for_budget(*slot, now));
        waits.then(|| self.restarts.allows_at(self.target, now))
    }

    /// Says once that the budget of restarts is used up.
    fn tell_of_budget(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let waiting = self.slots.keys().filter(|slot| self.waits_for_budget(**slot, now)).count();
        if waiting > 0 && self.restarts.should_tell() {
            actions
                .push(Action::Notify(Notice::RestartsSlowed { waiting, every: Budget::wait(self.target) }));
        }
    }

    fn spawn(&mut self, slot: Slot, is_waited_for: bool, now: Instant, actions: &mut Vec<Action>) {
        let id = WorkerId(self.next_id);
        self.next_id += 1;
        let mut page = false;
        if let Some(state) = self.slots.get_mut(&slot) {
            let failure = state.failure.take();
            state.after_failed_boot = failure == Some(Failure::Boot);
            page = std::mem::take(&mut state.wants_page);
            if failure.is_some() {
                self.restarts.spend(self.target, now);
            }
        }
        let generation = self.reloads.next_generation();
        let policy = self.reloads.policy(&self.policy);
        let boot_by = policy.boot_timeout.map(|limit| now + limit);
        // A boot that has a limit of time is not to miss it for being polite.
        let urgent = is_waited_for || boot_by.is_some();
        let hurry_at = (!urgent).then(|| now + self.courtesy(generation));
        let jitter = policy.max_requests_jitter;
        let request_limit =
            policy.max_requests.map(|requests| requests.saturating_add(self.random.random_range(0..=jitter)));
        let lifetime = policy.max_lifetime.map(|lifetime| {
            lifetime + policy.max_lifetime_jitter.mul_f64(self.random.random_range(0.0..=1.0))
        });
        self.workers.insert(
            id,
            Worker {
                slot,
                generation,
                speaks_tls: policy.speaks_tls,
                state: State::Starting { since: now, boot_by },
                spawned: false,
                urgent,
                has_given_way: !urgent,
                hurry_at,
                drained: false,
                page,
                waits: policy.is_development(),
                debugged_since: None,
                serving: false,
                request_limit,
                lifetime,
                stall: None,
                asked_to_stop: None,
                startup_by: None,
                due: None,
                said_frozen: false,
            },
        );
        let from = self.take_origin(id, generation, now);
        actions.push(Action::Spawn { id, slot, generation, urgent, from, page });
    }

    /// Says that the service is there.
    fn tell_of_opening(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if !self.first_start.is_listening() || self.heir.is_some() {
            return;
        }
        let waits = match self.first_start.opening() {
            Opening::Told => return,
            Opening::Booting => !self.slots.is_empty(),
            Opening::Filling { until } => until > now && self.is_filling(),
        };
        if !waits {
            self.first_start.told();
            actions.push(Action::Notify(Notice::Opened));
        }
    }

    /// Whether a worker is about to be ready, and none has failed to.
    fn is_filling(&self) -> bool {
        let failed = self.slots.values().any(|state| state.failure.is_some());
        let ready = |slot| self.holders(slot).any(|(_, worker)| worker.is_ready());
        !failed && !self.slots.keys().all(|slot| ready(*slot))
    }

    /// When the other workers of the first start have had their time.
    pub(super) fn opening_deadline(&self) -> Option<Instant> {
        match self.first_start.opening() {
            Opening::Filling { until } if self.phase == Phase::Running && self.heir.is_none() => Some(until),
            _ => None,
        }
    }
}
