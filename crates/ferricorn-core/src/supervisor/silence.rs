//! Silence: an event loop that does not run. It is explained first, then ended; a machine that stood still is no
//! worker's fault.
//!
//! The kernel may hold the service back, because its control group takes more than it may. What that explains is logged once;
//! and how much silence it excuses is decided here.
//!
//! Too little processor time excuses a worker that gets almost none ([`Vitals::starved`]), for as long as that lasts:
//! it takes nothing from others. Too little memory is different: nothing in the group makes progress until some is
//! given back, and what does not run gives nothing back. It doubles the timeout, and then the timeout holds, so that
//! the end of the worker that is silent sets the others free. The master is held back as well; that it was must not
//! excuse the same silence again and again.

use std::time::{Duration, Instant};

use super::Supervisor;
use crate::{
    Action, Notice, Policy, Retirement, Vitals, WorkerId, WorkerSignal,
    worker::{Assignment, Stall, State},
};

impl Supervisor {
    /// Every worker held up at once means the machine: a disk or a network file system that does not answer. They get more
    /// time once: what stands still for a moment starts again by itself, and a kill would not reach them anyway.
    ///
    /// Workers that run, or sleep in a call that a signal ends, get none: that all of them hang at once means that they
    /// wait for the same thing, such as a database, and it is for just that that there is a timeout. What else a machine
    /// that stands still looks like is seen elsewhere: the master is late itself (`notice_oversleep`,
    /// `Watch::has_just_been_late`), or the workers get no processor (`Vitals::starved`).
    pub(super) fn notice_host_stall(
        &mut self,
        samples: &[(WorkerId, Vitals)],
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Some(timeout) = self.policy.timeout else { return };
        // Its cause is known, and what it excuses is decided already.
        if self.watch.short_of_memory(now).is_some() {
            return;
        }
        let ready: Vec<_> = samples
            .iter()
            .filter(|(id, _)| self.workers.get(id).is_some_and(crate::worker::Worker::is_ready))
            .collect();
        let held_up = ready.iter().all(|(_, vitals)| vitals.held_up || vitals.starved);
        let silences: Vec<_> = ready
            .into_iter()
            .map(|(_, vitals)| self.watch.silence(vitals, now).unwrap_or_default())
            .collect();
        let (Some(longest), Some(shortest)) = (silences.iter().max(), silences.iter().min()) else { return };
        if *shortest < timeout / 2 {
            self.watch.host_stalled = false;
            return;
        }
        // The first of them is due; the others follow so closely that it is one event.
        let together = held_up
            && silences.len() > 1
            && *longest >= timeout
            && longest.abs_diff(*shortest) < Policy::AT_ONCE;
        if together && !self.watch.host_stalled {
            self.watch.host_stalled = true;
            let more = (timeout / 2).min(Policy::HOST_STALL);
            self.watch.awake_since = now.checked_sub(timeout.saturating_sub(more));
            actions.push(Action::Notify(Notice::HostStalled { workers: silences.len(), more }));
        }
    }

    pub(super) fn judge_silence(
        &mut self,
        id: WorkerId,
        vitals: Vitals,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Some(silent_for) = self.watch.silence(&vitals, now) else { return };
        let (slow_after, timeout) = (self.policy.slow_after(), self.timeout(now));
        let Some(worker) = self.workers.get_mut(&id) else { return };
        // One that has drained may do at its end what it likes, and its loop ends with it: that is bounded elsewhere.
        let is_judged = matches!(worker.state, State::Ready { .. } | State::Leaving { .. })
            && !worker.drained
            && !worker.is_debugged();
        if !(worker.spawned && is_judged) {
            return;
        }
        let since = now.checked_sub(silent_for).unwrap_or(now);
        if timeout.is_some_and(|timeout| silent_for >= timeout) && !vitals.starved {
            let (Assignment { slot, generation, .. }, ready_for) =
                (worker.assignment(), worker.ready_for(now));
            worker.stall = None;
            let until = now + Policy::DUMP_TIME;
            worker.state = State::Dumping { why: Retirement::Timeout, silent_since: since, until };
            actions.push(Action::Notify(Notice::TimedOut { id, silent_for }));
            actions.push(Action::Signal { id, signal: WorkerSignal::Dump });
            if let Some(ready_for) = ready_for {
                self.account_crash(slot, ready_for, now);
                self.judge_reload(generation, now, actions);
            }
        } else if slow_after.is_none_or(|slow_after| silent_for < slow_after) {
            // One that was given more time is as silent as before.
            let truly = vitals.silent_for.unwrap_or(silent_for);
            if slow_after.is_none_or(|slow_after| truly < slow_after)
                && let Some(Stall::Told { since }) = worker.stall.take()
            {
                let lasted = now.saturating_duration_since(since).saturating_sub(truly);
                actions.push(Action::Notify(Notice::Recovered { id, silent_for: lasted }));
            }
        } else if worker.stall.is_none() {
            worker.stall = Some(Stall::Asked { since, tell_at: now + Policy::DUMP_TIME });
            actions.push(Action::Signal { id, signal: WorkerSignal::Dump });
        }
    }

    /// Whatever a worker was asked for its stack for is over: it has said something.
    pub(super) fn end_stall(&mut self, id: WorkerId, now: Instant, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if let Some(Stall::Told { since }) = worker.stall.take() {
            actions.push(Action::Notify(Notice::Recovered {
                id,
                silent_for: now.saturating_duration_since(since),
            }));
        }
    }

    /// The stack of a slow worker has arrived.
    pub(super) fn tell_of_stall(&mut self, id: WorkerId, now: Instant, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let Some(Stall::Asked { since, tell_at }) = worker.stall else { return };
        if tell_at <= now {
            worker.stall = Some(Stall::Told { since });
            let silent_for = now.saturating_duration_since(since);
            actions.push(Action::Notify(Notice::Blocked { id, silent_for }));
        }
    }

    /// The timeout in force.
    pub(super) fn timeout(&mut self, now: Instant) -> Option<Duration> {
        let factor = if self.watch.short_of_memory(now).is_some() { 2 } else { 1 };
        self.policy.timeout.map(|timeout| timeout * factor)
    }

    /// Says once what explains that a worker is silent, or that the master was late.
    pub(super) fn tell_of_throttles(
        &mut self,
        samples: &[(WorkerId, Vitals)],
        late: bool,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let longest = samples.iter().filter_map(|(_, it)| it.silent_for).max().unwrap_or_default();
        let causes = self.watch.explain(longest, late, now);
        actions.extend(
            causes.into_iter().map(|(scarce, source)| Action::Notify(Notice::Throttled { scarce, source })),
        );
    }
}
