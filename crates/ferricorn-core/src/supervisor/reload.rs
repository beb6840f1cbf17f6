//! Reloads: how settings are read, and how a new generation begins, proves itself, and takes effect or is rejected.
//!
//! Owns: the steps from one to the next. Does not own: what is known of reloads ([`crate::reading`], [`crate::reload`]), which worker is replaced
//! next (`reconcile`).

use std::time::Instant;

use super::{SlotState, Supervisor};
use crate::{
    Action, Generation, Notice, Policy, Reply, RequestId, Retirement, Slot, Unread,
    reading::{Asker, Batch},
    reload::Rejected,
    rollout::RolloutStage,
};

impl Supervisor {
    /// Reads the settings for those who have asked for a reload, one reading at a time.
    pub(super) fn begin_reading(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.readings.begin(now + Policy::READING_LIMIT) {
            actions.push(Action::ReadSettings);
        }
    }

    /// There are new settings: the reload that they were read for waits for its turn.
    pub(super) fn settings_read(&mut self, mut policy: Policy, actions: &mut Vec<Action>) {
        let Some(Batch { askers, changes }) = self.readings.end() else { return };
        actions.push(Action::Notify(Notice::SettingsRead));
        for change in changes {
            policy.workers = change.apply(policy.workers);
        }
        let (waiting, others): (Vec<_>, Vec<_>) = askers.into_iter().partition(|asker| asker.wait);
        for Asker { by: to, .. } in others {
            actions.push(Action::Reply { to, reply: Reply::ReloadBegins });
        }
        self.reloads.ask(policy, waiting.into_iter().map(|asker| asker.by));
    }

    /// There are no new settings. During development the code is replaced all the same, under the settings in force.
    pub(super) fn settings_unread(&mut self, why: &Unread, actions: &mut Vec<Action>) {
        let Some(Batch { askers, .. }) = self.readings.end() else { return };
        actions.push(Action::Notify(Notice::SettingsUnread(why.clone())));
        for Asker { by: to, .. } in askers {
            actions.push(Action::Reply { to, reply: Reply::NotReloaded(why.clone()) });
        }
        if self.policy.is_development() && !self.reloads.is_waiting() {
            self.reloads.ask(self.policy.clone(), []);
        }
    }

    /// Gives up a reading that takes too long.
    pub(super) fn expire_reading(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.readings.deadline().is_some_and(|deadline| deadline <= now) {
            actions.push(Action::StopReading);
            self.settings_unread(&Unread::TookLongerThan(Policy::READING_LIMIT), actions);
        }
    }

    /// Takes back the readings, and gives who has asked for them.
    fn stop_reading(&mut self, actions: &mut Vec<Action>) -> Vec<RequestId> {
        if self.readings.is_under_way() {
            actions.push(Action::StopReading);
        }
        self.readings.abandon()
    }

    /// Takes back every reload that has not begun, and gives who has asked for it; `None` if there is none.
    pub(super) fn withdraw_reloads(&mut self, actions: &mut Vec<Action>) -> Option<Vec<RequestId>> {
        let asked_for = self.readings.is_asked_for() || self.reloads.is_waiting();
        let mut asked_by = self.reloads.withdraw().unwrap_or_default();
        asked_by.extend(self.stop_reading(actions));
        asked_for.then_some(asked_by)
    }

    pub(super) fn begin_queued_reload(&mut self, actions: &mut Vec<Action>) {
        // Before the first worker is ready there is nothing to compare a new generation with.
        let busy = self.reloads.is_under_way() || self.is_upgrading() || self.heir.is_some();
        if busy || !self.first_start.has_succeeded() || self.policy.is_development() {
            return;
        }
        let Some(generation) = self.reloads.begin() else { return };
        self.slots.values_mut().for_each(SlotState::forgive);
        actions.push(Action::Notify(Notice::ReloadStarted(generation)));
    }

    /// A canary on probation serves before its time when the one beside it is gone.
    pub(super) fn let_canary_stand_in(&mut self, actions: &mut Vec<Action>) {
        let Some(RolloutStage::Holding { canary, .. }) = self.reloads.stage() else {
            return;
        };
        let alone = self.workers.get(&canary).is_some_and(|it| !self.slot_has_other(it.slot, it.generation));
        if alone {
            self.serve(canary, actions);
        }
    }

