//! The program that will succeed this one, as long as it is a child that has not taken over: its process and channel.
//!
//! Owns: starting it, talking to it, how it ended in words. Does not own: when any of this happens (the core's), nor
//! what it takes over ([`crate::takeover::succession`]).

use std::{
    future, io,
    os::fd::{AsRawFd as _, OwnedFd},
};

use ferricorn_core::UpgradeWay;
use ferricorn_sys::{Bond, Process, Signal, channel, spawn, wait};
use ferricorn_wire::upgrade::{Estate, FromSuccessor, Succession, SuccessionKind, ToSuccessor, VERSION};

use crate::{link::peer::Peer, outside::manager, takeover::invocation::Invocation};

/// The new program, while there is one.
#[derive(Default)]
pub(crate) struct Successor {
    running: Option<Running>,
}

#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
struct Running {
    process: Process,
    guardian: Option<Process>,
    /// The child whose exit reports its end; `None` if no exit will.
    waited_for: Option<i32>,
    peer: Peer,
    /// It said that it cannot.
    refusal: Option<String>,
    /// It is run to be checked.
    checked: bool,
    /// It said that it is ready.
    ready: bool,
    /// It was ordered to take over.
    told: bool,
    /// It said that it has.
    serves: bool,
}

/// What is left of it.
pub(crate) struct Ended {
    /// It was a trial and has reported that it is fit; the report was not handled yet.
    pub(crate) fit: bool,
    /// How it ended, in words.
    pub(crate) reason: String,
    pub(crate) told_to_take_over: bool,
}

impl Successor {
    /// Starts it. The error is what the log says.
    pub(crate) fn start(
        &mut self,
        invocation: &Invocation,
        way: UpgradeWay,
        estate: Estate,
    ) -> Result<i32, String> {
        let program = invocation.program().display();
        let started = self.try_start(invocation, way, estate);
        started.map_err(|error| format!("`{program}`: {error}"))
    }

    fn try_start(&mut self, invocation: &Invocation, way: UpgradeWay, estate: Estate) -> Result<i32, String> {
        let text = |error: io::Error| error.to_string();
        let (ours, theirs): (OwnedFd, OwnedFd) = channel::pair_of_masters().map_err(text)?;
        let mut inherit = vec![theirs.as_raw_fd()];
        let kind = match way {
            UpgradeWay::InPlace => SuccessionKind::Trial,
            UpgradeWay::Beside => {
                inherit.extend(estate.listeners.iter().map(|listener| listener.descriptor));
                inherit.extend(estate.handoff);
                inherit.extend(&estate.tallies);
                inherit.extend(estate.own_tally);
                inherit.extend(estate.metrics.as_ref().map(|listener| listener.descriptor));
                // Before the start, so that it is found at once; and if it cannot be sent, nothing is started.
                let packet = ferricorn_wire::encode(&ToSuccessor::Estate(estate));
                channel::send(&ours, &packet).map_err(text)?;
                SuccessionKind::Beside
            }
        };
        let succession = Succession { version: VERSION, kind, descriptor: theirs.as_raw_fd() };
        let peer = Peer::new(ours).map_err(text)?;
        let mut plan = invocation.plan(succession, inherit);
        if way == UpgradeWay::Beside && manager::exists() {
            plan.bond = Bond::Guarded;
        }
        let child = spawn::spawn(&plan).map_err(|error| error.to_string())?;
        self.running = Some(Running {
            waited_for: Some(child.guardian.as_ref().map_or(child.pid, Process::pid)),
            process: child.process,
            guardian: child.guardian,
            peer,
            refusal: None,
            checked: way == UpgradeWay::InPlace,
            ready: false,
            told: false,
            serves: false,
        });
        Ok(child.pid)
    }

    /// Its pid, while it has not ended.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.running.as_ref().map(|running| running.process.pid())
    }

    /// Whether it has taken over.
    pub(crate) fn serves(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.serves)
    }

    /// Whether the exit of this child reports its end.
    pub(crate) fn ends_with(&self, pid: i32) -> bool {
        self.running.as_ref().is_some_and(|running| running.waited_for == Some(pid))
    }

    /// Makes it a child of the service manager, if there is one. Its end is not reported here after that.
    pub(crate) fn release(&mut self) {
        let Some(running) = &mut self.running else { return };
        let Some(guardian) = running.guardian.take() else { return };
        // Its end takes no time: no program runs there.
        if guardian.signal(Signal::Kill).and_then(|()| wait::wait_for(guardian.pid())).is_ok() {
            running.waited_for = None;
        }
    }

    /// The next thing that it says. Never comes when there is none.
    pub(crate) async fn hear(&mut self) -> FromSuccessor {
        loop {
            let Some(running) = &mut self.running else { return future::pending().await };
            // Its exit reports its end.
            let Some(message) = running.peer.hear().await else { return future::pending().await };
            if let Some(message) = running.note(message) {
                return message;
            }
        }
    }

    pub(crate) fn tell(&mut self, message: &ToSuccessor) {
        if let Some(running) = &mut self.running {
            running.told |= *message == ToSuccessor::TakeOver;
            running.peer.tell(message);
        }
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(running) = &self.running {
            // It is gone at the worst, and its exit on its way.
            let _gone = running.process.signal(signal);
        }
    }

    /// It has ended and was waited for.
    pub(crate) fn ended(&mut self, exit: wait::Exit) -> Option<Ended> {
        let mut running = self.running.take()?;
        let heard = running.ready;
        for message in running.peer.last_words() {
            running.note(message);
        }
        let fit = running.checked && running.ready && !heard;
        let how = match exit {
            wait::Exit::Code(code) => format!("exited with code {code}"),
            wait::Exit::Signal { number, .. } => format!("was sent {}", wait::signal_name(number)),
        };
        let reason = running.refusal.unwrap_or_else(|| match (running.checked, running.ready) {
            (true, _) => format!("the new program {how} and did not say that it is fit"),
            (false, false) => format!("the new program {how} before it was ready"),
            (false, true) => format!("the new program {how}"),
        });
        Some(Ended { fit, reason, told_to_take_over: running.told })
    }
}

impl Running {
    /// Keeps what the log will say; gives on what the core has to know.
    fn note(&mut self, message: FromSuccessor) -> Option<FromSuccessor> {
        match message {
            FromSuccessor::Refused { reason } => {
                self.refusal = Some(format!("the new program refused: {reason}"));
                None
            }
            FromSuccessor::Ready => {
                self.ready = true;
                Some(message)
            }
            FromSuccessor::Serves => {
                self.serves = true;
                Some(message)
            }
        }
    }
}
