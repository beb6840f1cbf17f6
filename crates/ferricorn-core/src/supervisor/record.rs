//! Record: events become state.

use std::time::{Duration, Instant};

use super::{Failure, Phase, Supervisor};
use crate::{
    Action, BootFailure, Command, Event, Exit, ExitReason, Notice, Policy, Reply, RequestId, Retirement,
    Slot, StopMode, Unread, Vitals, WorkerId, WorkerSignal,
    reading::Asker,
    rollout::RolloutStage,
    scale::Scale,
    worker::{Assignment, Cause, State},
};

impl Supervisor {
    pub(super) fn record(&mut self, event: Event, now: Instant, actions: &mut Vec<Action>) {
        match event {
            Event::Started => self.started(actions),
            Event::Spawned { id } => self.spawned(id, actions),
            Event::SpawnFailed { id, error, lasting } => self.spawn_failed(id, error, lasting, now, actions),
            Event::ForkFailed { id } => self.fork_failed(id, actions),
            Event::TemplateReady { generation } => self.template_ready(generation, now, actions),
            Event::TemplateUnfit { generation } => self.template_unfit(generation, actions),
            Event::TemplateFailed { generation, failure } => {
                self.template_failed(generation, failure, now, actions);
            }
            Event::TemplateExtended { generation, by } => self.extend_template(generation, by, now),
            Event::TemplateExited { generation } => self.template_exited(generation, now, actions),
            Event::TemplateOutdated { generation } => self.template_outdated(generation, actions),
            Event::TemplateWanted => self.want_template(),
            Event::Ready { id } => self.ready(id, now, actions),
            Event::BootFailed { id, failure } => self.said_boot_failed(id, failure, now, actions),
            Event::Extended { id, by } => self.extend_boot(id, by, now),
            Event::AskedToStop { id } => {
                if let Some(worker) = self.workers.get_mut(&id).filter(|it| it.is_ready()) {
                    worker.asked_to_stop = Some(now + Policy::WHOLE_GROUP);
                }
            }
            Event::Drained { id } => self.drained(id, now, actions),
            Event::Exiting { id } => self.exiting(id, now, actions),
            Event::Sampled(samples) => self.sampled(&samples, now, actions),
            Event::Throttled(fact) => self.watch.throttled(fact, now),
            Event::Exited { id, exit } => self.exited(id, exit, now, actions),
            Event::Asked { by, command } => self.asked(by, command, now, actions),
            Event::CodeChanged => self.code_changed(now, actions),
            Event::Debugging { id, open } => self.debugging(id, open, now, actions),
            Event::ListenFailed => self.stop(StopMode::Quick, ExitReason::ListenFailed, now, actions),
            Event::SettingsRead(policy) => self.settings_read(*policy, actions),
            Event::SettingsFailed { reason } => self.settings_unread(&Unread::Failed(reason), actions),
            Event::SocketsListen { generation } => self.reloads.sockets_listen(generation),
            Event::SocketsFailed { generation } => self.sockets_failed(generation, now, actions),
            Event::UpgradePrepared => self.upgrade_prepared(actions),
            Event::SuccessorReady => self.successor_ready(actions),
            Event::SuccessorServes => self.successor_serves(now, actions),
            Event::SuccessorGone { reason } => self.successor_gone(reason, actions),
            Event::ReplacingFailed { reason } => self.replacing_failed(reason, now, actions),
            Event::HandedOver => self.take_over(actions),
            Event::CalledOff { siblings } => self.called_off(siblings, now, actions),
            Event::Woke => {}
        }
    }

    fn started(&mut self, actions: &mut Vec<Action>) {
        if self.phase == Phase::Waiting {
            self.phase = Phase::Running;
            if self.policy.listen_early {
                self.listen(actions);
            }
        }
    }

    fn listen(&mut self, actions: &mut Vec<Action>) {
        if self.first_start.listen() {
            actions.push(Action::Listen);
        }
    }

    fn spawned(&mut self, id: WorkerId, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.spawned = true;
        self.templates.forked(id);
        // Told to go before it was there.
        match worker.state {
            State::Leaving { .. } => actions.push(Action::Signal { id, signal: WorkerSignal::Terminate }),
            State::Killed { .. } => actions.push(Action::Signal { id, signal: WorkerSignal::Kill }),
            State::Starting { .. }
            | State::Ready { .. }
            | State::Ending { .. }
            | State::Dumping { .. }
            | State::Aborting { .. } => {}
        }
    }

    fn drained(&mut self, id: WorkerId, now: Instant, actions: &mut Vec<Action>) {
        self.let_boot_end(id);
        self.end_stall(id, now, actions);
        if let Some(worker) = self.workers.get_mut(&id) {
            worker.drained = true;
        }
        self.give_way(id, now, actions);
    }

