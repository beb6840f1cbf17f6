//! What the core orders, carried out.

use std::{collections::VecDeque, time::Duration};

use ferricorn_core::{Action, Event, Exit, Generation, Manner, Origin, WorkerId, WorkerSignal};

use super::{Fake, Manners, Sim, millis};

impl Sim {
    /// Tells the core, and does what it says.
    pub(crate) fn happen(&mut self, event: Event) {
        let mut queue = VecDeque::from([event]);
        while let Some(event) = queue.pop_front() {
            for action in self.core.step(event, self.now) {
                queue.extend(self.execute(action));
            }
        }
        self.fewest_ready = self.fewest_ready.min(self.ready());
        self.most_alive = self.most_alive.max(self.alive());
    }

    pub(super) fn living(&mut self, id: WorkerId) -> &mut Fake {
        let worker = self.workers.get_mut(&id).expect("an action names a worker that was spawned");
        assert!(!worker.gone, "an action names worker {id}, which has exited");
        worker
    }

    #[expect(clippy::too_many_lines, reason = "a few lines for each action")]
    pub(super) fn execute(&mut self, action: Action) -> Option<Event> {
        assert!(self.exit.is_none(), "nothing comes after the exit: {action:?}");
        match action {
            Action::Spawn { from: Origin::Template(_), .. }
            | Action::MakeTemplate { .. }
            | Action::DropTemplate { .. }
            | Action::SignalTemplate { .. } => return self.execute_of_template(action),
            Action::Spawn { id, generation, urgent, from: Origin::Plain, page, .. } => {
                return Some(self.spawn(id, generation, urgent, page));
            }
            Action::Proceed { id } => {
                let generation = self.living(id).generation;
                let runs = |it: &Fake| it.ready_at.is_some() && !it.gone && it.over_since.is_none();
                let both = self.workers.values().any(|it| it.generation < generation && runs(it));
                assert!(!both, "two generations of the application run at once");
                let worker = self.living(id);
                assert!(!worker.proceeds, "worker {id} may proceed already");
                worker.proceeds = true;
                if std::mem::take(&mut worker.waits) {
                    self.later(Duration::ZERO, Event::Ready { id });
                }
            }
            Action::Hurry { id } => {
                let worker = self.living(id);
                assert!(!worker.urgent, "worker {id} is in a hurry already");
                worker.urgent = true;
                worker.polite_since = None;
            }
            Action::GiveWay { id } => {
                let (now, worker) = (self.now, self.living(id));
                assert!(worker.urgent && worker.leaving, "worker {id} has something to do for somebody");
                worker.urgent = false;
                worker.polite_since = Some(now);
            }
            Action::Listen => self.listening = true,
            Action::Serve { id } => {
                assert!(self.listening, "a worker serves only when the sockets listen");
                let refuses = self.new_sockets_fail && self.core.snapshot().reloading;
                let worker = self.living(id);
                let generation = worker.generation;
                if refuses {
                    return Some(Event::SocketsFailed { generation });
                }
                worker.serving = true;
                return Some(Event::SocketsListen { generation });
            }
            Action::AnnounceClose { id } => self.living(id).announced = true,
            Action::Drain { id, outdated, siblings, .. } => {
                let worker = self.living(id);
                worker.hands_over = siblings;
                worker.leaving = true;
                worker.outdated |= outdated;
                worker.drains += 1;
                let end = worker.manners.end;
                if let (Some(drain), Some(_)) = (worker.manners.drain, worker.ready_at) {
                    self.later(drain / 2, Event::Drained { id });
                    self.later(drain, Event::Exiting { id });
                    self.later(drain + end, Event::Exited { id, exit: Exit::Code(0) });
                }
            }
            Action::Signal { id, signal } => {
                let now = self.now;
                let worker = self.living(id);
                let is_over = worker.over_since.is_some() && signal != WorkerSignal::Kill;
                assert!(!is_over, "worker {id} is sent {signal:?}, and its event loop is over");
                worker.signals.push(signal);
                worker.leaving |= signal != WorkerSignal::Dump;
                match signal {
                    WorkerSignal::Terminate if worker.is_deaf(now) => {}
                    WorkerSignal::Terminate => {
                        self.later(millis(2), Event::Exited { id, exit: Exit::Signal(15) });
                    }
                    WorkerSignal::Kill if worker.manners.unkillable => {}
                    WorkerSignal::Kill => self.later(millis(2), Event::Exited { id, exit: Exit::Signal(9) }),
                    WorkerSignal::Dump | WorkerSignal::Abort => {}
                }
            }
            Action::CloseListeners => self.listeners_closed = true,
            Action::GiveUpListeners => {
                self.listeners_closed = true;
                self.gave_up_listeners = true;
            }
            Action::ReadSettings => return self.read_settings(),
            Action::StopReading => {
                assert!(self.is_reading, "what is stopped is under way");
                self.is_reading = false;
                self.readings_stopped += 1;
                self.timeline
                    .retain(|_, it| !matches!(it, Event::SettingsRead(_) | Event::SettingsFailed { .. }));
            }
            Action::PrepareUpgrade => match self.successor.preparation {
                Some(takes) => self.later(takes, Event::UpgradePrepared),
                None => return Some(Event::UpgradePrepared),
            },
            Action::StartSuccessor { scaled_to, .. } => {
                self.successor_scaled_to = scaled_to;
                self.start_successor();
            }
            Action::HandOver => {
                if !self.successor.mute {
                    self.later(millis(1), Event::SuccessorServes);
                }
            }
            Action::PassOnReload => self.reloads_passed_on += 1,
            Action::StopSuccessor { siblings, .. } => {
                assert!(self.successor_alive, "an action names a successor that has exited");
                self.successor_stops.push(siblings);
                if !self.successor.deaf {
                    self.successor_exits(millis(50), "it was told to");
                }
            }
            Action::KillSuccessor => {
                assert!(self.successor_alive, "an action names a successor that has exited");
                self.successor_killed = true;
                self.successor_exits(millis(2), "it was killed");
            }
            Action::ReplaceSelf => {
                assert!(self.core.may_be_replaced());
                self.replaced = true;
            }
            Action::AnnounceReady => self.announced_ready = true,
            Action::TakeOver => self.took_over = true,
            Action::Reply { to, reply } => self.replies.entry(to).or_default().push(reply),
            Action::Notify(notice) => self.notices.push(notice),
            Action::Exit(reason) => {
                let left = self.workers.values().filter(|it| !it.gone && !it.manners.unkillable).count();
                assert_eq!(left, 0, "the master leaves last");
                assert!(!self.successor_alive || self.successor_serves, "nothing is left behind");
                self.exit = Some(reason);
            }
        }
        None
    }

