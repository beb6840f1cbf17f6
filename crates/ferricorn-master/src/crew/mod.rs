//! The worker processes as the system knows them: pid, channel, row of the scoreboard ([`rows`]).
//!
//! Owns: the list of workers, sending them messages and signals, reading what it says and its row.
//! Does not own: when any of this happens.
//!
//! Invariants: a row belongs to one process from spawn until its exit was dealt with; a packet that cannot be
//! understood is logged and dropped, whatever a broken worker writes.

mod forks;
mod legacy;
mod member;
mod recruit;
mod rows;
mod silence;
mod tallies;

use std::{
    collections::BTreeMap,
    future::poll_fn,
    io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    task::Poll,
    time::Duration,
};

use ferricorn_core::{Vitals, WorkerId};
use ferricorn_sys::{Signal, channel, memory};
use ferricorn_telemetry::metrics::Tally;
use ferricorn_wire::{
    MAX_PACKET, ToMaster, ToWorker,
    scoreboard::{Request, State, Word},
};
use tracing::warn;

use crate::{
    Command,
    python::shim::{self, Sources},
};
use forks::Fork;
use member::ALLOWANCE;
pub(crate) use member::{History, Member, Stage};
pub(crate) use recruit::{Berth, NotSpawned, Recruit};
use rows::Rows;
pub(crate) use tallies::Tallies;

/// What a worker's row says.
pub(crate) struct Signs {
    /// For how long its event loop has not run; `None`: it never has.
    pub(crate) silent_for: Option<Duration>,
    /// How late its last tick was.
    pub(crate) lag: Duration,
    /// Open connections.
    pub(crate) connections: u64,
    /// Requests being handled.
    pub(crate) in_flight: u64,
}

/// Every worker process, and what they share.
pub(crate) struct Crew {
    members: BTreeMap<WorkerId, Member>,
    forks: BTreeMap<WorkerId, Fork>,
    rows: Rows,
    tallies: Tallies,
    /// What draining workers send connections into, and what serving ones take them out of.
    handoff: (OwnedFd, OwnedFd),
    sources: Sources,
    version: String,
    buffer: Vec<u8>,
    heard_last: WorkerId,
}

impl Crew {
    /// No worker yet, but everything that they will share; the handoff queue also with another master's.
    pub(crate) fn new(
        version: &str,
        command: &Command,
        tallies: Tallies,
        handoff: Option<(OwnedFd, OwnedFd)>,
    ) -> io::Result<Self> {
        let handoff = handoff.map_or_else(channel::handoff_pair, Ok)?;
        Self::with(version, command, Rows::new()?, tallies, handoff)
    }

    fn with(
        version: &str,
        command: &Command,
        rows: Rows,
        tallies: Tallies,
        handoff: (OwnedFd, OwnedFd),
    ) -> io::Result<Self> {
        Ok(Self {
            members: BTreeMap::new(),
            forks: BTreeMap::new(),
            rows,
            tallies,
            handoff,
            sources: shim::sources(command)?,
            version: version.to_owned(),
            buffer: vec![0; MAX_PACKET],
            heard_last: WorkerId(0),
        })
    }

    /// The two ends of the handoff queue.
    pub(crate) fn handoff(&self) -> [RawFd; 2] {
        [self.handoff.0.as_raw_fd(), self.handoff.1.as_raw_fd()]
    }

    /// The tally boards.
    pub(crate) fn tallies(&self) -> &Tallies {
        &self.tallies
    }

    /// The same, to change which there are.
    pub(crate) fn tallies_mut(&mut self) -> &mut Tallies {
        &mut self.tallies
    }

    pub(crate) fn get(&self, id: WorkerId) -> Option<&Member> {
        self.members.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: WorkerId) -> Option<&mut Member> {
        self.members.get_mut(&id)
    }

    pub(crate) fn id_of(&self, pid: i32) -> Option<WorkerId> {
        self.members.iter().find(|(_, member)| member.pid == pid).map(|(id, _)| *id)
    }