    fn spawn_failed(
        &mut self,
        id: WorkerId,
        error: String,
        lasting: bool,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Some(worker) = self.workers.get(&id) else { return };
        if worker.spawned {
            return;
        }
        let slot = worker.slot;
        self.workers.remove(&id);
        self.templates.forked(id);
        if self.is_stopping() {
            return;
        }
        if self.heir.is_some() {
            actions.push(Action::Notify(Notice::SpawnFailed { id, error, retry_in: None }));
            return self.give_up_succession(BootFailure::Environment, now, actions);
        }
        if !self.first_start.has_succeeded() {
            let failures = self.first_start.failed();
            if lasting || failures >= Policy::FIRST_START_TRIES {
                actions.push(Action::Notify(Notice::SpawnFailed { id, error, retry_in: None }));
                let reason = ExitReason::BootFailed(BootFailure::Environment);
                return self.stop(StopMode::Quick, reason, now, actions);
            }
        }
        let retry_in = Some(self.hold_slot(slot, Failure::Boot, now));
        actions.push(Action::Notify(Notice::SpawnFailed { id, error, retry_in }));
    }

    fn ready(&mut self, id: WorkerId, now: Instant, actions: &mut Vec<Action>) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        let State::Starting { since, .. } = worker.state else { return };
        if !worker.spawned {
            return;
        }
        worker.state = State::Ready { since: now };
        let Assignment { slot, generation, .. } = worker.assignment();
        self.measure_boot(id, now.saturating_duration_since(since));
        self.hurry(id, actions);
        if let Some(state) = self.slots.get_mut(&slot)
            && std::mem::take(&mut state.after_failed_boot)
        {
            self.restarts.heal(self.target, now);
        }
        self.listen(actions);
        let boot = now.saturating_duration_since(since);
        self.first_start.ready(boot, now);
        let is_page = self.workers.get(&id).is_some_and(|worker| worker.page);
        actions.push(Action::Notify(if is_page {
            Notice::PageShown { id }
        } else {
            Notice::Ready { id, boot }
        }));
        if self.reloads.leads_to(generation) && self.reloads.stage() == Some(RolloutStage::Booting) {
            let probation = self.reloads.policy(&self.policy).probation;
            let until = now + probation;
            if !probation.is_zero() {
                // What it serves would be lost if it does not hold.
                self.reloads.set_stage(RolloutStage::Holding { canary: id, until });
                actions.push(Action::Notify(Notice::OnProbation { id, lasts: probation }));
                return;
            }
            self.reloads.set_stage(RolloutStage::Serving { canary: id, until });
        }
        // What it served before the service is ours would be lost if it does not hold.
        if self.heir.is_none() {
            self.serve(id, actions);
        }
    }

    /// Tells a worker that is ready to accept connections, once.
    pub(super) fn serve(&mut self, id: WorkerId, actions: &mut Vec<Action>) {
        if let Some(worker) = self.workers.get_mut(&id)
            && worker.is_ready()
            && !worker.serving
        {
            worker.serving = true;
            actions.push(Action::Serve { id });
        }
    }

    fn said_boot_failed(
        &mut self,
        id: WorkerId,
        failure: BootFailure,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if !worker.is_starting() {
            return;
        }
        worker.state = State::Leaving { why: Retirement::BootFailed, kill_by: now + Policy::FAREWELL };
        let assignment = worker.assignment();
        self.boot_failed(id, assignment, Some(failure), now, actions);
    }

    /// More time, never less, and never more than a boot may take in all.
    fn extend_boot(&mut self, id: WorkerId, by: Duration, now: Instant) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if let State::Starting { since, boot_by: Some(boot_by) } = &mut worker.state {
            *boot_by = (*boot_by).max(now + by.min(Policy::LONGEST_BOOT)).min(*since + Policy::LONGEST_BOOT);
        }
    }

    pub(super) fn mark_due(&mut self, id: WorkerId, why: Retirement) {
        // What grows without end cannot wait as long as what only is old.
        let presses = |before: Retirement| before.is_recycling() && why == Retirement::MaxMemory;
        if let Some(worker) = self.workers.get_mut(&id)
            && worker.is_ready()
            && worker.due.is_none_or(presses)
        {
            worker.due = Some(why);
        }
    }

    fn sampled(&mut self, samples: &[(WorkerId, Vitals)], now: Instant, actions: &mut Vec<Action>) {
        let late = self.watch.has_just_been_late(self.policy.sample_every, now);
        self.tell_of_throttles(samples, late, now, actions);
        self.notice_host_stall(samples, now, actions);
        for (id, vitals) in samples {
            if !late {
                self.judge_silence(*id, *vitals, now, actions);
            }
            self.judge_ending_boot(*id, *vitals, now);
            self.judge_requests(*id, *vitals, actions);
            self.judge_memory(*id, *vitals, now, actions);
        }
    }

    fn judge_requests(&mut self, id: WorkerId, vitals: Vitals, actions: &mut Vec<Action>) {
        let stage = self.reloads.stage();
        if vitals.requests > 0 && matches!(stage, Some(RolloutStage::Serving { canary, .. }) if canary == id)
        {
            self.prove(actions);
        }
        let limit = self.workers.get(&id).and_then(|worker| worker.request_limit);
        if limit.is_some_and(|limit| vitals.requests >= limit) {
            self.mark_due(id, Retirement::MaxRequests);
        }
    }

    /// Above the limit a worker is replaced in its turn. At twice the limit nothing waits, neither for a replacement
    /// nor for the end of a drain: what leaks that fast would take the whole machine first.
    fn judge_memory(&mut self, id: WorkerId, vitals: Vitals, now: Instant, actions: &mut Vec<Action>) {
        let (Some(limit), Some(memory)) = (self.policy.max_memory, vitals.memory) else { return };
        let Some(worker) = self.workers.get(&id) else { return };
        let Assignment { slot, generation, .. } = worker.assignment();
        let ready_for = worker.ready_for(now);
        if memory <= limit || !(worker.is_ready() || worker.is_leaving()) {
            return;
        }
        if memory < limit.saturating_mul(2) {
            self.mark_due(id, Retirement::MaxMemory);
            return;
        }
        actions.push(Action::Notify(Notice::OverMemory { id, memory }));
        self.kill(id, Retirement::MemoryLimit, now, actions);
        if let Some(ready_for) = ready_for {
            self.account_crash(slot, ready_for, now);
            self.judge_reload(generation, now, actions);
        }
    }

    fn exited(&mut self, id: WorkerId, exit: Exit, now: Instant, actions: &mut Vec<Action>) {
        // Gone first: nothing that follows may order anything of it.
        let Some(worker) = self.workers.remove(&id) else { return };
        match worker.state {
            State::Starting { .. } => {
                // gunicorn's workers speak by exit code alone, and an application may use the same two.
                let failure = match exit {
                    Exit::Code(3) => Some(BootFailure::Boot),
                    Exit::Code(4) => Some(BootFailure::App),
                    Exit::Code(_) | Exit::Signal(_) => None,
                };
                actions.push(Action::Notify(Notice::Exited { id, exit, why: Retirement::BootFailed }));
                self.boot_failed(id, worker.assignment(), failure, now, actions);
            }
            State::Ready { .. } => {
                let ready_for = worker.ready_for(now).unwrap_or_default();
                let restart_in = self.account_crash(worker.slot, ready_for, now);
                actions.push(Action::Notify(Notice::Crashed { id, exit, restart_in }));
                self.give_up_succession(BootFailure::Boot, now, actions);
                self.judge_reload(worker.generation, now, actions);
            }
            State::Ending { cause: Cause::Crash { restart_in }, .. } => {
                actions.push(Action::Notify(Notice::Crashed { id, exit, restart_in }));
            }
            State::Leaving { why, .. }
            | State::Ending { cause: Cause::Told(why), .. }
            | State::Dumping { why, .. }
            | State::Aborting { why, .. }
            | State::Killed { why, .. } => {
                actions.push(Action::Notify(Notice::Exited { id, exit, why }));
            }
        }
    }

    /// A worker that had been ready died or was given up. Gives the pause before its slot is filled again.
    pub(super) fn account_crash(&mut self, slot: Slot, ready_for: Duration, now: Instant) -> Duration {
        if ready_for >= Policy::STABLE_AFTER
            && let Some(state) = self.slots.get_mut(&slot)
        {
            state.backoff.reset();
        }
        self.hold_slot(slot, Failure::Crash, now)
    }

    fn asked(&mut self, by: RequestId, command: Command, now: Instant, actions: &mut Vec<Action>) {
        let mut reply = |reply| actions.push(Action::Reply { to: by, reply });
        match command {
            Command::Stop(mode) => self.asked_to_stop(mode, by, now, actions),
            Command::Interrupt => {
                self.interrupts += 1;
                let mode = self.policy.interrupted(self.interrupts);
                self.asked_to_stop(mode, by, now, actions);
            }
            Command::Quit => {
                self.interrupts += 1;
                self.asked_to_stop(StopMode::Quick, by, now, actions);
            }
            Command::Status => reply(Reply::Status(Box::new(self.snapshot()))),
            _ if self.is_stopping() => reply(Reply::Stopping),
            Command::ScaleUp => self.scale(by, Scale::Up, actions),
            Command::ScaleDown => self.scale(by, Scale::Down, actions),
            Command::ScaleTo(workers) => self.scale(by, Scale::To(workers), actions),
            Command::Reload { wait } => self.readings.ask(Asker { by, wait }),
            Command::Upgrade => self.ask_upgrade(by, actions),
        }
    }

    fn asked_to_stop(&mut self, mode: StopMode, by: RequestId, now: Instant, actions: &mut Vec<Action>) {
        match mode {
            StopMode::Graceful => self.stop_gracefully(now, actions),
            StopMode::Quick | StopMode::Now => self.stop(mode, ExitReason::Stopped, now, actions),
        }
        // A listener may look for the sockets, which are given up by now.
        actions.push(Action::Reply { to: by, reply: Reply::Accepted });
    }

    /// More or fewer workers. What a reload under way is going to ask for changes as much: the reload was asked for
    /// before.
    fn scale(&mut self, by: RequestId, change: Scale, actions: &mut Vec<Action>) {
        self.readings.scale(change);
        for policy in self.reloads.coming() {
            policy.workers = change.apply(policy.workers);
        }
        let target = change.apply(self.target);
        actions.push(Action::Reply { to: by, reply: Reply::Scaled(target) });
        self.set_target(target, actions);
    }
}
