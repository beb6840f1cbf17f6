//! The clock, and what was scripted to happen on it.

use std::time::Duration;

use ferricorn_core::{Event, Exit, Vitals, WorkerId};

use super::{Fake, Manners, Sim, millis};

impl Sim {
    pub(super) fn later(&mut self, after: Duration, event: Event) {
        self.sequence += 1;
        self.timeline.insert((self.now + after, self.sequence), event);
    }

    /// Lets time pass, jumping from one thing that happens to the next.
    pub(crate) fn advance(&mut self, duration: Duration) {
        let end = self.now + duration;
        for _ in 0..1_000_000 {
            if self.exit.is_some() {
                self.now = end;
                return;
            }
            let scripted = self.timeline.keys().next().copied();
            let deadline = self.core.next_deadline();
            let next = [scripted.map(|(at, _)| at), deadline, Some(self.next_sample)];
            let next = next.into_iter().flatten().min().expect("a sample is always next");
            if next > end {
                self.now = end;
                return;
            }
            // What was due during a leap comes right after it: time never goes back.
            self.now = next.max(self.now);
            if let Some(key) = scripted.filter(|(at, _)| *at == next) {
                let event = self.timeline.remove(&key).expect("it was just seen");
                self.scripted(event);
            } else if deadline == Some(next) {
                self.happen(Event::Woke);
                let later = self.core.next_deadline().is_none_or(|deadline| deadline > self.now);
                assert!(later, "the core asks to be woken when it has just been: it would spin");
            } else {
                self.next_sample = self.now + millis(250);
                let samples = self.samples();
                self.happen(Event::Sampled(samples));
            }
        }
        panic!("time does not pass");
    }

    /// Time passes without a look at anything, since the master does not run; then it looks at the scoreboard.
    pub(crate) fn stand_still(&mut self, duration: Duration) {
        self.now += duration;
        self.next_sample = self.now + millis(250);
        let samples = self.samples();
        self.happen(Event::Sampled(samples));
    }

    /// Time passes and nobody runs: a suspend.
    pub(crate) fn leap(&mut self, duration: Duration) {
        self.now += duration;
        self.next_sample = self.now;
        // The workers were suspended as well: on waking, their last sign of life looks old.
        let samples: Vec<_> = self
            .samples()
            .into_iter()
            .map(|(id, vitals)| (id, Vitals { silent_for: vitals.silent_for.map(|_| duration), ..vitals }))
            .collect();
        self.happen(Event::Sampled(samples));
    }

    pub(super) fn samples(&self) -> Vec<(WorkerId, Vitals)> {
        let vitals = |fake: &Fake| {
            let ready_for = fake.ready_at.map(|at| self.now.saturating_duration_since(at));
            let looped_for =
                fake.manners.startup.and_then(|after| self.now.checked_duration_since(fake.born + after));
            let booting = looped_for.filter(|_| ready_for.is_none()).map(|_| Duration::ZERO);
            let silent_for = ready_for.map(|ready_for| match fake.manners.silent_after {
                // Nothing beats any more.
                _ if fake.over_since.is_some() => {
                    fake.over_since.map(|at| self.now.saturating_duration_since(at)).unwrap_or_default()
                }
                Some(after) => ready_for.saturating_sub(after),
                None => Duration::ZERO,
            });
            let silent_for = silent_for.or(booting);
            let whole_seconds = ready_for.unwrap_or_default().as_secs();
            Vitals {
                silent_for,
                starved: fake.manners.starved,
                held_up: fake.manners.held_up,
                requests: whole_seconds * fake.manners.requests_per_second,
                memory: Some(fake.manners.memory + whole_seconds * fake.manners.leak_per_second),
            }
        };
        self.workers.iter().filter(|(_, it)| !it.gone).map(|(id, it)| (*id, vitals(it))).collect()
    }

    pub(super) fn scripted(&mut self, event: Event) {
        match event {
            Event::Exited { id, exit } => self.end(id, exit),
            Event::Drained { id } | Event::Exiting { id } => {
                let now = self.now;
                let worker = self.workers.get_mut(&id).expect("it was spawned");
                if !worker.gone {
                    worker.over_since.get_or_insert(now);
                    worker.leaving = true;
                    self.happen(event);
                }
            }
            Event::SuccessorGone { reason } => {
                if self.successor_alive && reason.starts_with(&format!("{}: ", self.successor_number)) {
                    self.successor_alive = false;
                    self.happen(Event::SuccessorGone { reason });
                }
            }
            Event::SuccessorReady | Event::SuccessorServes if !self.successor_alive => {}
            Event::SuccessorServes => {
                self.successor_serves = true;
                self.happen(Event::SuccessorServes);
            }
            Event::Ready { id } => {
                let now = self.now;
                let worker = self.workers.get_mut(&id).expect("it was spawned");
                let drain = worker.manners.drain;
                worker.waits = !worker.proceeds;
                if worker.waits {
                    return;
                }
                if !worker.gone && worker.leaving && worker.manners.startup.is_some() {
                    // It has read the order meanwhile.
                    if let Some(drain) = drain {
                        self.later(drain / 2, Event::Drained { id });
                        self.later(drain, Event::Exited { id, exit: Exit::Code(0) });
                    }
                } else if !worker.gone {
                    worker.ready_at = Some(now);
                    let Manners { dies_after, quits_after, end, .. } = worker.manners;
                    if let Some(after) = dies_after {
                        self.later(after, Event::Exited { id, exit: Exit::Code(1) });
                    }
                    if let Some(after) = quits_after {
                        self.later(after, Event::Exiting { id });
                        self.later(after + end, Event::Exited { id, exit: Exit::Code(1) });
                    }
                    self.happen(Event::Ready { id });
                }
            }
            Event::SettingsRead(_) | Event::SettingsFailed { .. } => {
                self.is_reading = false;
                self.happen(event);
            }
            Event::TemplateReady { generation }
            | Event::TemplateUnfit { generation }
            | Event::TemplateFailed { generation, .. }
            | Event::TemplateExited { generation } => self.scripted_template(generation, event),
            Event::Spawned { id } => self.forked(id),
            Event::BootFailed { id, failure } => {
                if !self.workers[&id].gone {
                    self.happen(Event::BootFailed { id, failure });
                    self.end(id, Exit::Code(3));
                }
            }
            event => self.happen(event),
        }
    }

    pub(super) fn end(&mut self, id: WorkerId, exit: Exit) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if !worker.gone {
            worker.gone = true;
            self.happen(Event::Exited { id, exit });
        }
    }
}
