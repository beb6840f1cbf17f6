//! A new worker, as the settings of its generation want it.
//!
//! Owns: which settings those are, and what of them goes into the worker's process and into its start message. Does not own:
//! how a process is made (`crew`), the settings.

use ferricorn_config::Settings;
use ferricorn_core::{Event, Generation, Slot, WorkerId};
use ferricorn_wire::{Load, Start, ToWorker, Who};

use super::{Done, World};
use crate::{
    crew::{NotSpawned, Recruit},
    hooks::{self, About},
    outside::rights,
    python::start_message,
};

impl World {
    pub(super) fn hire(&mut self, id: WorkerId, slot: Slot, generation: Generation, urgent: bool) -> Done {
        self.hooks.newest(id);
        let candidate = self.reloading.of(generation).is_some();
        self.call_hook("pre_fork", About::worker("[booting]", id, candidate));
        let settings = self.reloading.settings_of(generation, &self.program.settings);
        let recruit = Recruit {
            id,
            slot,
            generation,
            interpreter: settings.python.clone().unwrap_or_default(),
            directory: settings.chdir.clone(),
            rights: rights::of_worker(settings),
            environment: settings.environment.clone(),
            app: settings.app.clone(),
            name: settings.process_name().to_owned(),
            may_wait: !urgent,
        };
        Done::Happened(match self.spawn(&recruit) {
            Ok(()) => Event::Spawned { id },
            Err(NotSpawned { error, lasting }) => {
                Event::SpawnFailed { id, error: error.to_string(), lasting }
            }
        })
    }

    fn spawn(&mut self, recruit: &Recruit) -> Result<(), NotSpawned> {
        let settings = self.reloading.settings_of(recruit.generation, &self.program.settings);
        let candidate = self.reloading.of(recruit.generation);
        let colors = candidate.map_or_else(|| self.program.log.colors(), |it| it.log.colors);
        let (slot, generation) = (recruit.slot.0, recruit.generation.0);
        let load = load(settings);
        let log = start_message::log(settings, colors);
        self.crew.spawn(recruit, |berth| {
            let worker = Who {
                slot,
                generation,
                age: recruit.id.0,
                master_pid: ferricorn_sys::pid(),
                scoreboard: berth.scoreboard,
                row: berth.row,
                tally: settings.metrics.counts.then_some(berth.tally),
                black_box: berth.black_box,
                workers: settings.workers,
                handoff: berth.handoff,
                worker_connections: settings.worker_connections,
                count_websockets: settings.max_requests > 0,
                log,
            };
            ToWorker::Start(Box::new(Start { load, worker }))
        })
    }
}

/// What every worker of a generation with these settings loads.
fn load(settings: &Settings) -> Load {
    let hooks = start_message::hooks(settings)
        // The file has the dictionary as Python has it, with whatever JSON cannot say; and perhaps the logger class.
        .filter(|hooks| {
            hooks::has_workers(hooks) || settings.logs.dictionary.is_some() || settings.logs.class_of_file()
        });
    Load { app: start_message::app(settings), backlog: settings.backlog, hooks }
}
