//! Workers that a template was asked for, and that have no process yet.
//!
//! Owns: what waits for them. Does not own: the template (`companions`), and for how long it is waited for (the core's).
//!
//! Invariant: a worker that is given up finds its channel closed before its first message, and exits.

use std::{io, os::fd::AsRawFd as _};

use ferricorn_core::{Generation, WorkerId};
use ferricorn_sys::{Process, priority};
use ferricorn_wire::ToWorker;
use tracing::debug;

use super::{
    Crew,
    recruit::{Berth, Cradle, Recruit},
};
use crate::companions::template::Template;

/// One such worker.
pub(super) struct Fork {
    recruit: Recruit,
    /// The generation of the template.
    of: Generation,
    cradle: Cradle,
    start: ToWorker,
}

impl Crew {
    /// Asks a template for a worker, which will be sent the message that `start` makes of its berth.
    pub(crate) fn fork(
        &mut self,
        recruit: Recruit,
        template: &Template,
        start: impl FnOnce(Berth) -> ToWorker,
    ) -> io::Result<()> {
        let row = self.rows.take()?;
        self.tallies.take(row);
        let asked = Cradle::new(row).and_then(|cradle| {
            let start = start(self.berth(&cradle));
            let mut descriptors = vec![cradle.theirs.as_raw_fd()];
            descriptors.extend(self.shared(&cradle));
            template.fork(recruit.id, recruit.slot, recruit.generation, &descriptors)?;
            Ok(Fork { recruit, of: template.generation, cradle, start })
        });
        match asked {
            Ok(fork) => {
                self.forks.insert(fork.recruit.id, fork);
                Ok(())
            }
            Err(error) => {
                self.rows.give_back(row);
                Err(error)
            }
        }
    }

    /// The process exists. False if the crew no longer waits for it.
    pub(crate) fn forked(&mut self, id: WorkerId, pid: i32) -> bool {
        let Some(Fork { recruit, cradle, start, .. }) = self.forks.remove(&id) else { return false };
        // One that is gone is no news: its exit is on its way.
        if let Err(error) = cradle.ours.send(&start) {
            debug!("worker (pid: {pid}) cannot be told what it is: {error}");
        }
        let niceness = priority::that_can_be_taken_back(recruit.rights.is_none());
        self.members.insert(id, cradle.member(&recruit, niceness, pid, Process::open(pid)));
        true
    }

    /// A worker will not come.
    pub(crate) fn give_up_fork(&mut self, id: WorkerId) {
        if let Some(fork) = self.forks.remove(&id) {
            self.rows.give_back(fork.cradle.row);
        }
    }

    /// No worker that was asked of this generation's template will come any more.
    pub(crate) fn give_up_forks(&mut self, generation: Generation) {
        let of_it = self.forks.iter().filter(|(_, fork)| fork.of == generation);
        for id in of_it.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.give_up_fork(id);
        }
    }

    /// Whether a template was asked for this worker.
    pub(crate) fn awaits_fork(&self, id: WorkerId) -> bool {
        self.forks.contains_key(&id)
    }

    /// Whether a template was asked for any.
    pub(crate) fn awaits_forks(&self) -> bool {
        !self.forks.is_empty()
    }
}