    /// The worker that serves in a slot.
    pub(crate) fn serving_in(&self, slot: u16) -> Option<WorkerId> {
        let mut in_slot = self.members.iter().filter(|(_, member)| member.slot.0 == slot);
        in_slot.find(|(_, member)| member.history.stage == Stage::Serving).map(|(id, _)| *id)
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The pids and numbers of all workers.
    pub(crate) fn roll(&self) -> Vec<(i32, u64)> {
        self.members.iter().map(|(id, member)| (member.pid, id.0)).collect()
    }

    pub(crate) fn ids(&self) -> Vec<WorkerId> {
        self.members.keys().copied().collect()
    }

    /// How many workers there are, and how many requests they have in flight.
    pub(crate) fn burden(&self) -> (u64, u64) {
        let in_flight = self.members.values().map(|member| self.requests(member).1).sum();
        (self.members.len() as u64, in_flight)
    }

    /// A worker's exit was dealt with.
    pub(crate) fn forget(&mut self, id: WorkerId) {
        if let Some(member) = self.members.remove(&id) {
            member.release_family();
            // Before: the next worker in this row begins with nothing.
            self.tallies.keep(member.row);
            self.rows.give_back(member.row);
        }
    }

    /// Tells a worker something. A worker that is gone is no news: its exit is on its way.
    pub(crate) fn tell(&self, id: WorkerId, message: &ToWorker) {
        let Some(member) = self.members.get(&id) else { return };
        if let Err(error) = member.channel.send(message)
            && error.kind() == io::ErrorKind::WouldBlock
        {
            warn!("worker (pid: {}) does not read its orders", member.pid);
        }
    }

    /// Gives a worker the listening sockets and the order to accept. A worker that is gone is ignored.
    pub(crate) fn serve(&self, id: WorkerId, listeners: &[RawFd]) -> io::Result<()> {
        let Some(member) = self.members.get(&id) else { return Ok(()) };
        let order = ToWorker::Serve { listeners: u32::try_from(listeners.len()).unwrap_or(u32::MAX) };
        member.channel.send_with(&order, listeners)
    }

    /// Lets a worker give way to those that serve.
    pub(crate) fn give_way(&mut self, id: WorkerId) {
        if let Some(member) = self.members.get_mut(&id) {
            member.give_way();
        }
    }

    /// Lets a worker that has given way so far do so no more.
    pub(crate) fn hurry(&mut self, id: WorkerId) {
        if let Some(member) = self.members.get_mut(&id) {
            member.hurry();
        }
    }

    /// Signals a worker.
    pub(crate) fn signal(&mut self, id: WorkerId, signal: Signal) {
        let Some(member) = self.members.get_mut(&id) else { return };
        member.history.killed |= signal == Signal::Kill;
        member.history.signals.insert(signal.number());
        if signal == Signal::User2 {
            // What is there already was not meant for this report.
            let _old = member.black_box.take();
        }
        if let Err(error) = member.process.signal(signal)
            && error.raw_os_error() != Some(3 /* ESRCH: it is gone already */)
        {
            warn!("cannot signal worker (pid: {}): {error}", member.pid);
        }
    }

    /// The next thing that any worker says. May be dropped while it waits: nothing is lost.
    pub(crate) async fn hear(&mut self) -> (WorkerId, ToMaster) {
        poll_fn(|context| {
            // From the one after the last that was heard: one worker's flood must not drown another's messages.
            let heard_last = self.heard_last;
            for after in [true, false] {
                for (id, member) in self.members.iter_mut().filter(|(id, _)| (**id > heard_last) == after) {
                    if let Some(message) = member.poll_message(context, &mut self.buffer) {
                        self.heard_last = *id;
                        return Poll::Ready((*id, message));
                    }
                }
            }
            Poll::Pending
        })
        .await
    }

    /// What a worker that has exited still said. The kernel keeps it until it is read.
    pub(crate) fn last_words(&mut self, id: WorkerId) -> Vec<ToMaster> {
        let member = self.members.get_mut(&id);
        member.map_or_else(Vec::new, |member| member.last_words(&mut self.buffer))
    }

    /// What a worker has written into its black box since the last time: the stack of a crash, or of a hang.
    pub(crate) fn open_black_box(&self, id: WorkerId) -> String {
        let Some(member) = self.members.get(&id) else { return String::new() };
        member.black_box.take().unwrap_or_else(|error| format!("the black box cannot be read: {error}"))
    }

    /// How many requests a worker had answered when its event loop last ran, and how many it was handling.
    pub(crate) fn requests(&self, member: &Member) -> (u64, u64) {
        (self.rows.read(member.row, Word::Requests), self.rows.read(member.row, Word::InFlight))
    }

    /// Which requests a worker was handling when its event loop last ran, and which have begun since.
    pub(crate) fn in_flight(&self, member: &Member) -> Vec<Request> {
        self.rows.in_flight(member.row)
    }

    /// Whether a worker has come as far as marking its row: before that, nothing of it but an interpreter has run.
    pub(crate) fn has_begun(&self, member: &Member) -> bool {
        self.rows.read(member.row, Word::State) != State::Free as u64
    }

    /// How many connections a worker has open.
    pub(crate) fn connections(&self, member: &Member) -> u64 {
        self.rows.read(member.row, Word::Connections)
    }

    /// What a worker has counted.
    pub(crate) fn tally(&self, member: &Member) -> Tally {
        self.tallies.of_row(member.row)
    }

    /// How a worker is at this moment.
    pub(crate) fn signs(&self, member: &Member) -> Signs {
        let row = member.row;
        Signs {
            silent_for: self.rows.silent_for(row),
            lag: Duration::from_nanos(self.rows.read(row, Word::LoopLag)),
            connections: self.rows.read(row, Word::Connections),
            in_flight: self.rows.read(row, Word::InFlight),
        }
    }

    /// How every worker is, read from memory; and how much memory it takes, if `weigh`.
    pub(crate) fn vitals(&mut self, weigh: bool) -> Vec<(WorkerId, Vitals)> {
        let rows = &self.rows;
        let vitals = |member: &mut Member| {
            member.allowance = ALLOWANCE;
            let silent_for = rows.silent_for(member.row);
            let excuse = member.silence.look(member.pid, silent_for);
            Vitals {
                silent_for,
                starved: excuse.starved,
                held_up: excuse.held_up,
                requests: rows.read(member.row, Word::Requests),
                memory: if weigh { memory::resident(member.pid) } else { None },
            }
        };
        self.members.iter_mut().map(|(id, member)| (*id, vitals(member))).collect()
    }
}
