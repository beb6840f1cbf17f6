//! Preload: what templates mean for the service. A worker is forked from the template of its generation while that is
//! ready, and spawned plainly otherwise: a template can make the service quicker and smaller, and never worse.
//!
//! A start and a reload wait for the template's import, as they would wait for that of the first worker: if it fails,
//! they fail by it. A template that is lost later is started again after a pause, and nothing waits for it.

mod warm;

use std::time::{Duration, Instant};

use super::Supervisor;
use crate::{
    Action, BootFailure, ExitReason, Generation, Notice, Origin, Policy, StopMode, TemplateSignal, WorkerId,
    template::{Lost, Overdue},
    worker::Worker,
};

impl Supervisor {
    /// Whether the next worker has to wait for its template.
    pub(super) fn awaits_template(&self) -> bool {
        self.templates.origin(self.reloads.next_generation()).is_none()
    }

    /// Whether recycling would load code that was rejected. The template of the generation in force has the old code.
    pub(super) fn is_frozen(&self) -> bool {
        self.reloads.is_frozen() && !self.templates.is_ready(self.reloads.generation())
    }

    /// Where a new worker comes from, which is noted.
    pub(super) fn take_origin(&mut self, id: WorkerId, generation: Generation, now: Instant) -> Origin {
        let warm = self.policy.is_development().then(|| self.templates.newest_ready().map(Origin::Template));
        let origin = warm.unwrap_or_else(|| self.templates.origin(generation)).unwrap_or(Origin::Plain);
        if let Origin::Template(of) = origin {
            self.templates.fork(id, of, now + Policy::FORK_LIMIT);
        }
        origin
    }

    /// Starts the missing template, and ends those whose generation no worker runs any more.
    pub(super) fn arrange_templates(&mut self, now: Instant, actions: &mut Vec<Action>) {
        if self.policy.is_development() {
            return self.arrange_warm_templates(now, actions);
        }
        let (held, next) = (self.reloads.generation(), self.reloads.next_generation());
        self.drop_templates(|generation| generation != held && generation != next, actions);
        let policy = self.reloads.policy(&self.policy);
        let (preload, limit) = (policy.preload, policy.boot_timeout);
        if !preload {
            return self.drop_templates(|generation| generation == next, actions);
        }
        // What is on disk is not what serves: the template of the generation in force would be another one.
        let is_disks = next != held || !self.reloads.is_frozen();
        let missing = !self.templates.knows(next) || self.templates.may_return(next, now);
        if missing && is_disks && !self.is_upgrading() {
            let is_first = !self.first_start.has_succeeded();
            let is_waited_for = self.templates.make(next, limit, now);
            // A boot that has a limit of time is not to miss it for being polite.
            let urgent = is_first && is_waited_for || limit.is_some();
            actions.push(Action::MakeTemplate { generation: next, urgent });
        }
    }

    /// Nobody will be forked any more.
    pub(super) fn drop_all_templates(&mut self, actions: &mut Vec<Action>) {
        self.drop_templates(|_| true, actions);
    }

    pub(super) fn drop_templates(&mut self, which: impl Fn(Generation) -> bool, actions: &mut Vec<Action>) {
        for generation in self.templates.forget(which) {
            actions.push(Action::DropTemplate { generation });
            self.spawn_plainly(generation, actions);
        }
    }

    pub(super) fn template_ready(&mut self, generation: Generation, now: Instant, actions: &mut Vec<Action>) {
        if let Some(boot) = self.templates.ready(generation, now) {
            actions.push(Action::Notify(Notice::TemplateReady { generation, boot }));
        }
    }

    pub(super) fn template_unfit(&mut self, generation: Generation, actions: &mut Vec<Action>) {
        if self.templates.unfit(generation) {
            actions.push(Action::Notify(Notice::TemplateUnfit { generation }));
            actions.push(Action::DropTemplate { generation });
        }
    }

    /// A template has said that the application cannot be loaded.
    pub(super) fn template_failed(
        &mut self,
        generation: Generation,
        failure: BootFailure,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.lose_template(generation, Some(failure), 0, now, actions);
    }

