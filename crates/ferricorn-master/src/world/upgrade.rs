//! Upgrades: the core's orders to the successor, to the predecessor, and to this process.

use std::{collections::VecDeque, os::fd::AsRawFd as _, time::Duration};

use ferricorn_core::{Event, StopMode, UpgradeWay};
use ferricorn_sys::{PidFile, Signal, exec, wait};
use ferricorn_wire::upgrade::{Estate, FromSuccessor, ListenerState, ToSuccessor};
use tracing::{debug, error};

use super::{Done, World};
use crate::{hooks::About, outside::manager, takeover::legacy};

/// How long signals that were caught and not yet read are waited for. They are in a pipe of our own already.
const LAST_SIGNALS: Duration = Duration::from_millis(1);

impl World {
    /// Calls `pre_exec`, whose end the start of the new program waits for; the loop does not.
    pub(super) fn prepare_upgrade(&mut self) -> Done {
        self.call_hook("pre_exec", About::default());
        self.awaits_hook = self.hooks.has("pre_exec") && !self.hooks.is_idle();
        if self.awaits_hook { Done::Nothing } else { Done::Happened(Event::UpgradePrepared) }
    }

    /// Something has become of a hook: perhaps what an upgrade has waited for.
    pub(super) fn hook_returned(&mut self) -> Option<Event> {
        let prepared = self.awaits_hook && self.hooks.is_idle();
        self.awaits_hook &= !prepared;
        prepared.then_some(Event::UpgradePrepared)
    }

    pub(super) fn start_successor(&mut self, way: UpgradeWay, scaled_to: Option<u16>) -> Done {
        let mut estate = self.estate(scaled_to);
        if way == UpgradeWay::Beside {
            (estate.tallies, estate.own_tally) = self.crew.tallies_mut().prepare_succession();
        }
        match self.successor.start(&self.program.invocation, way, estate) {
            Ok(pid) => {
                debug!(pid, "started the new program");
                if way == UpgradeWay::Beside {
                    self.crew.tallies_mut().succeeded_by(u32::try_from(pid).ok());
                }
                Done::Nothing
            }
            Err(reason) => Done::Happened(Event::SuccessorGone { reason }),
        }
    }

    /// For the program that continues in this process: its own board first.
    fn estate(&self, scaled_to: Option<u16>) -> Estate {
        let listener = |it: &ferricorn_sys::Listener| ListenerState {
            descriptor: it.as_raw_fd(),
            file: it.file().map(|path| path.to_string_lossy().into_owned()),
            ours: it.is_ours(),
        };
        Estate {
            version: self.program.version.to_owned(),
            pid: ferricorn_sys::pid(),
            listeners: self.listeners.iter().map(listener).collect(),
            handoff: self.crew.handoff(),
            scaled_to,
            log_level: self.program.settings.logs.asked_level.map(|level| level.as_str().to_owned()),
            tallies: [self.crew.tallies().descriptor()]
                .into_iter()
                .chain(self.crew.tallies().others())
                .collect(),
            own_tally: None,
            metrics: self.endpoint.state(),
            runs: self.runs.clone().map(Box::new),
            ignores_hang_up: self.signals.ignores_hang_up(),
        }
    }

    pub(super) fn successor_said(&mut self, message: &FromSuccessor) -> Option<Event> {
        match message {
            FromSuccessor::Ready => Some(Event::SuccessorReady),
            FromSuccessor::Serves => {
                // Before: the manager looks whose child it is when it gets the message.
                self.successor.release();
                if let Some(pid) = self.successor.pid() {
                    manager::tell(&format!("MAINPID={pid}"));
                }
                // A client that waits for the outcome may ask the manager next, which reads its messages in its own
                // time.
                self.barrier = self.control.is_awaited().then(manager::barrier).flatten();
                self.barrier.is_none().then_some(Event::SuccessorServes)
            }
            FromSuccessor::Refused { .. } => None,
        }
    }

    /// The successor has ended, whatever it was doing.
    pub(super) fn successor_ended(&mut self, exit: wait::Exit, queue: &mut VecDeque<Event>) {
        let Some(ended) = self.successor.ended(exit) else { return };
        if ended.fit {
            queue.push_back(Event::SuccessorReady);
        }
        if ended.told_to_take_over {
            // It may have put its own pid there.
            self.write_pid_file();
        }
        queue.push_back(Event::SuccessorGone { reason: ended.reason });
    }

    pub(super) fn stop_successor(&mut self, siblings: bool, mode: StopMode) {
        self.successor.tell(&ToSuccessor::Stop { siblings });
        self.successor.signal(match mode {
            StopMode::Graceful => Signal::Terminate,
            StopMode::Quick | StopMode::Now => Signal::Quit,
        });
    }

    /// Closes the listening sockets; the files of unix sockets are the successor's.
    pub(super) fn give_up_listeners(&mut self) {
        self.moved_to = self.successor.pid().and_then(|pid| u32::try_from(pid).ok());
        // A client that looks for the service must find one master.
        self.control.close();
        self.endpoint.hand_over();
        for mut listener in self.listeners.drain(..) {
            listener.leave_file();
            listener.close();
        }
    }

    /// In this order there is a master that answers at every moment: the one that the pid file names, and the other one
    /// until it has heard that this one serves.
    pub(super) fn take_over(&mut self) {
        self.control.open();
        self.write_pid_file();
        self.predecessor.replace(&mut self.listeners);
        self.endpoint.open(self.prepared.take());
    }

    pub(crate) fn write_pid_file(&mut self) {
        let settings = &self.program.settings;
        let Some(path) = &settings.pid_file else { return };
        match PidFile::take_over(&settings.chdir.join(path)) {
            Ok(file) => self.pid_file = Some(file),
            Err(error) => error!("{error}"),
        }
    }

    /// Becomes the new program, unless a signal has come that must be handled first. Returns only if it did not.
    pub(crate) async fn replace_self(&mut self, core: &ferricorn_core::Legacy, queue: &mut VecDeque<Event>) {
        // What comes from here on waits for the new program; what has come before must not be forgotten.
        // Ordered again soon: when the meaning of a signal is known, no message is half read, and every client has its
        // answer.
        if self.signals.is_unsettled() || self.control.is_busy() || !self.endpoint.empties() {
            return;
        }
        exec::hold_signals();
        if let Ok(received) = tokio::time::timeout(LAST_SIGNALS, self.signals.next()).await {
            exec::accept_signals();
            return self.signalled(received, queue);
        }
        let scaled_to = (core.target != self.program.settings.workers).then_some(core.target);
        let legacy = self.crew.leave(core, self.estate(scaled_to), self.control.descriptor());
        let error = legacy::replace_self(&self.program.invocation, &legacy);
        exec::accept_signals();
        let program = self.program.invocation.program().display();
        queue.push_back(Event::ReplacingFailed { reason: format!("cannot execute `{program}`: {error}") });
    }

    /// Monitoring clients come in again, if they did not because this program was about to be replaced.
    pub(crate) fn take_clients(&mut self) {
        self.endpoint.take_again();
    }
}
