//! The three ways to begin: with sockets of our own, beside a predecessor on its sockets, or with everything that this
//! very process has left to itself.

use std::{collections::VecDeque, path::PathBuf, time::Instant};

use ferricorn_core::{Event, Supervisor};
use ferricorn_sys::{Listener, PidFile};
use ferricorn_wire::upgrade::{Estate, Legacy};
use tracing::{error, info};

use crate::{
    Outcome, Program, binding,
    binding::BindError,
    crew::Crew,
    legacy, policy,
    sources::Signals,
    succession::{self, Predecessor, Succession},
    world::World,
};

/// What the loop needs.
type Begun = (Supervisor, World, VecDeque<Event>);

pub(crate) async fn start(
    program: Program,
    interpreter: PathBuf,
    signals: Signals,
    succession: Succession,
) -> Result<Begun, Outcome> {
    match succession {
        Succession::InPlace(legacy) => in_place(program, interpreter, signals, &legacy),
        Succession::Beside(predecessor, estate) => {
            beside(program, interpreter, signals, predecessor, &estate)
        }
        // The check has been answered.
        Succession::First | Succession::Check(_) => first(program, interpreter, signals).await,
    }
}

async fn first(program: Program, interpreter: PathBuf, mut signals: Signals) -> Result<Begun, Outcome> {
    let settings = &program.settings;
    let path = settings.pid_file.as_deref();
    // Before the addresses: who starts a second master by mistake shall read that, and at once.
    path.map_or(Ok(()), PidFile::check).map_err(failed)?;
    let listeners = binding::bind_all(settings, &mut signals).await.map_err(|error| match error {
        BindError::Interrupted => Outcome::Stopped,
        BindError::Failed => Outcome::CannotStart,
    })?;
    let pid_file = path.map(PidFile::create).transpose().map_err(failed)?;
    let core = Supervisor::new(policy::from_settings(settings), policy::seed());
    let crew = Crew::new(interpreter, program.version, None).map_err(unprepared)?;
    let world = World::new(program, crew, listeners, signals, Predecessor::NONE, pid_file);
    Ok((core, world, VecDeque::from([Event::Started])))
}

fn beside(
    program: Program,
    interpreter: PathBuf,
    signals: Signals,
    predecessor: Predecessor,
    estate: &Estate,
) -> Result<Begun, Outcome> {
    info!("Succeeding ferricorn {} (pid: {})", estate.version, estate.pid);
    let listeners = succession::take_listeners(estate).map_err(failed)?;
    let handoff = succession::take_handoff(estate).map_err(unprepared)?;
    let core = Supervisor::succeeding(policy::from_settings(&program.settings), policy::seed());
    let crew = Crew::new(interpreter, program.version, Some(handoff)).map_err(unprepared)?;
    let world = World::new(program, crew, listeners, signals, predecessor, None);
    Ok((core, world, VecDeque::from([Event::Started])))
}

/// Goes on, and lets the workers of the old program be replaced by a reload.
fn in_place(
    program: Program,
    interpreter: PathBuf,
    signals: Signals,
    legacy: &Legacy,
) -> Result<Begun, Outcome> {
    let estate = &legacy.estate;
    info!("Succeeding ferricorn {} in its place, with {} workers", estate.version, legacy.workers.len());
    let mut listeners: Vec<Listener> = succession::take_listeners(estate).map_err(failed)?;
    let files: Vec<_> = estate.listeners.iter().map(|it| it.file.as_ref().map(PathBuf::from)).collect();
    succession::take_files(&mut listeners, &files);
    let path = program.settings.pid_file.as_deref();
    let pid_file = path.map(PidFile::take_over).transpose().map_err(failed)?;
    let core = Supervisor::inheriting(
        policy::from_settings(&program.settings),
        policy::seed(),
        &legacy::for_core(legacy),
        Instant::now(),
    );
    let crew = Crew::inherit(interpreter, program.version, legacy).map_err(unprepared)?;
    let mut world = World::new(program, crew, listeners, signals, Predecessor::NONE, pid_file);
    let mut queue = VecDeque::from([Event::Started]);
    // Whoever has ended in between was told to the old program, if to anybody.
    world.reap(&mut queue);
    world.ask_reload(&mut queue);
    Ok((core, world, queue))
}

fn failed(error: impl std::fmt::Display) -> Outcome {
    error!("{error}");
    Outcome::CannotStart
}

fn unprepared(error: impl std::fmt::Display) -> Outcome {
    failed(format!("cannot prepare to start workers: {error}"))
}
