//! The three ways to begin: with sockets of our own, beside a predecessor on its sockets, or with everything that this
//! very process has left to itself.

mod binding;

use std::{collections::VecDeque, time::Instant};

use ferricorn_core::{Event, Supervisor};
use ferricorn_sys::{Listener, PidFile, PreparedPidFile};
use ferricorn_wire::upgrade::{Estate, Legacy};
use tracing::{error, info};

use crate::{
    Outcome, Program,
    crew::{Crew, Tallies},
    endpoint,
    hooks::{About, MasterHooks},
    outside::{limits, rights, title},
    sources::Signals,
    takeover::{
        legacy,
        succession::{self, Predecessor, Succession},
    },
    world::{World, policy},
};
use binding::BindError;

/// What the loop needs.
type Begun = (Supervisor, World, VecDeque<Event>);

pub(crate) async fn start(
    program: Program,
    signals: Signals,
    succession: Succession,
) -> Result<Begun, Outcome> {
    title::show_name(&program.settings);
    limits::tell(&program.settings);
    match succession {
        Succession::InPlace(legacy) => in_place(program, signals, &legacy),
        Succession::Beside(predecessor, estate) => beside(program, signals, predecessor, &estate).await,
        // The check has been answered.
        Succession::First | Succession::Trial(_) => first(program, signals).await,
    }
}

async fn first(program: Program, mut signals: Signals) -> Result<Begun, Outcome> {
    let settings = &program.settings;
    if !settings.development {
        rights::hint(settings);
    }
    let path = settings.pid_file.as_deref();
    // Before the addresses: who starts a second master by mistake shall read that, and at once.
    path.map_or(Ok(()), PidFile::check).map_err(failed)?;
    let hooks = starting_hooks(&program, &mut signals).await?;
    let listeners = binding::bind_all(settings, &mut signals).await.map_err(|error| match error {
        BindError::Interrupted => Outcome::Stopped,
        BindError::Failed => Outcome::CannotStart,
    })?;
    let metrics = endpoint::prepare(&settings.metrics).map_err(failed)?;
    // Not in its place yet: a client that finds it there asks the control socket next.
    let pid_file = path.map(PreparedPidFile::new).transpose().map_err(failed)?;
    // Not before: a second master, started by mistake, leaves the files of the first one alone.
    rights::give_logs(settings);
    let core = Supervisor::new(policy::from_settings(settings), policy::seed());
    let tallies = Tallies::new().map_err(unprepared)?;
    let crew =
        Crew::new(program.version, &program.invocation.command(), tallies, None).map_err(unprepared)?;
    let mut world = World::new(program, crew, listeners, signals, Predecessor::NONE, None, hooks);
    world.serve_metrics(metrics);
    if let Some(prepared) = pid_file {
        world.put_pid_file(prepared).map_err(failed)?;
    }
    Ok((core, world, VecDeque::from([Event::Started])))
}

async fn beside(
    program: Program,
    mut signals: Signals,
    predecessor: Predecessor,
    estate: &Estate,
) -> Result<Begun, Outcome> {
    info!("Succeeding ferricorn {} (pid: {})", estate.version, estate.pid);
    let hooks = starting_hooks(&program, &mut signals).await?;
    rights::give_logs(&program.settings);
    let listeners = succession::take_listeners(estate).map_err(failed)?;
    let handoff = succession::take_handoff(estate).map_err(unprepared)?;
    let policy = policy::from_settings(&program.settings);
    let core = Supervisor::succeeding(policy, policy::seed(), estate.scaled_to);
    let tallies =
        Tallies::inherit(estate.own_tally, &estate.tallies, Some(estate.pid)).map_err(unprepared)?;
    let crew = Crew::new(program.version, &program.invocation.command(), tallies, Some(handoff))
        .map_err(unprepared)?;
    let metrics = endpoint::inherit(&program.settings.metrics, estate.metrics.as_ref()).map_err(failed)?;
    let mut world = World::new(program, crew, listeners, signals, predecessor, None, hooks);
    world.serve_metrics(metrics);
    world.take_on(estate);
    Ok((core, world, VecDeque::from([Event::Started])))
}

/// Goes on, and lets the workers of the old program be replaced by a reload.
fn in_place(program: Program, signals: Signals, legacy: &Legacy) -> Result<Begun, Outcome> {
    rights::give_logs(&program.settings);
    let estate = &legacy.estate;
    info!("Succeeding ferricorn {} in its place, with {} workers", estate.version, legacy.workers.len());
    let mut listeners: Vec<Listener> = succession::take_listeners(estate).map_err(failed)?;
    succession::take_files(&mut listeners, &estate.files());
    let core = Supervisor::inheriting(
        policy::from_settings(&program.settings),
        policy::seed(),
        &legacy::for_core(legacy),
        Instant::now(),
    );
    // It is the same master to them, which reloads: the process that called them for the old program has ended.
    let hooks = MasterHooks::new(&program);
    let crew = Crew::inherit(program.version, &program.invocation.command(), legacy).map_err(unprepared)?;
    let metrics = endpoint::inherit(&program.settings.metrics, estate.metrics.as_ref()).map_err(failed)?;
    let mut world = World::new(program, crew, listeners, signals, Predecessor::NONE, legacy.control, hooks);
    world.serve_metrics(metrics);
    world.take_on(estate);
    world.write_pid_file();
    let mut queue = VecDeque::from([Event::Started]);
    // Exits in between were reported to the old program, if at all.
    world.reap(&mut queue);
    queue.push_back(world.replace_inherited(estate.scaled_to));
    Ok((core, world, queue))
}

/// Calls the hooks of the start and waits for them, which is what they are for.
async fn starting_hooks(program: &Program, signals: &mut Signals) -> Result<MasterHooks, Outcome> {
    let mut hooks = MasterHooks::new(program);
    hooks.call("nworkers_changed", About::scaling(program.settings.workers, None), Vec::new);
    hooks.call("on_starting", About::default(), Vec::new);
    let stopped = tokio::select! {
        () = hooks.settle() => None,
        received = signals.stop() => Some(received),
    };
    let Some(received) = stopped else { return Ok(hooks) };
    info!("Handling signal: {}", received.kind.as_str());
    Err(Outcome::Stopped)
}

fn failed(error: impl std::fmt::Display) -> Outcome {
    error!("{error}");
    Outcome::CannotStart
}

fn unprepared(error: impl std::fmt::Display) -> Outcome {
    failed(format!("cannot prepare to start workers: {error}"))
}