    /// A template has ended without a word. One death is no verdict on the application: others try.
    pub(super) fn template_exited(
        &mut self,
        generation: Generation,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        self.lose_template(generation, None, 1, now, actions);
    }

    /// `deaths`: for how many silent deaths in the boot it counts in a first start.
    fn lose_template(
        &mut self,
        generation: Generation,
        failure: Option<BootFailure>,
        deaths: u32,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Some(Lost { was_waited_for, retry_in }) = self.templates.lost(generation, now) else { return };
        let rejects = was_waited_for && self.reloads.leads_to(generation);
        let mut ends = was_waited_for && self.heir.is_some();
        if was_waited_for && !self.first_start.has_succeeded() && !rejects {
            let failures = (0..deaths).map(|_| self.first_start.failed()).last();
            ends |= failure.is_some() || failures >= Some(Policy::FIRST_START_TRIES);
        }
        ends &= !self.is_stopping();
        let is_next = generation == self.reloads.next_generation();
        let returns = is_next && !self.policy.is_development();
        let again = returns && !ends && !rejects && !self.reloads.is_frozen() && !self.is_stopping();
        let retry_in = again.then_some(retry_in);
        actions.push(Action::Notify(Notice::TemplateLost { generation, retry_in, ends }));
        self.spawn_plainly(generation, actions);
        let failure = failure.unwrap_or(BootFailure::Boot);
        if ends && self.heir.is_some() {
            self.give_up_succession(failure, now, actions);
        } else if ends {
            self.stop(StopMode::Quick, ExitReason::BootFailed(failure), now, actions);
        } else if rejects {
            self.reject_reload(now, actions);
        }
    }

    /// A worker could not be forked, which is neither its failure nor its slot's.
    pub(super) fn fork_failed(&mut self, id: WorkerId, actions: &mut Vec<Action>) {
        if self.templates.forked(id) {
            self.spawn_after_all(id, actions);
        }
    }

    /// What was asked of a template that is gone.
    fn spawn_plainly(&mut self, generation: Generation, actions: &mut Vec<Action>) {
        for id in self.templates.take_forks(generation) {
            self.spawn_after_all(id, actions);
        }
    }

    fn spawn_after_all(&mut self, id: WorkerId, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get(&id).filter(|it| !it.spawned) else { return };
        if worker.is_starting() && !self.is_stopping() {
            let Worker { slot, generation, urgent, page, .. } = *worker;
            actions.push(Action::Spawn { id, slot, generation, urgent, from: Origin::Plain, page });
        } else {
            // It was told to leave before it existed.
            self.workers.remove(&id);
        }
    }

    /// Looks at the promises of templates that are overdue.
    pub(super) fn expire_templates(&mut self, now: Instant, actions: &mut Vec<Action>) {
        for overdue in self.templates.overdue(now) {
            match overdue {
                Overdue::Boot(generation) => {
                    self.templates.dump(generation, now + Policy::DUMP_TIME);
                    actions.push(Action::SignalTemplate { generation, signal: TemplateSignal::Dump });
                }
                Overdue::Dump(generation) => {
                    actions.push(Action::Notify(Notice::TemplateTimedOut { generation }));
                    actions.push(Action::SignalTemplate { generation, signal: TemplateSignal::Kill });
                    // Every worker would have been late.
                    let deaths = u32::from(self.target.max(1));
                    self.lose_template(generation, None, deaths, now, actions);
                }
                Overdue::Fork(generation) => {
                    let silent_for = Policy::FORK_LIMIT;
                    actions.push(Action::Notify(Notice::TemplateSilent { generation, silent_for }));
                    actions.push(Action::SignalTemplate { generation, signal: TemplateSignal::Kill });
                    self.lose_template(generation, None, 0, now, actions);
                }
            }
        }
    }

    pub(super) fn extend_template(&mut self, generation: Generation, by: Duration, now: Instant) {
        self.templates.extend(generation, by, now);
    }
}
