//! The templates: the core's orders to them, and their messages.
//!
//! Owns: their processes, and which generation each is of ([`telling`] has the log lines). Does not own: their life (the core's),
//! the workers that they fork (`crew`).
//!
//! Invariant: messages of a dropped template are ignored. Its exit is waited for like any child's.

mod telling;

use std::{
    collections::VecDeque,
    future::poll_fn,
    io, mem,
    pin::pin,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

use ferricorn_config::{Preload, Settings};
use ferricorn_core::{Event, Generation, TemplateSignal, WorkerId};
use ferricorn_sys::wait::{self, Reaped};
use ferricorn_telemetry::reports::hang;
use ferricorn_wire::{BootStage, FromTemplate, LoadTemplate};
use tracing::{debug, warn};

use super::{Done, World, facts::failure_of, hire, reload::develop::Bench};
use crate::{
    companions::template::{Ground, Template},
    outside::rights,
    python::{environment, start_message},
};

/// How many unknown children are remembered while a template may still say whose they are.
const MOST_STRANGERS: usize = 64;

/// How long the end of the master waits for templates that were killed.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// Between two looks at that.
const A_MOMENT: Duration = Duration::from_millis(2);

/// Every template's process.
#[derive(Default)]
pub(super) struct Templates {
    current: Vec<Template>,
    /// Those that were killed, and have not been waited for.
    dying: Vec<Template>,
    /// Children that have ended before their template has said that they are workers.
    strangers: Vec<Reaped>,
    /// How the last one was lost, until that was logged.
    lost: Option<Lost>,
    /// What the last one that was unfit has found, until that was told.
    hazards: Vec<String>,
}

/// How a template was lost.
enum Lost {
    /// There was none.
    NotStarted(io::Error),
    /// It has said that the application cannot be loaded.
    Failed { pid: i32, stage: BootStage, text: String },
    /// It has ended; what it wrote of its end, if anything.
    Ended { pid: i32, cause: String, crash: Option<String> },
}

impl Templates {
    pub(super) fn of(&self, generation: Generation) -> Option<&Template> {
        self.current.iter().find(|template| template.generation == generation)
    }

    fn of_mut(&mut self, generation: Generation) -> Option<&mut Template> {
        self.current.iter_mut().find(|template| template.generation == generation)
    }

    /// Kills it. Its messages are ignored from here on.
    fn kill(&mut self, generation: Generation) {
        let gone: Vec<_> =
            self.current.extract_if(.., |template| template.generation == generation).collect();
        gone.iter().for_each(Template::kill);
        self.dying.extend(gone);
    }

    /// The next thing that one of them says. Never comes without one. May be dropped while it waits: nothing is lost.
    pub(super) async fn hear(&mut self) -> (Generation, FromTemplate) {
        poll_fn(|context| {
            for template in &mut self.current {
                let generation = template.generation;
                if let Poll::Ready(message) = pin!(template.hear()).poll(context) {
                    return Poll::Ready((generation, message));
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Kills and waits for all that are left, for after the event loop. One that the kernel does not let go is left to it.
    pub(super) fn end(&mut self) {
        self.current.iter().for_each(Template::kill);
        let mut left: Vec<_> =
            self.current.drain(..).chain(self.dying.drain(..)).map(|it| it.pid()).collect();
        let until = Instant::now() + LAST_WAIT;
        while !left.is_empty() && Instant::now() < until {
            match wait::reap() {
                Some(reaped) => left.retain(|pid| *pid != reaped.pid),
                None => thread::sleep(A_MOMENT),
            }
        }
    }

    /// Remembers an unknown child, which a template may have forked.
    pub(super) fn remember(&mut self, reaped: Reaped) {
        if self.strangers.len() < MOST_STRANGERS {
            self.strangers.push(reaped);
        }
    }
}

impl World {
    pub(super) fn make_template(&mut self, generation: Generation, urgent: bool) -> Done {
        if let Err(error) = wait::adopt_orphans(true) {
            warn!(
                "the application is not preloaded, since forked workers cannot become the master's children: {error}"
            );
            return Done::Happened(Event::TemplateUnfit { generation });
        }
        match self.start_template(generation) {
            Ok(mut template) => {
                if !urgent {
                    let settings = self.reloading.settings_of(generation, &self.program.settings);
                    template.give_way(rights::of_worker(settings).is_none());
                }
                debug!("Booting template with pid: {}", template.pid());
                self.templates.current.push(template);
                Done::Nothing
            }
            Err(error) => {
                self.templates.lost = Some(Lost::NotStarted(error));
                Done::Happened(Event::TemplateExited { generation })
            }
        }
    }

    fn start_template(&mut self, generation: Generation) -> io::Result<Template> {
        let warm = self.bench.as_mut().map(Bench::warm);
        let settings = self.reloading.settings_of(generation, &self.program.settings);
        let words = vec![format!("template {}", settings.app).into(), settings.process_name().into()];
        let (ground, colors) = (self.ground_of(settings), self.colors_of(generation));
        Template::start(generation, ground, &self.program.invocation.command(), words, |black_box| {
            LoadTemplate {
                load: hire::load(settings),
                log: start_message::log(settings, colors),
                generation: generation.0,
                master_pid: ferricorn_sys::pid(),
                black_box,
                look: settings.preload != Preload::Always,
                warm,
            }
        })
    }

    /// What a template with these settings stands on.
    pub(super) fn ground_of(&self, settings: &Settings) -> Ground {
        let app = start_message::app(settings);
        Ground {
            interpreter: settings.python.clone().unwrap_or_default(),
            directory: settings.chdir.clone(),
            environment: environment::for_worker(self.program.version, &settings.environment),
            rights: rights::of_worker(settings),
            path: app.python_path.into_iter().chain([app.app_dir]).collect(),
        }
    }

    pub(super) fn drop_template(&mut self, generation: Generation) {
        self.crew.give_up_forks(generation);
        self.templates.kill(generation);
    }

    pub(super) fn signal_template(&mut self, generation: Generation, signal: TemplateSignal) {
        match signal {
            TemplateSignal::Dump => drop(self.templates.of(generation).map(Template::dump)),
            TemplateSignal::Kill => self.drop_template(generation),
        }
    }

    pub(super) fn template_said(
        &mut self,
        generation: Generation,
        message: FromTemplate,
        queue: &mut VecDeque<Event>,
    ) {
        match message {
            FromTemplate::TemplateReady { shared } => {
                if let Some(template) = self.templates.of_mut(generation) {
                    template.shared = shared;
                    template.hurry();
                }
                queue.push_back(Event::TemplateReady { generation });
            }
            FromTemplate::TemplateUnfit { hazards } => {
                // It is unfit once it has ended: it may have locked what the first worker is to lock.
                if let Some(template) = self.templates.of_mut(generation) {
                    template.hazards = Some(hazards);
                }
            }
            FromTemplate::BootFailed { stage, text } => {
                let pid = self.templates.of(generation).map_or(0, Template::pid);
                self.templates.lost = Some(Lost::Failed { pid, stage, text });
                // It exits by itself; nothing more of it is of interest.
                self.drop_template(generation);
                queue.push_back(Event::TemplateFailed { generation, failure: failure_of(stage) });
            }
            FromTemplate::Extend { milliseconds } => {
                let by = Duration::from_millis(milliseconds);
                queue.push_back(Event::TemplateExtended { generation, by });
            }
            FromTemplate::Forked { id, pid } => self.forked(WorkerId(id), pid, queue),
            FromTemplate::Outdated => queue.push_back(Event::TemplateOutdated { generation }),
            FromTemplate::NotForked { id, error } => {
                let id = WorkerId(id);
                let template = self.templates.of_mut(generation);
                if template.is_some_and(|it| !mem::replace(&mut it.has_complained, true)) {
                    warn!("the template cannot fork a worker, which is spawned plainly: {error}");
                }
                self.crew.give_up_fork(id);
                queue.push_back(Event::ForkFailed { id });
            }
        }
    }

    fn forked(&mut self, id: WorkerId, pid: i32, queue: &mut VecDeque<Event>) {
        if self.crew.forked(id, pid) {
            queue.push_back(Event::Spawned { id });
        }
        // It may have ended before we have heard of it.
        let ended: Vec<_> = self.templates.strangers.extract_if(.., |it| it.pid == pid).collect();
        for reaped in ended {
            self.reaped(reaped, queue);
        }
        if !self.crew.awaits_forks() {
            self.templates.strangers.clear();
        }
    }

    /// Whether a child that has ended was a template.
    pub(super) fn template_ended(&mut self, reaped: &Reaped, queue: &mut VecDeque<Event>) -> bool {
        if let Some(at) = self.templates.dying.iter().position(|template| template.pid() == reaped.pid) {
            self.templates.dying.remove(at);
            return true;
        }
        let Some(current) = self.templates.current.iter_mut().find(|it| it.pid() == reaped.pid) else {
            return false;
        };
        let generation = current.generation;
        // What it said before it went comes before that it went.
        for message in current.last_words() {
            self.template_said(generation, message, queue);
        }
        self.crew.give_up_forks(generation);
        let gone = self.templates.current.extract_if(.., |it| it.generation == generation).next();
        // Without it, its last word was that the application cannot be loaded.
        if let Some(mut template) = gone {
            if let Some(hazards) = template.hazards.take() {
                self.templates.hazards = hazards;
                queue.push_back(Event::TemplateUnfit { generation });
                return true;
            }
            self.templates.lost = Some(Lost::Ended {
                pid: reaped.pid,
                cause: cause(reaped.exit, self.shortage.has_killed()),
                crash: hang::last_crash(&template.open_black_box()).map(str::to_owned),
            });
            queue.push_back(Event::TemplateExited { generation });
        }
        true
    }
}

fn cause(exit: wait::Exit, out_of_memory: bool) -> String {
    match exit {
        wait::Exit::Code(code) => format!("exit code {code}"),
        wait::Exit::Signal { number: 9, .. } if out_of_memory => "out of memory".to_owned(),
        wait::Exit::Signal { number, .. } => wait::signal_name(number).to_owned(),
    }
}
