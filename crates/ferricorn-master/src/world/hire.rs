//! A new worker, by the settings of its generation.
//!
//! Owns: which settings those are, and what of them goes into the worker's process and into its start message. Does not own:
//! how a process is made (`crew`), the settings.

use std::io;

use ferricorn_config::Settings;
use ferricorn_core::{Event, Generation, Origin, Slot, WorkerId};
use ferricorn_wire::{Load, Start, ToWorker, Who};
use tracing::debug;

use super::{Done, World};
use crate::{
    crew::{Berth, NotSpawned, Recruit},
    hooks::{self, About},
    outside::rights,
    python::start_message,
};

impl World {
    /// `page`: it shows why the boot before it has failed.
    pub(super) fn hire(
        &mut self,
        id: WorkerId,
        slot: Slot,
        generation: Generation,
        urgent: bool,
        from: Origin,
        page: bool,
    ) -> Done {
        self.hooks.newest(id);
        // The template that was asked for it before could not fork it.
        if self.crew.awaits_fork(id) {
            self.crew.give_up_fork(id);
        } else {
            let candidate = self.reloading.of(generation).is_some();
            self.call_hook("pre_fork", About::worker("[booting]", id, candidate));
        }
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
        if let Origin::Template(of) = from {
            return self.fork(recruit, of, page);
        }
        Done::Happened(match self.spawn(&recruit, page) {
            Ok(()) => Event::Spawned { id },
            Err(NotSpawned { error, lasting }) => {
                Event::SpawnFailed { id, error: error.to_string(), lasting }
            }
        })
    }

    fn spawn(&mut self, recruit: &Recruit, page: bool) -> Result<(), NotSpawned> {
        let start = self.start_message(recruit, page);
        self.crew.spawn(recruit, start)
    }

    /// Asks the template of a generation for it. The answer comes later.
    fn fork(&mut self, recruit: Recruit, of: Generation, page: bool) -> Done {
        let id = recruit.id;
        let start = self.start_message(&recruit, page);
        let settings = self.reloading.settings_of(recruit.generation, &self.program.settings);
        let ground = self.ground_of(settings);
        if self.templates.of(of).is_some_and(|template| template.ground != ground) {
            return Done::Happened(Event::TemplateOutdated { generation: of });
        }
        let asked = match self.templates.of(of) {
            Some(template) => self.crew.fork(recruit, template, start),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        match asked {
            Ok(()) => Done::Nothing,
            Err(error) => {
                debug!("worker {id} cannot be asked of the template: {error}");
                Done::Happened(Event::ForkFailed { id })
            }
        }
    }

    /// The first message to a new worker, once its inherited state is known.
    fn start_message(&self, recruit: &Recruit, page: bool) -> impl FnOnce(Berth) -> ToWorker + use<> {
        let settings = self.reloading.settings_of(recruit.generation, &self.program.settings);
        let load = load(settings);
        let log = start_message::log(settings, self.colors_of(recruit.generation));
        let (slot, generation, age) = (recruit.slot.0, recruit.generation.0, recruit.id.0);
        let (workers, worker_connections) = (settings.workers, settings.worker_connections);
        let count_websockets = settings.max_requests > 0;
        let counts = settings.metrics.counts;
        let development = self.bench.as_ref().map(|bench| bench.tell(page));
        move |berth| {
            let worker = Who {
                slot,
                generation,
                age,
                master_pid: ferricorn_sys::pid(),
                scoreboard: berth.scoreboard,
                row: berth.row,
                tally: counts.then_some(berth.tally),
                black_box: berth.black_box,
                workers,
                handoff: berth.handoff,
                worker_connections,
                count_websockets,
                log,
                development,
            };
            ToWorker::Start(Box::new(Start { load, worker }))
        }
    }

    /// Whether the log lines of a generation are coloured.
    pub(super) fn colors_of(&self, generation: Generation) -> bool {
        let candidate = self.reloading.of(generation);
        candidate.map_or_else(|| self.program.log.colors(), |it| it.log.colors)
    }
}

/// What every worker of a generation with these settings loads.
pub(super) fn load(settings: &Settings) -> Load {
    let hooks = start_message::hooks(settings)
        // The file has the dictionary as Python has it, with whatever JSON cannot say; and perhaps the logger class.
        .filter(|hooks| {
            hooks::has_workers(hooks) || settings.logs.dictionary.is_some() || settings.logs.class_of_file()
        });
    Load { app: start_message::app(settings), backlog: settings.backlog, hooks }
}
