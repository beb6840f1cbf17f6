//! Upgrade: handing over the service to a new program. What the new one does is in [`super::succeed`].
//!
//! Invariant: until the new master has said that it serves, nothing changes here, whatever happens to it.

use std::time::{Duration, Instant};

use super::{Phase, Supervisor};
use crate::{
    Action, ExitReason, Notice, Policy, Reply, RequestId, StopMode, UpgradeFailure, UpgradeWay,
    upgrade::{Upgrade, UpgradeStage},
    worker::Worker,
};

impl Supervisor {
    /// Somebody wishes for an upgrade. One that is under way is enough for all.
    pub(super) fn ask_upgrade(&mut self, by: RequestId, actions: &mut Vec<Action>) {
        match &mut self.upgrade {
            Some(upgrade) => {
                upgrade.asked_by.push(by);
                actions.push(Action::Notify(Notice::UpgradeUnderWay));
            }
            None => self.upgrade = Some(Upgrade::new(by)),
        }
    }

    /// Whether a new program is being started or checked: a reload waits until that is over, and nothing is recycled.
    pub(super) fn is_upgrading(&self) -> bool {
        self.upgrade.as_ref().is_some_and(|upgrade| upgrade.stage != UpgradeStage::Waiting)
    }

    /// Whether another master serves on the same sockets and keeps doing so.
    pub(super) fn is_served_elsewhere(&self) -> bool {
        self.heir.is_some_and(|heir| !heir.alone) || self.has_handed_over()
    }

    pub(super) fn has_handed_over(&self) -> bool {
        self.upgrade.as_ref().is_some_and(|upgrade| upgrade.stage == UpgradeStage::HandedOver)
    }

    /// Whether the exit of a new program that is not wanted is still awaited.
    pub(super) fn awaits_successor(&self) -> bool {
        !self.has_handed_over() && self.upgrade.as_ref().is_some_and(|upgrade| upgrade.alive)
    }

    pub(super) fn begin_upgrade(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let reloads =
            self.reloads.is_under_way() || self.reloads.is_waiting() || self.readings.is_asked_for();
        if !self.first_start.has_succeeded() || self.heir.is_some() || reloads {
            return;
        }
        let until = now + self.policy.upgrade_timeout;
        let Some(upgrade) = &mut self.upgrade else { return };
        if upgrade.stage != UpgradeStage::Waiting {
            return;
        }
        upgrade.stage = UpgradeStage::Preparing { until };
        actions.push(Action::Notify(Notice::UpgradeStarted));
        actions.push(Action::PrepareUpgrade);
    }

    /// What the user wanted done before the new program starts is done.
    pub(super) fn upgrade_prepared(&mut self, actions: &mut Vec<Action>) {
        let Some(upgrade) = &mut self.upgrade else { return };
        let UpgradeStage::Preparing { until } = upgrade.stage else { return };
        upgrade.stage = UpgradeStage::Starting { until };
        upgrade.alive = true;
        let scaled_to = (self.target != self.policy.workers).then_some(self.target);
        actions.push(Action::StartSuccessor { way: self.policy.upgrade_way, scaled_to });
    }

    /// In place: what a new program takes over must not be half done.
    pub(super) fn step_aside(&self, actions: &mut Vec<Action>) {
        if self.may_be_replaced() {
            actions.push(Action::ReplaceSelf);
        }
    }

    /// Whether the new program may take the place of this one at this moment.
    pub fn may_be_replaced(&self) -> bool {
        let fit =
            self.upgrade.as_ref().is_some_and(|upgrade| matches!(upgrade.stage, UpgradeStage::Fit { .. }));
        fit && self.phase == Phase::Running && !self.workers.values().any(Worker::is_starting)
    }

    pub(super) fn successor_ready(&mut self, actions: &mut Vec<Action>) {
        let Some(upgrade) = &mut self.upgrade else { return };
        let UpgradeStage::Starting { until } = upgrade.stage else { return };
        match self.policy.upgrade_way {
            UpgradeWay::Beside => {
                upgrade.stage = UpgradeStage::HandingOver { until };
                actions.push(Action::HandOver);
            }
            UpgradeWay::InPlace => upgrade.stage = UpgradeStage::Fit { until },
        }
    }

