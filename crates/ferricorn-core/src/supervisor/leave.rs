//! Leaving: how one worker, or the whole service, stops serving.

use std::time::{Duration, Instant};

use super::{Phase, Supervisor};
use crate::{
    Action, BootFailure, ExitReason, Notice, Policy, Reply, Retirement, StopMode, UpgradeFailure, Vitals,
    WorkerId, WorkerSignal,
    worker::{Assignment, Cause, State},
};

impl Supervisor {
    /// Begins a graceful stop as the user wishes it: announced first, if there is a delay.
    pub(super) fn stop_gracefully(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let delay = self.policy.drain_delay;
        match self.phase {
            Phase::Announcing { .. } => return,
            Phase::Running if !delay.is_zero() && self.heir.is_none() => {}
            _ => return self.stop(StopMode::Graceful, ExitReason::Stopped, now, actions),
        }
        self.phase = Phase::Announcing { until: now + delay };
        self.call_off_for_stop(StopMode::Graceful, now, actions);
        actions.push(Action::Notify(Notice::StopAnnounced(delay)));
        self.answer_reloads(&Reply::Stopping, actions);
        let holders = self.workers.iter().filter(|(_, worker)| worker.holds_slot());
        let holders: Vec<_> = holders.map(|(id, worker)| (*id, worker.is_ready())).collect();
        for (id, is_ready) in holders {
            if is_ready {
                actions.push(Action::AnnounceClose { id });
            } else {
                self.retire(id, Retirement::Stop, now, actions);
            }
        }
    }

    /// Begins to stop, or makes a stop under way quicker. Never slower.
    pub(super) fn stop(
        &mut self,
        mode: StopMode,
        reason: ExitReason,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let reason = match self.phase {
            Phase::Ended => return,
            Phase::Stopping { mode: before, .. } if before >= mode => return,
            Phase::Stopping { reason, .. } => reason,
            Phase::Waiting | Phase::Running | Phase::Announcing { .. } => {
                let interrupted = self.interrupts > 0;
                actions.push(Action::Notify(Notice::Stopping { mode, interrupted }));
                // First of all no new client is let in, so that the workers can empty the queue before they close it.
                // Not where another master serves on the same sockets: they are its own.
                actions.push(if self.has_handed_over() || self.heir.is_some() {
                    Action::GiveUpListeners
                } else {
                    Action::CloseListeners
                });
                self.answer_reloads(&Reply::Stopping, actions);
                reason
            }
        };
        self.phase = Phase::Stopping { mode, reason };
        self.call_off_for_stop(mode, now, actions);
        let why = if self.has_handed_over() { Retirement::Upgrade } else { Retirement::Stop };
        for id in self.workers.keys().copied().collect::<Vec<_>>() {
            if mode == StopMode::Now {
                self.kill(id, why, now, actions);
            } else {
                self.retire(id, why, now, actions);
            }
        }
    }

    /// A stop wins over an upgrade that is not over.
    fn call_off_for_stop(&mut self, mode: StopMode, now: Instant, actions: &mut Vec<Action>) {
        self.call_off(&UpgradeFailure::Stopping, mode, now, actions);
    }

    /// Takes a worker out of service, with the time that the phase grants.
    pub(super) fn retire(&mut self, id: WorkerId, why: Retirement, now: Instant, actions: &mut Vec<Action>) {
        let elsewhere = self.is_served_elsewhere();
        let quick = matches!(self.phase, Phase::Stopping { mode: StopMode::Quick, .. });
        let (grace, limit, siblings) = match self.phase {
            Phase::Stopping { .. } if quick => {
                (self.policy.quick_grace(), self.policy.quick_limit(), elsewhere)
            }
            Phase::Stopping { .. } => (self.policy.grace(), self.policy.drain_limit(), elsewhere),
            _ => (self.policy.grace(), self.policy.drain_limit(), elsewhere || self.others_serve(id)),
        };
        let drain = self.drain(id, siblings, grace, quick, false);
        self.order_to_leave(id, why, now, limit, drain, actions);
    }

    /// The order to drain. `siblings`: whether others keep serving; `outdated`: whether its code is no longer on disk.
    pub(super) fn drain(
        &self,
        id: WorkerId,
        siblings: bool,
        grace: Duration,
        quick: bool,
        outdated: bool,
    ) -> Action {
        Action::Drain {
            id,
            siblings: siblings && !self.tls_changes(id),
            grace,
            quick,
            outdated,
            interrupted: self.interrupts > 0,
            stop: matches!(self.phase, Phase::Stopping { .. }) && !self.has_handed_over(),
        }
    }

    /// Whether a worker that serves, or will, differs from this one in TLS. It could not take over this worker's
    /// connections, and which sibling takes them is not known.
    fn tls_changes(&self, id: WorkerId) -> bool {
        let next = self.reloads.policy(&self.policy).speaks_tls;
        let own = self.workers.get(&id).map_or(next, |worker| worker.speaks_tls);
        next != own || self.workers.values().any(|it| it.is_serving() && it.speaks_tls != own)
    }

    fn others_serve(&self, id: WorkerId) -> bool {
        self.workers.iter().any(|(other, worker)| *other != id && worker.is_serving())
    }