    pub(super) fn end_probation(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match self.reloads.stage() {
            Some(RolloutStage::Holding { canary, until }) if until <= now => {
                let probation = self.reloads.policy(&self.policy).probation;
                let until = now + probation.min(Policy::FIRST_REQUEST);
                self.reloads.set_stage(RolloutStage::Serving { canary, until });
                self.serve(canary, actions);
            }
            // With no probation that is at once, but not before it is known that its sockets listen.
            Some(RolloutStage::Serving { until, .. }) if until <= now && self.reloads.listens() => {
                self.prove(actions);
            }
            _ => {}
        }
    }

    /// The canary has held and answered: the others may follow.
    pub(super) fn prove(&mut self, actions: &mut Vec<Action>) {
        let Some((generation, policy)) = self.reloads.prove(&self.policy, self.target) else { return };
        actions.push(Action::Notify(Notice::ReloadProven(generation)));
        if let Some(policy) = policy {
            self.set_target(policy.workers, actions);
            self.policy = policy;
        }
    }

    /// The reload is over when no worker of an older generation holds a slot and every slot has its new worker.
    pub(super) fn commit_reload(&mut self, actions: &mut Vec<Action>) {
        let Some(rollout) = self.reloads.rollout() else { return };
        let to = rollout.to;
        let complete = self.slots.keys().all(|slot| {
            let mut holders = self.holders(*slot).peekable();
            holders.peek().is_some()
                && holders.all(|(_, worker)| worker.generation == to && worker.is_ready())
        });
        // With no slots there is nothing to prove.
        if !(complete && (rollout.is_proven() || self.slots.is_empty())) {
            return;
        }
        let Some((generation, policy)) = self.reloads.commit() else { return };
        if let Some(policy) = policy {
            self.policy = policy;
        }
        actions.push(Action::Notify(Notice::ReloadCommitted(generation)));
    }

    /// Says that every worker runs a generation when that is so: those of older ones may take the graceful timeout to go.
    pub(super) fn answer_settled(&mut self, actions: &mut Vec<Action>) {
        let workers = &self.workers;
        let settled = |generation: Generation| {
            !workers.values().any(|worker| worker.generation < generation && !worker.is_given_up())
        };
        for (generation, asker) in self.reloads.settle(settled) {
            actions.push(Action::Reply { to: asker, reply: Reply::Reloaded(generation) });
        }
    }

    /// A worker died or was given up that had been ready. If it belongs to the generation of a reload under way, the
    /// reload has failed.
    pub(super) fn judge_reload(&mut self, generation: Generation, now: Instant, actions: &mut Vec<Action>) {
        if self.reloads.leads_to(generation) {
            self.reject_reload(now, actions);
        }
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

    /// The sockets that a reload has opened cannot listen. A worker of it that has nobody to take its place serves on the old ones.
    pub(super) fn sockets_failed(&mut self, generation: Generation, now: Instant, actions: &mut Vec<Action>) {
        if !self.reloads.leads_to(generation) {
            return;
        }
        self.reject_reload(now, actions);
        for worker in self.workers.values_mut().filter(|it| it.generation == generation) {
            worker.serving = false;
        }
        let left = self.workers.iter().filter(|(_, it)| it.generation == generation && it.is_ready());
        for id in left.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.serve(id, actions);
        }
    }

    pub(super) fn slot_has_other(&self, slot: Slot, generation: Generation) -> bool {
        self.workers.values().any(|it| it.slot == slot && it.is_ready() && it.generation != generation)
    }

    /// Ends the reload under way and every one that waits with the same answer.
    pub(super) fn answer_reloads(&mut self, reply: &Reply, actions: &mut Vec<Action>) {
        let reading = self.stop_reading(actions);
        let replacing = self.bench.take_askers();
        for to in self.reloads.abandon().into_iter().chain(reading).chain(replacing) {
            actions.push(Action::Reply { to, reply: reply.clone() });
        }
    }
}
