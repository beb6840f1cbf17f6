//! How a worker is created: its process, with everything that it inherits, and its start message.
//!
//! Owns: what a new worker is given, and why none could be made. Does not own: when one is made, the settings in its start
//! message.
//!
//! Invariant: a worker either has its row and its start message, or does not exist.

use std::{
    io,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    path::PathBuf,
    time::Instant,
};

use ferricorn_core::{Generation, Slot, WorkerId};
use ferricorn_sys::{
    BlackBox, Courtesy, Process, Rights, SpawnError, SpawnPlan, SpawnStage, channel, priority, spawn,
};
use ferricorn_wire::ToWorker;

use super::{Crew, History, Member, member::ALLOWANCE, silence::Silence};
use crate::{
    link::Channel,
    outside::rights,
    python::{environment, shim},
};

/// Why there is no process.
#[derive(Debug)]
pub(crate) struct NotSpawned {
    /// What went wrong, and what that usually means.
    pub(crate) error: io::Error,
    /// It would go wrong again, whatever time passes.
    pub(crate) lasting: bool,
}

impl From<io::Error> for NotSpawned {
    fn from(error: io::Error) -> Self {
        Self { error, lasting: false }
    }
}

/// What a new worker shall be.
pub(crate) struct Recruit {
    pub(crate) id: WorkerId,
    pub(crate) slot: Slot,
    pub(crate) generation: Generation,
    pub(crate) interpreter: PathBuf,
    pub(crate) directory: PathBuf,
    /// Whose rights it has, if not the master's.
    pub(crate) rights: Option<Rights>,
    /// Variables for the application, stronger than the master's.
    pub(crate) environment: Vec<(String, String)>,
    /// The application, which it finds on its command line.
    pub(crate) app: String,
    /// What the process list calls it.
    pub(crate) name: String,
    /// Nobody waits for its boot: it leaves the processors to those that serve.
    pub(crate) may_wait: bool,
}

/// The descriptors and numbers that the start message names.
pub(crate) struct Berth {
    pub(crate) scoreboard: RawFd,
    pub(crate) row: u32,
    pub(crate) tally: RawFd,
    pub(crate) black_box: RawFd,
    pub(crate) handoff: [RawFd; 2],
}

impl Crew {
    /// Starts a worker and sends it the message that `start` makes of its berth.
    pub(crate) fn spawn(
        &mut self,
        recruit: &Recruit,
        start: impl FnOnce(Berth) -> ToWorker,
    ) -> Result<(), NotSpawned> {
        let row = self.rows.take()?;
        self.tallies.take(row);
        let spawned = self.spawn_in(row, recruit, start);
        match spawned {
            Ok(member) => {
                self.members.insert(recruit.id, member);
                Ok(())
            }
            Err(error) => {
                self.rows.give_back(row);
                Err(error)
            }
        }
    }

    fn spawn_in(
        &self,
        row: usize,
        recruit: &Recruit,
        start: impl FnOnce(Berth) -> ToWorker,
    ) -> Result<Member, NotSpawned> {
        let cradle = Cradle::new(row)?;
        let mut environment = environment::for_worker(&self.version, &recruit.environment);
        environment.push((SLOT.into(), recruit.slot.to_string().into()));
        environment.push((GENERATION.into(), recruit.generation.to_string().into()));
        let words = vec![format!("worker {}", recruit.app).into(), recruit.name.clone().into()];
        let (directory, rights) = (recruit.directory.clone(), recruit.rights.clone());
        let niceness = priority::that_can_be_taken_back(rights.is_none());
        let job = shim::Job { words, environment, directory, rights };
        let mut plan = shim::plan(&recruit.interpreter, &self.sources, &cradle.theirs, job);
        plan.inherit.extend(self.shared(&cradle));
        // Before the spawn, so that the worker finds it at once; and if it cannot be sent, there is no worker.
        cradle.ours.send(&start(self.berth(&cradle)))?;
        let child = spawn::spawn(&plan).map_err(|error| NotSpawned {
            lasting: is_lasting(&error),
            error: spawn_failure(&error, &plan),
        })?;
        Ok(cradle.member(recruit, niceness, child.pid, child.process))
    }

    /// What a worker inherits besides its channel.
    pub(super) fn shared(&self, cradle: &Cradle) -> [RawFd; 5] {
        let [sender, receiver] = self.handoff();
        let (rows, tallies) = (self.rows.as_raw_fd(), self.tallies.descriptor());
        [rows, tallies, cradle.black_box.as_raw_fd(), sender, receiver]
    }

