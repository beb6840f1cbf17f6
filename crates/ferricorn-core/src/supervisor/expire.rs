//! Expire: deadlines that have passed.

use std::time::Instant;

use super::{Phase, Supervisor};
use crate::{
    Action, ExitReason, Notice, Policy, Retirement, StopMode, WorkerId, WorkerSignal,
    worker::{State, Worker},
};

impl Supervisor {
    /// The scoreboard is read so often that a long time without any event means a suspend, a SIGSTOP, a machine that
    /// stood still. The workers may have stood still with us: their silence counts from now on, and what they had to
    /// do in that time gets as much time again.
    pub(super) fn notice_oversleep(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let Some(before) = self.now else { return };
        let pause = now.saturating_duration_since(before);
        if pause <= self.policy.longest_pause() {
            return;
        }
        // Once: otherwise a master that is held back with its workers would excuse them for as long as that lasts.
        if let Some(throttle) = self.watch.short_of_memory(before)
            && std::mem::replace(&mut throttle.has_overslept, true)
        {
            return;
        }
        self.watch.awake_since = Some(now);
        for worker in self.workers.values_mut() {
            worker.postpone(pause);
        }
        self.readings.postpone(pause);
        self.reloads.postpone(pause);
        if let Some(upgrade) = &mut self.upgrade {
            upgrade.postpone(pause);
        }
        self.templates.postpone(pause);
        actions.push(Action::Notify(Notice::Overslept(pause)));
    }

    /// Looks at every promise that is overdue.
    pub(super) fn expire(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let overdue: Vec<_> = self
            .workers
            .iter()
            .filter(|(_, worker)| worker.state_deadline().is_some_and(|deadline| deadline <= now))
            .filter(|(_, worker)| !self.is_unseen(worker, now))
            .filter(|(_, worker)| self.is_stopping() || !self.is_excused(worker))
            .map(|(id, worker)| (*id, worker.assignment(), worker.state))
            .collect();
        for (id, assignment, state) in overdue {
            let why = match state {
                State::Starting { since, .. } => {
                    actions.push(Action::Notify(Notice::BootTimedOut { id }));
                    self.end_late_boot(id, since, now, actions);
                    self.boot_failed(id, assignment, None, now, actions);
                    continue;
                }
                State::Leaving { why: Retirement::BootFailed, .. } => Retirement::BootFailed,
                State::Leaving { why, .. } if self.is_ending_boot(id) => {
                    actions.push(Action::Notify(Notice::BootCut { id }));
                    why
                }
                State::Leaving { .. } => {
                    actions.push(Action::Notify(Notice::DrainTimedOut { id }));
                    Retirement::DrainTimeout
                }
                State::Ending { since, .. } => {
                    let after = now.saturating_duration_since(since);
                    actions.push(Action::Notify(Notice::ExitTimedOut { id, after }));
                    Retirement::ExitTimeout
                }
                State::Dumping { why, silent_since, .. } => {
                    let silent_for = now.saturating_duration_since(silent_since);
                    actions.push(Action::Notify(Notice::Blocked { id, silent_for }));
                    self.abort(id, why, now, actions);
                    continue;
                }
                State::Aborting { why, .. } => why,
                State::Ready { .. } => {
                    self.mark_due(id, Retirement::MaxLifetime);
                    continue;
                }
                State::Killed { why, .. } => {
                    self.give_up(id, why, actions);
                    continue;
                }
            };
            self.kill(id, why, now, actions);
        }
        for id in self.workers.keys().copied().collect::<Vec<_>>() {
            self.tell_of_stall(id, now, actions);
            self.obey_asked(id, now, actions);
            self.end_courtesy(id, now, actions);
        }
        if let Phase::Announcing { until } = self.phase
            && (until <= now || self.workers.is_empty())
        {
            self.stop(StopMode::Graceful, ExitReason::Stopped, now, actions);
        }
        self.expire_reading(now, actions);
        self.expire_templates(now, actions);
        self.expire_upgrade(now, actions);
        self.end_probation(now, actions);
    }

    /// A boot has taken too long: it is asked where it hangs, shown, and ended then.
    fn end_late_boot(&mut self, id: WorkerId, since: Instant, now: Instant, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let (why, until) = (Retirement::BootTimeout, now + Policy::DUMP_TIME);
        worker.state = State::Dumping { why, silent_since: since, until };
        actions.push(Action::Signal { id, signal: WorkerSignal::Dump });
    }

    /// Whether it was told to leave while it booted, and has not exited yet.
    fn is_ending_boot(&self, id: WorkerId) -> bool {
        self.workers.get(&id).is_some_and(|worker| worker.startup_by.is_some())
    }

    /// Whether a boot that has to show that it is alive may have done so unseen, because the master was late.
    fn is_unseen(&self, worker: &Worker, now: Instant) -> bool {
        let ending = worker.is_leaving() && worker.startup_by.is_some_and(|startup_by| startup_by > now);
        ending && !self.watch.has_sampled_within(self.policy.sample_every * 3, now)
    }

    /// Replaces a worker that was sent SIGTERM by another process, unless the whole service was.
    fn obey_asked(&mut self, id: WorkerId, now: Instant, actions: &mut Vec<Action>) {
        let stopping = self.is_stopping();
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if worker.asked_to_stop.take_if(|at| *at <= now).is_none() || stopping || !worker.is_ready() {
            return;
        }
        actions.push(Action::Notify(Notice::AskedToStop { id }));
        self.mark_due(id, Retirement::Asked);
    }
}