    pub(super) fn successor_serves(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(upgrade) = &mut self.upgrade else { return };
        if !matches!(upgrade.stage, UpgradeStage::HandingOver { .. }) {
            return;
        }
        upgrade.stage = UpgradeStage::HandedOver;
        actions.push(Action::Notify(Notice::HandedOver));
        let asked_by = std::mem::take(&mut upgrade.asked_by);
        if let Some(asked_by) = self.withdraw_reloads(actions) {
            // Its workers may have loaded what was on disk before the reload was asked for.
            actions.push(Action::PassOnReload);
            actions.extend(asked_by.into_iter().map(|to| Action::Reply { to, reply: Reply::PassedOn }));
        }
        self.stop(StopMode::Graceful, ExitReason::Stopped, now, actions);
        // Last: a listener asks the new master next, and must find one master.
        actions.extend(asked_by.into_iter().map(|to| Action::Reply { to, reply: Reply::Upgraded }));
    }

    /// The new program could not be started, or has exited.
    pub(super) fn successor_gone(&mut self, reason: String, actions: &mut Vec<Action>) {
        let Some(upgrade) = &mut self.upgrade else { return };
        upgrade.alive = false;
        match upgrade.stage {
            UpgradeStage::Starting { .. } | UpgradeStage::HandingOver { .. } => {
                let why = UpgradeFailure::Gone(reason);
                let asked_by = std::mem::take(&mut upgrade.asked_by);
                self.upgrade = None;
                tell_of_failure(Notice::UpgradeFailed(why.clone()), &why, asked_by, actions);
            }
            UpgradeStage::CalledOff { .. } if upgrade.asked_by.is_empty() => self.upgrade = None,
            UpgradeStage::CalledOff { .. } => upgrade.stage = UpgradeStage::Waiting,
            UpgradeStage::HandedOver => actions.push(Action::Notify(Notice::SuccessorDied(reason))),
            // A check that was passed has no more to do.
            UpgradeStage::Waiting | UpgradeStage::Preparing { .. } | UpgradeStage::Fit { .. } => {}
        }
    }

    /// The new program could not take the place of this one.
    pub(super) fn replacing_failed(&mut self, reason: String, now: Instant, actions: &mut Vec<Action>) {
        if self.upgrade.as_ref().is_some_and(|it| matches!(it.stage, UpgradeStage::Fit { .. })) {
            self.call_off(&UpgradeFailure::Gone(reason), StopMode::Graceful, now, actions);
        }
    }

    /// Gives up an upgrade that is not complete. Unless the service stops, this master keeps serving.
    pub(super) fn call_off(
        &mut self,
        why: &UpgradeFailure,
        mode: StopMode,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let siblings = *why != UpgradeFailure::Stopping;
        let limit = match mode {
            StopMode::Graceful => self.policy.drain_limit(),
            StopMode::Quick => self.policy.quick_limit(),
            StopMode::Now => Duration::ZERO,
        };
        let kill_at = now + limit + Policy::SUCCESSOR_FAREWELL;
        let Some(upgrade) = &mut self.upgrade else { return };
        let asked_by = std::mem::take(&mut upgrade.asked_by);
        match upgrade.stage {
            UpgradeStage::HandedOver => return,
            UpgradeStage::CalledOff { kill_at: before } => {
                // Again, since the terms have changed: this master has begun to stop, or stops more quickly.
                let kill_at = before.map(|before| before.min(kill_at));
                upgrade.stage = UpgradeStage::CalledOff { kill_at };
                actions.extend(asked_by.into_iter().map(|to| Action::Reply { to, reply: Reply::Stopping }));
            }
            _ => {
                upgrade.stage = UpgradeStage::CalledOff { kill_at: Some(kill_at) };
                let notice =
                    if siblings { Notice::UpgradeFailed(why.clone()) } else { Notice::UpgradeCalledOff };
                tell_of_failure(notice, why, asked_by, actions);
            }
        }
        if upgrade.alive {
            actions.push(Action::StopSuccessor { siblings, mode });
        } else {
            self.upgrade = None;
        }
    }

    /// Looks at the time that the new program has.
    pub(super) fn expire_upgrade(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(upgrade) = &mut self.upgrade else { return };
        if upgrade.deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        let limit = self.policy.upgrade_timeout;
        let why = match &mut upgrade.stage {
            UpgradeStage::CalledOff { kill_at } => {
                *kill_at = None;
                return actions.push(Action::KillSuccessor);
            }
            UpgradeStage::Fit { .. } => UpgradeFailure::StillBooting(limit),
            _ => UpgradeFailure::NotReady(limit),
        };
        self.call_off(&why, StopMode::Graceful, now, actions);
    }
}

fn tell_of_failure(
    notice: Notice,
    why: &UpgradeFailure,
    asked_by: Vec<RequestId>,
    actions: &mut Vec<Action>,
) {
    for to in asked_by {
        actions.push(Action::Reply { to, reply: Reply::UpgradeFailed(why.clone()) });
    }
    actions.push(Action::Notify(notice));
}
