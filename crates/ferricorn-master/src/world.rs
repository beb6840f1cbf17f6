//! The world as the loop sees it: it waits for what happens, and does what the core orders.

use std::{
    collections::VecDeque,
    io,
    os::fd::AsRawFd,
    path::PathBuf,
    time::{Duration, Instant},
};

use ferricorn_core::{
    Action, BootFailure, Command, Event, Exit, ExitReason, Policy, RequestId, StopMode, WorkerId,
    WorkerSignal,
};
use ferricorn_sys::{Listener, Signal, wait};
use ferricorn_wire::{BootStage, DrainMode, Start, ToMaster, ToWorker};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep_until};
use tracing::{debug, error, info, warn};

use crate::{
    METRIC, Program,
    crew::{Crew, Recruit},
    observe::Observer,
    policy,
    run::Ended,
    shortage::Shortage,
    sources::{Received, SignalKind, Signals},
    start_message,
};

const SIGKILLED: wait::Exit = wait::Exit::Signal { number: 9, core_dumped: false };

/// What came of an action.
pub(crate) enum Done {
    /// Nothing that the core needs to know.
    Nothing,
    /// Something that it does.
    Happened(Event),
    /// It was the last one.
    Exit(ExitReason),
}

/// Everything outside the core.
pub(crate) struct World {
    program: Program,
    crew: Crew,
    signals: Signals,
    listeners: Vec<Listener>,
    observer: Observer,
    shortage: Shortage,
    samples: Interval,
    ticks: u32,
    interrupts: u32,
    requests: u64,
    listen_failed: bool,
    /// The number of workers that was last told as a metric.
    told_workers: Option<usize>,
}

