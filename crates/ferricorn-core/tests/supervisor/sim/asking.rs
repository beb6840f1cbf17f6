//! What a test asks of the core, does to its workers, and wants to know.

use ferricorn_core::{Command, Event, Exit, Policy, RequestId, StopMode, WorkerId};

use super::{Fake, Sim};

impl Sim {
    pub(crate) fn ask(&mut self, command: Command) -> RequestId {
        self.requests += 1;
        let by = RequestId(self.requests);
        self.replies.insert(by, Vec::new());
        self.happen(Event::Asked { by, command });
        by
    }

    pub(crate) fn reload(&mut self) -> RequestId {
        self.ask(Command::Reload { wait: true })
    }

    /// A reload to other settings.
    pub(crate) fn reload_to(&mut self, policy: Policy) -> RequestId {
        self.settings = Some(policy);
        self.reload()
    }

    pub(crate) fn stop(&mut self, mode: StopMode) -> RequestId {
        self.ask(Command::Stop(mode))
    }

    /// A worker dies of something that is not our doing.
    pub(crate) fn kill_from_outside(&mut self, id: WorkerId) {
        self.end(id, Exit::Signal(9));
    }

    pub(crate) fn ready(&self) -> usize {
        self.workers.values().filter(|it| it.serving && !it.leaving && !it.gone).count()
    }

    pub(crate) fn alive(&self) -> usize {
        self.workers.values().filter(|it| !it.gone).count()
    }

    /// Workers that are not ready, and were not told to go.
    pub(crate) fn booting(&self) -> impl Iterator<Item = &Fake> {
        self.workers.values().filter(|it| it.ready_at.is_none() && !it.gone && !it.leaving)
    }

    pub(crate) fn serving_ids(&self) -> Vec<WorkerId> {
        let serving = self.workers.iter().filter(|(_, it)| it.serving && !it.leaving && !it.gone);
        serving.map(|(id, _)| *id).collect()
    }

    pub(crate) fn generations(&self) -> Vec<u32> {
        self.serving_ids().iter().map(|id| self.workers[id].generation.0).collect()
    }
}