    pub(super) fn order_to_leave(
        &mut self,
        id: WorkerId,
        why: Retirement,
        now: Instant,
        limit: Duration,
        drain: Action,
        actions: &mut Vec<Action>,
    ) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let kill_by = now + limit;
        let boot_farewell = self.policy.boot_farewell();
        match worker.state {
            State::Starting { .. } => {
                // Nothing was accepted yet. The order reaches a worker that is past its import, the signal one
                // that is still in it; whichever comes first ends the boot.
                if worker.spawned {
                    actions.push(drain);
                    actions.push(Action::Signal { id, signal: WorkerSignal::Terminate });
                }
                worker.startup_by = Some(kill_by);
                worker.state = State::Leaving { why, kill_by: now + limit.min(boot_farewell) };
            }
            State::Ready { .. } => {
                actions.push(Action::Notify(Notice::Draining { id, why }));
                actions.push(drain);
                worker.state = State::Leaving { why, kill_by };
            }
            State::Leaving { why, kill_by: before } => {
                // Again, since the terms have changed: less time, or no sibling left to hand connections to.
                if worker.spawned {
                    actions.push(drain);
                }
                worker.startup_by = worker.startup_by.map(|before| before.min(kill_by));
                worker.state = State::Leaving { why, kill_by: kill_by.min(before) };
            }
            State::Ending { cause, since, kill_by: before } => {
                // It hears no order any more.
                worker.state = State::Ending { cause, since, kill_by: kill_by.min(before) };
            }
            State::Dumping { .. } | State::Aborting { .. } | State::Killed { .. } => {}
        }
    }

    /// A boot that was told to leave has little time, because it has nothing to finish and may hang where neither order
    /// nor signal reaches it. Its event loop shows that it is in the application's startup, which is not interrupted
    /// half-way: it may take as long as a drain, while the loop runs.
    pub(super) fn judge_ending_boot(&mut self, id: WorkerId, vitals: Vitals, now: Instant) {
        let Some(silent_for) = vitals.silent_for else { return };
        let boot_farewell = self.policy.boot_farewell();
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let Some(startup_by) = worker.startup_by else { return };
        if let State::Leaving { kill_by, .. } = &mut worker.state {
            // One that got no processor could not show anything.
            let silent_for = if vitals.starved { Duration::ZERO } else { silent_for };
            let left = boot_farewell.saturating_sub(silent_for);
            *kill_by = (*kill_by).max(now + left).min(startup_by);
        }
    }

    /// A boot that was told to leave only has to exit, which may take as long as after a drain.
    pub(super) fn let_boot_end(&mut self, id: WorkerId) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if let (State::Leaving { kill_by, .. }, Some(startup_by)) =
            (&mut worker.state, worker.startup_by.take())
        {
            *kill_by = startup_by;
        }
    }

    /// A worker's event loop has ended, on order or by itself. Its end has a limit of its own: nothing of it runs
    /// by then that could be heard, and what it does is no drain.
    pub(super) fn exiting(&mut self, id: WorkerId, now: Instant, actions: &mut Vec<Action>) {
        self.end_stall(id, now, actions);
        let quick = matches!(self.phase, Phase::Stopping { mode: StopMode::Quick, .. });
        let Some(courtesy) = self.workers.get(&id).map(|it| self.courtesy(it.generation)) else { return };
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let (Assignment { slot, generation, .. }, ready_for) = (worker.assignment(), worker.ready_for(now));
        // While it leaves the processors to others it may get nothing done: its time counts from the end of that on.
        worker.hurry_at = worker.hurry_at.map(|_| now + courtesy);
        let kill_by = worker.hurry_at.unwrap_or(now) + Policy::EXIT_TIME;
        match worker.state {
            // One whose boot has failed has its time to go already.
            State::Leaving { why, kill_by: before } if why != Retirement::BootFailed => {
                let kill_by = if quick { before } else { kill_by.max(before) };
                worker.state = State::Ending { cause: Cause::Told(why), since: now, kill_by };
            }
            State::Ready { .. } => {
                let restart_in = self.account_crash(slot, ready_for.unwrap_or_default(), now);
                if let Some(worker) = self.workers.get_mut(&id) {
                    worker.state = State::Ending { cause: Cause::Crash { restart_in }, since: now, kill_by };
                }
                self.give_up_succession(BootFailure::Boot, now, actions);
                self.judge_reload(generation, now, actions);
            }
            State::Starting { .. }
            | State::Leaving { .. }
            | State::Ending { .. }
            | State::Dumping { .. }
            | State::Aborting { .. }
            | State::Killed { .. } => {}
        }
    }

    pub(super) fn kill(&mut self, id: WorkerId, why: Retirement, now: Instant, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.state = State::Killed { why, missed_at: Some(now + Policy::KILL_TIME) };
        if worker.spawned {
            actions.push(Action::Signal { id, signal: WorkerSignal::Kill });
        }
    }

    /// Lets the application of a hung worker say what it was doing, before the kill.
    pub(super) fn abort(&mut self, id: WorkerId, why: Retirement, now: Instant, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.state = State::Aborting { why, kill_at: now + Policy::ABORT_TIME };
        actions.push(Action::Signal { id, signal: WorkerSignal::Abort });
    }

    /// A kill had no effect. The slot was given to another already; from now on the stop does not wait for it either.
    pub(super) fn give_up(&mut self, id: WorkerId, why: Retirement, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.state = State::Killed { why, missed_at: None };
        actions.push(Action::Notify(Notice::Unkillable { id }));
    }
}