    pub(super) fn berth(&self, cradle: &Cradle) -> Berth {
        Berth {
            scoreboard: self.rows.as_raw_fd(),
            row: u32::try_from(cradle.row).unwrap_or(u32::MAX),
            tally: self.tallies.descriptor(),
            black_box: cradle.black_box.as_raw_fd(),
            handoff: self.handoff(),
        }
    }
}

/// What is a worker's own before there is a process.
pub(super) struct Cradle {
    pub(super) row: usize,
    pub(super) ours: Channel,
    pub(super) theirs: OwnedFd,
    pub(super) black_box: BlackBox,
}

impl Cradle {
    pub(super) fn new(row: usize) -> io::Result<Self> {
        let (ours, theirs) = channel::pair()?;
        Ok(Self { row, ours: Channel::new(ours)?, theirs, black_box: BlackBox::create()? })
    }

    /// The process is there.
    pub(super) fn member(
        self,
        recruit: &Recruit,
        niceness: Option<i32>,
        pid: i32,
        process: Process,
    ) -> Member {
        let mut member = Member {
            slot: recruit.slot,
            generation: recruit.generation,
            pid,
            process,
            channel: self.ours,
            row: self.row,
            spawned_at: Instant::now(),
            courtesy: niceness.map(|it| courtesy(pid, it, recruit.slot, recruit.generation)),
            gives_way: false,
            boot_failure: None,
            history: History::default(),
            silence: Silence::default(),
            black_box: self.black_box,
            allowance: ALLOWANCE,
            garbage: 0,
        };
        if recruit.may_wait {
            member.give_way();
        }
        member
    }
}

/// The variables that say whose process it is.
const SLOT: &str = "FERRICORN_SLOT";
const GENERATION: &str = "FERRICORN_GENERATION";

/// How a worker gives way. What it starts is known by its variables, if by nothing else.
pub(super) fn courtesy(pid: i32, niceness: i32, slot: Slot, generation: Generation) -> Courtesy {
    let marks = [format!("{SLOT}={slot}"), format!("{GENERATION}={generation}")];
    Courtesy::new(pid, niceness, marks.map(String::into_bytes).to_vec())
}

/// Whether no later try can go better. What the system is short of may be there in a moment.
fn is_lasting(error: &SpawnError) -> bool {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound, PermissionDenied};
    let kind = error.source.kind();
    let of_a_path = matches!(kind, NotFound | NotADirectory | PermissionDenied);
    match error.stage {
        SpawnStage::Execute | SpawnStage::Directory => of_a_path,
        SpawnStage::Rights => matches!(kind, PermissionDenied | InvalidInput),
        _ => false,
    }
}

/// Why no process could be made, with what it usually means. None of this is the application's failure.
fn spawn_failure(error: &SpawnError, plan: &SpawnPlan) -> io::Error {
    let meaning = match error.source.kind() {
        io::ErrorKind::WouldBlock => "; the limit of processes is reached, see `ulimit -u` and pids.max",
        io::ErrorKind::OutOfMemory => "; the machine or the control group has no memory left",
        io::ErrorKind::NotFound if error.stage == SpawnStage::Execute => {
            "; the interpreter is gone, was its environment made anew?"
        }
        io::ErrorKind::PermissionDenied if error.stage == SpawnStage::Execute => {
            return io::Error::other(format!("{error}; {}", not_executable(plan)));
        }
        _ if error.stage == SpawnStage::Rights => {
            "; is the container, or its user namespace, allowed to have this user and group?"
        }
        _ if error.source.raw_os_error() == Some(24 /* EMFILE */) => {
            "; the limit of open files is reached, see `ulimit -n`"
        }
        _ => "",
    };
    io::Error::other(format!("{error}{meaning}"))
}

/// Which interpreter the worker may not execute, and the folder that keeps it from that.
fn not_executable(plan: &SpawnPlan) -> String {
    let interpreter = plan.program.display();
    let Some(rights) = &plan.rights else {
        return format!("the interpreter `{interpreter}` may not be executed");
    };
    let who = format!("the user of the workers (--user) may not execute the interpreter `{interpreter}`");
    match rights::closed_folder(&plan.program, rights) {
        Some(folder) => format!("{who}: the folder `{}` is closed to that user", folder.display()),
        None => format!("{who}, or not enter a folder above it"),
    }
}