    pub(super) fn spawn(&mut self, id: WorkerId, generation: Generation, urgent: bool, page: bool) -> Event {
        assert!(!self.listeners_closed, "nothing is spawned after the stop");
        self.asked.remove(&id);
        self.spawns += 1;
        // A page has nothing that could fail.
        let manners = if page { Manners::default() } else { (self.manners)(generation, id) };
        self.script_boot(id, &manners);
        let proceeds = self.core.policy().manner == Manner::Service;
        let fake = Fake::born(generation, urgent, manners, self.now);
        self.workers.insert(id, Fake { page, proceeds, ..fake });
        Event::Spawned { id }
    }

    /// Whether the settings are being read.
    pub(crate) fn is_reading(&self) -> bool {
        self.is_reading
    }

    pub(super) fn read_settings(&mut self) -> Option<Event> {
        assert!(!self.is_reading, "one reading at a time");
        assert!(!self.listeners_closed, "nothing is read after the stop");
        self.readings += 1;
        let settings = self.settings.take().unwrap_or_else(|| self.core.policy().clone());
        let event = if self.reading.fails {
            Event::SettingsFailed { reason: "a mistake".to_owned() }
        } else {
            Event::SettingsRead(Box::new(settings))
        };
        if self.reading.takes.is_zero() {
            return Some(event);
        }
        self.is_reading = true;
        self.later(self.reading.takes, event);
        None
    }

    pub(super) fn start_successor(&mut self) {
        assert!(!self.successor_alive, "one successor at a time");
        self.successor_alive = true;
        self.successor_number += 1;
        if let Some(ready) = self.successor.ready {
            self.later(ready, Event::SuccessorReady);
        }
        if let Some(exits) = self.successor.exits {
            self.successor_exits(exits, "it exited with code 1");
        }
    }

    pub(super) fn successor_exits(&mut self, after: Duration, how: &str) {
        let reason = format!("{}: {how}", self.successor_number);
        self.later(after, Event::SuccessorGone { reason });
    }

    pub(super) fn script_boot(&mut self, id: WorkerId, manners: &Manners) {
        let event = if let Some(failure) = manners.boot_failure {
            Event::BootFailed { id, failure }
        } else if manners.dies_in_boot {
            Event::Exited { id, exit: Exit::Signal(11) }
        } else {
            Event::Ready { id }
        };
        self.later(manners.boot, event);
    }
}
