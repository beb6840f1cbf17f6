//! The crew that one program leaves to the next in the same process.

use std::{
    io,
    os::fd::{AsRawFd, RawFd},
    time::{Duration, Instant},
};

use ferricorn_core::{Generation, LegacyWorker, Slot, WorkerId};
use ferricorn_sys::{BlackBox, Process, inherit, priority};
use ferricorn_telemetry::metrics::Counter;
use ferricorn_wire::{
    milliseconds,
    scoreboard::ROWS,
    upgrade::{Estate, Legacy, WorkerState},
};

use super::{
    ALLOWANCE, Crew, History, Member, Stage, Tallies, recruit::courtesy, rows::Rows, silence::Silence,
};
use crate::{Command, link::Channel, takeover::succession};

impl Crew {
    /// Everything that is left, in one message.
    pub(crate) fn leave(
        &self,
        core: &ferricorn_core::Legacy,
        estate: Estate,
        control: Option<RawFd>,
    ) -> Legacy {
        Legacy {
            estate,
            control,
            scoreboard: self.rows.as_raw_fd(),
            target: core.target,
            generation: core.generation.0,
            last_generation: core.last_generation.0,
            frozen: core.frozen,
            next_id: core.next_id,
            workers: core.workers.iter().filter_map(|worker| self.leave_worker(worker)).collect(),
        }
    }

    fn leave_worker(&self, worker: &LegacyWorker) -> Option<WorkerState> {
        let member = self.members.get(&worker.id)?;
        Some(WorkerState {
            id: worker.id.0,
            pid: member.pid,
            age_ms: milliseconds(member.spawned_at.elapsed()),
            slot: worker.slot.0,
            generation: worker.generation.0,
            channel: member.channel.descriptor(),
            black_box: member.black_box.as_raw_fd(),
            row: u32::try_from(member.row).unwrap_or(u32::MAX),
            leaving: worker.leaving.map(|leaving| leaving.why.as_str().to_owned()),
            left_ms: worker.leaving.map_or(0, |leaving| milliseconds(leaving.left)),
        })
    }

    /// The crew of it again.
    pub(crate) fn inherit(version: &str, command: &Command, legacy: &Legacy) -> io::Result<Self> {
        let row = |worker: &WorkerState| usize::try_from(worker.row).unwrap_or(ROWS);
        let rows = Rows::inherit(inherit::descriptor(legacy.scoreboard)?, legacy.workers.iter().map(row))?;
        let handoff = succession::take_handoff(&legacy.estate)?;
        let boards = &legacy.estate.tallies;
        let (own, others) = boards.split_first().map_or((None, &[][..]), |(own, it)| (Some(*own), it));
        let tallies = Tallies::inherit(own, others, None)?;
        // The old program was replaced, by this one.
        tallies.count(Counter::UpgradeCommitted);
        let mut new = Self::with(version, command, rows, tallies, handoff)?;
        for worker in &legacy.workers {
            new.members.insert(WorkerId(worker.id), inherit_worker(worker, row(worker))?);
        }
        Ok(new)
    }
}

fn inherit_worker(worker: &WorkerState, row: usize) -> io::Result<Member> {
    let now = Instant::now();
    let stage = if worker.leaving.is_some() { Stage::Draining } else { Stage::Serving };
    Ok(Member {
        slot: Slot(worker.slot),
        generation: Generation(worker.generation),
        pid: worker.pid,
        // A child that was not reaped: the pid is its own even if it has exited meanwhile.
        process: Process::open(worker.pid),
        channel: match worker.channel {
            Some(number) => Channel::new(inherit::descriptor(number)?)?,
            None => Channel::CLOSED,
        },
        row,
        spawned_at: now.checked_sub(Duration::from_millis(worker.age_ms)).unwrap_or(now),
        // Whose user it is of is not known.
        courtesy: priority::that_can_be_taken_back(false)
            .map(|niceness| courtesy(worker.pid, niceness, Slot(worker.slot), Generation(worker.generation))),
        // One that has drained may do so already.
        gives_way: worker.leaving.is_some(),
        boot_failure: None,
        history: History { stage, ..History::default() },
        silence: Silence::default(),
        allowance: ALLOWANCE,
        garbage: 0,
        black_box: BlackBox::adopt(inherit::descriptor(worker.black_box)?),
    })
}
