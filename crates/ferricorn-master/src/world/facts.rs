//! Outside events become facts for the core: signals, exits of children, messages of workers.

use std::{collections::VecDeque, path::Path, time::Duration};

use ferricorn_core::{BootFailure, Command, Event, Exit, RequestId, StopMode, WorkerId};
use ferricorn_sys::wait::{self, Reaped};
use ferricorn_wire::{BootStage, ToMaster, ToWorker};
use tracing::{debug, error, info, warn};

use super::World;
use crate::{
    crew::Stage,
    hooks::About,
    outside::rights,
    sources::{Received, SignalKind},
};

const SIGKILLED: wait::Exit = wait::Exit::Signal { number: 9, core_dumped: false };

impl World {
    pub(super) fn signalled(&mut self, received: Received, queue: &mut VecDeque<Event>) {
        if received.kind == SignalKind::Chld {
            self.reap(queue);
            return;
        }
        let from = match (received.kind, received.sender) {
            (SignalKind::HangUp, _) => " (the terminal was closed)".to_owned(),
            (_, Some(pid)) => format!(" (from pid {pid})"),
            (_, None) => String::new(),
        };
        info!("Handling signal: {}{from}", received.kind.as_str());
        let command = match received.kind {
            SignalKind::Term | SignalKind::HangUp => Command::Stop(StopMode::Graceful),
            SignalKind::Int => Command::Interrupt,
            SignalKind::Quit => Command::Quit,
            SignalKind::Hup => {
                info!("Hang up: Master");
                let event = self.ask_reload(true);
                return queue.push_back(event);
            }
            SignalKind::Ttin => Command::ScaleUp,
            SignalKind::Ttou => Command::ScaleDown,
            SignalKind::Usr1 => return self.reopen_logs(),
            SignalKind::Usr2 => Command::Upgrade,
            SignalKind::Winch => return debug!("SIGWINCH ignored. Not daemonized"),
            SignalKind::Chld => return,
        };
        let event = self.ask(command);
        queue.push_back(event);
    }

    pub(super) fn ask(&mut self, command: Command) -> Event {
        self.requests += 1;
        Event::Asked { by: RequestId(self.requests), command }
    }

    fn reopen_logs(&mut self) {
        if let Err(error) = self.program.log.reopen() {
            error!("cannot reopen the error log: {error}");
        }
        rights::give_logs(&self.program.settings);
        self.hooks.reopen_logs();
        for id in self.crew.ids() {
            self.crew.tell(id, &ToWorker::ReopenLogs);
        }
    }

    /// Waits for every child that has ended. As PID 1 that includes orphans which are none of ours.
    pub(crate) fn reap(&mut self, queue: &mut VecDeque<Event>) {
        while let Some(reaped) = wait::reap() {
            self.reaped(reaped, queue);
        }
    }

    /// A child has ended.
    pub(super) fn reaped(&mut self, reaped: Reaped, queue: &mut VecDeque<Event>) {
        let Reaped { pid, exit, peak_memory } = reaped;
        if self.successor.ends_with(pid) {
            self.successor_ended(exit, queue);
            return;
        }
        if self.reloading.pid() == Some(pid) {
            queue.extend(self.file_executed(exit));
            return;
        }
        if self.template_ended(&reaped, queue) {
            return;
        }
        let Some(id) = self.crew.id_of(pid) else {
            debug!(pid, "reaped an orphan");
            if self.crew.awaits_forks() {
                self.templates.remember(reaped);
            }
            return;
        };
        // What it said before it went comes before that it went.
        for message in self.crew.last_words(id) {
            queue.extend(self.heard(id, message));
        }
        let out_of_memory = exit == SIGKILLED && self.shortage.has_killed();
        if let Some(member) = self.crew.get_mut(id) {
            member.history.peak_memory = Some(peak_memory);
            member.history.out_of_memory = out_of_memory;
        }
        queue.extend(self.no_python(id, exit));
        if let (Some(bench), Some(member)) = (&mut self.bench, self.crew.get(id)) {
            bench.ended(&self.program.settings.app, member, exit);
        }
        let generation = self.crew.get(id).map(|member| member.generation);
        let candidate = generation.is_some_and(|it| self.reloading.of(it).is_some());
        self.call_hook("child_exit", About::worker(pid, id, candidate));
        let exit = match exit {
            wait::Exit::Code(code) => Exit::Code(code),
            wait::Exit::Signal { number, .. } => Exit::Signal(number),
        };
        queue.push_back(Event::Exited { id, exit });
    }