impl World {
    pub(crate) fn new(
        program: Program,
        interpreter: PathBuf,
        listeners: Vec<Listener>,
        signals: Signals,
    ) -> io::Result<Self> {
        let crew = Crew::new(interpreter, program.version)?;
        let mut samples = interval(policy::SAMPLE_EVERY);
        samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            program,
            crew,
            signals,
            listeners,
            observer: Observer::default(),
            shortage: Shortage::default(),
            samples,
            ticks: 0,
            interrupts: 0,
            requests: 0,
            listen_failed: false,
            told_workers: None,
        })
    }

    /// Waits until something happens, or the deadline comes, and queues the event.
    pub(crate) async fn wait(
        &mut self,
        deadline: Option<Instant>,
        policy: &Policy,
        queue: &mut VecDeque<Event>,
    ) {
        self.tell_workers();
        let deadline = async {
            match deadline {
                Some(deadline) => sleep_until(deadline.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased; // A signal comes before anything that workers say: a stop must not wait behind a flood.
            received = self.signals.next() => self.signalled(received, queue),
            (id, message) = self.crew.hear() => queue.extend(self.heard(id, message)),
            () = deadline => queue.push_back(Event::Woke),
            _ = self.samples.tick() => {
                self.ticks = self.ticks.wrapping_add(1);
                if self.ticks.is_multiple_of(policy::WEIGH_EVERY) {
                    self.shortage.look();
                }
                let weigh = policy.max_memory.is_some() && self.ticks.is_multiple_of(policy::WEIGH_EVERY);
                queue.push_back(Event::Sampled(self.crew.vitals(weigh)));
            }
        }
    }

    /// Tells the number of workers as a metric, whenever it has changed.
    fn tell_workers(&mut self) {
        let workers = self.crew.len();
        if self.told_workers.replace(workers) != Some(workers) {
            info!(target: METRIC, metric = "gunicorn.workers", value = workers as u64);
        }
    }

    fn signalled(&mut self, received: Received, queue: &mut VecDeque<Event>) {
        if received.kind == SignalKind::Chld {
            self.reap(queue);
            return;
        }
        let from = received.sender.map(|pid| format!(" (from pid {pid})")).unwrap_or_default();
        info!("Handling signal: {}{from}", received.kind.as_str());
        let command = match received.kind {
            SignalKind::Term => Command::Stop(StopMode::Graceful),
            SignalKind::Int => self.interrupted(),
            SignalKind::Quit => Command::Stop(StopMode::Quick),
            SignalKind::Hup => {
                info!("Hang up: Master");
                Command::Reload(Box::new(policy::from_settings(&self.program.settings)))
            }
            SignalKind::Ttin => Command::ScaleUp,
            SignalKind::Ttou => Command::ScaleDown,
            SignalKind::Usr1 => return self.reopen_logs(),
            SignalKind::Usr2 => {
                return warn!("USR2 signal ignored: an upgrade in place is not supported yet");
            }
            SignalKind::Winch => return debug!("SIGWINCH ignored. Not daemonized"),
            SignalKind::Chld => return,
        };
        let event = self.ask(command);
        queue.push_back(event);
    }

    fn ask(&mut self, command: Command) -> Event {
        self.requests += 1;
        Event::Asked { by: RequestId(self.requests), command }
    }

    /// The first Ctrl-C is as patient as a TERM; the second one is not.
    fn interrupted(&mut self) -> Command {
        self.interrupts += 1;
        if self.interrupts == 1 {
            info!("Stopping. Press Ctrl-C again to stop without waiting for requests in flight.");
            Command::Stop(StopMode::Graceful)
        } else {
            Command::Stop(StopMode::Quick)
        }
    }

    fn reopen_logs(&mut self) {
        if let Err(error) = (self.program.reopen_logs)() {
            error!("cannot reopen the error log: {error}");
        }
        for id in self.crew.ids() {
            self.crew.tell(id, &ToWorker::ReopenLogs);
        }
    }

    /// Waits for every child that has ended. As PID 1 that includes orphans which are none of ours.
    fn reap(&mut self, queue: &mut VecDeque<Event>) {
        while let Some(wait::Reaped { pid, exit, peak_memory }) = wait::reap() {
            let Some(id) = self.crew.id_of(pid) else {
                debug!(pid, "reaped an orphan");
                continue;
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
            let exit = match exit {
                wait::Exit::Code(code) => Exit::Code(code),
                wait::Exit::Signal { number, .. } => Exit::Signal(number),
            };
            queue.push_back(Event::Exited { id, exit });
        }
    }

    fn heard(&mut self, id: WorkerId, message: ToMaster) -> Option<Event> {
        let pid = self.crew.get(id).map_or(0, |member| member.pid);
        match message {
            ToMaster::Ready => Some(Event::Ready { id }),
            ToMaster::BootFailed { stage, text } => {
                let failure = match stage {
                    BootStage::Environment | BootStage::Bind => BootFailure::Environment,
                    BootStage::Import | BootStage::Lifespan => BootFailure::Boot,
                    BootStage::App => BootFailure::App,
                };
                if let Some(member) = self.crew.get_mut(id) {
                    member.history.boot_stage = Some(stage);
                    member.boot_failure = Some((stage, text));
                }
                Some(Event::BootFailed { id, failure })
            }
            ToMaster::AskedToStop { signal } => {
                info!("worker (pid: {pid}) was sent SIG{} and is replaced", signal.to_uppercase());
                Some(Event::AskedToStop { id })
            }
            ToMaster::Drained { handed_over, cut } => {
                debug!(handed_over, cut, "Worker drained (pid: {pid})");
                None
            }
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

    pub(crate) fn execute(&mut self, action: Action) -> Done {
        match action {
            Action::Spawn { id, slot, generation } => {
                let recruit = Recruit {
                    id,
                    slot,
                    generation,
                    directory: self.program.settings.chdir.clone(),
                    environment: self.program.settings.environment.clone(),
                    title: format!("worker {}", self.program.settings.app),
                    listeners: self.listeners.iter().map(AsRawFd::as_raw_fd).collect(),
                };
                return Done::Happened(match self.spawn(&recruit) {
                    Ok(()) => Event::Spawned { id },
                    Err(error) => Event::SpawnFailed { id, error: error.to_string() },
                });
            }
            Action::Listen => return self.listen(),
            Action::Serve { id } => self.crew.tell(id, &ToWorker::Serve),
            Action::AnnounceClose { id } => self.crew.tell(id, &ToWorker::AnnounceClose),
            Action::Drain { id, siblings, grace } => {
                let mode = if siblings { DrainMode::Handoff } else { DrainMode::Close };
                self.crew.tell(id, &ToWorker::Drain { mode, grace_ms: milliseconds(grace) });
            }
            Action::Signal { id, signal } => self.crew.signal(
                id,
                match signal {
                    WorkerSignal::Terminate => Signal::Terminate,
                    WorkerSignal::Dump => Signal::User2,
                    WorkerSignal::Abort => Signal::Abort,
                    WorkerSignal::Kill => Signal::Kill,
                },
            ),
            Action::CloseListeners => self.listeners.drain(..).for_each(Listener::close),
            Action::Reply { to, reply } => debug!(request = to.0, ?reply, "replied"),
            Action::Notify(notice) => self.observer.tell(notice, &mut self.crew),
            Action::Exit(reason) => return Done::Exit(reason),
        }
        Done::Nothing
    }

    fn spawn(&mut self, recruit: &Recruit) -> io::Result<()> {
        let settings = &self.program.settings;
        let (slot, generation) = (recruit.slot.0, recruit.generation.0);
        let listeners = recruit.listeners.clone();
        let app = start_message::app(settings);
        let log = start_message::log(settings, self.program.colors);
        self.crew.spawn(recruit, |berth| {
            ToWorker::Start(Box::new(Start {
                version: self.program.version.to_owned(),
                slot,
                generation,
                master_pid: ferricorn_sys::pid(),
                listeners,
                backlog: settings.backlog,
                scoreboard: berth.scoreboard,
                row: berth.row,
                black_box: berth.black_box,
                workers: settings.workers,
                handoff: berth.handoff,
                worker_connections: settings.worker_connections,
                count_websockets: settings.max_requests > 0,
                app,
                log,
            }))
        })
    }

    fn listen(&mut self) -> Done {
        let backlog = self.program.settings.backlog;
        for listener in &self.listeners {
            if let Err(error) = listener.listen(backlog) {
                error!("cannot listen on {}: {error}", listener.address());
                self.listen_failed = true;
                return Done::Happened(self.ask(Command::Stop(StopMode::Quick)));
            }
        }
        let secure = self.program.settings.uvicorn.iter().any(|(name, _)| *name == "ssl_certfile");
        let shown = |listener: &Listener| match listener.address().strip_prefix("http://") {
            Some(rest) if secure => format!("https://{rest}"),
            _ => listener.address(),
        };
        let addresses: Vec<String> = self.listeners.iter().map(shown).collect();
        info!("Listening at: {} ({})", addresses.join(","), ferricorn_sys::pid());
        info!("Using worker: {}", self.program.settings.worker_class);
        Done::Nothing
    }

    /// A worker's exit has been dealt with.
    pub(crate) fn forget(&mut self, id: WorkerId) {
        self.crew.forget(id);
    }

    /// Why the loop ended.
    pub(crate) fn ended(&self, reason: ExitReason) -> Ended {
        if self.listen_failed { Ended::ListenFailed } else { Ended::Exited(reason) }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