    /// A process that has ended by itself before anything of a worker has run says by that that it cannot run one.
    fn no_python(&mut self, id: WorkerId, exit: wait::Exit) -> Option<Event> {
        let wait::Exit::Code(code) = exit else { return None };
        let member = self.crew.get(id)?;
        if self.crew.has_begun(member) || member.history.boot_stage.is_some() {
            return None;
        }
        let settings = self.reloading.settings_of(member.generation, &self.program.settings);
        let python = settings.python.as_deref().unwrap_or(Path::new("")).display();
        let text = format!(
            "`{python}` ended with code {code} before it ran a worker\nhint: is it a Python, 3.10 or newer? \
             `--python` names another"
        );
        self.heard(id, ToMaster::BootFailed { stage: BootStage::Environment, text, short: None })
    }

    pub(super) fn heard(&mut self, id: WorkerId, message: ToMaster) -> Option<Event> {
        let pid = self.crew.get(id).map_or(0, |member| member.pid);
        match message {
            ToMaster::Ready => Some(Event::Ready { id }),
            ToMaster::Runs(runs) => {
                self.runs = Some(runs);
                None
            }
            ToMaster::BootFailed { stage, text, short } => {
                if let Some(bench) = &mut self.bench {
                    bench.failed(&text);
                }
                let failure = failure_of(stage);
                if let Some(member) = self.crew.get_mut(id) {
                    member.history.boot_stage = Some(stage);
                    member.boot_failure = Some((stage, short.unwrap_or(text)));
                }
                Some(Event::BootFailed { id, failure })
            }
            ToMaster::Imported { files, modules } => {
                let boots = self.crew.get(id).is_some_and(|member| member.history.stage == Stage::Booting);
                let bench = self.bench.as_mut()?;
                bench.imported(files);
                // What is imported later is in the template that the next boot asks for.
                (bench.needs(modules) && boots).then_some(Event::TemplateWanted)
            }
            ToMaster::Debugging { open } => Some(Event::Debugging { id, open }),
            ToMaster::Extend { milliseconds } => {
                let by = Duration::from_millis(milliseconds);
                debug!("worker (pid: {pid}) needs {} s more for its boot", by.as_secs_f64());
                Some(Event::Extended { id, by })
            }
            ToMaster::AskedToStop { signal } => {
                debug!("worker (pid: {pid}) was sent SIG{}", signal.to_uppercase());
                Some(Event::AskedToStop { id })
            }
            ToMaster::Drained { handed_over, cut } => {
                debug!(handed_over, cut, "Worker drained (pid: {pid})");
                Some(Event::Drained { id })
            }
            ToMaster::Exiting => Some(Event::Exiting { id }),
            ToMaster::Dying { cause, text } => {
                if let Some(member) = self.crew.get_mut(id) {
                    member.history.dying = Some((cause, text));
                }
                None
            }
            ToMaster::Warning { text } => {
                warn!("{text} (pid: {pid})");
                None
            }
        }
    }
}

/// What kind of failure it is that a boot did not come further than this.
pub(super) fn failure_of(stage: BootStage) -> BootFailure {
    match stage {
        BootStage::Environment | BootStage::Bind => BootFailure::Environment,
        BootStage::Import => BootFailure::Boot,
        BootStage::Lifespan => BootFailure::Startup,
        BootStage::App => BootFailure::App,
    }
}
