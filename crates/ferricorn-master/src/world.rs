//! The world as the loop sees it: it waits for what happens ([`facts`]), and does what the core orders.

mod ctl;
mod facts;
mod hire;
mod metrics;
mod reload;
mod sockets;
mod upgrade;

use std::{collections::VecDeque, time::Instant};

use ferricorn_core::{
    Action, Command, Event, ExitReason, Notice, Policy, StopMode, UpgradeWay, WorkerId, WorkerSignal,
};
use ferricorn_sys::{Listener, PidFile, Signal};
use ferricorn_wire::{
    DrainMode, ToWorker, milliseconds,
    upgrade::{FromSuccessor, ToSuccessor},
};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep_until};
use tracing::{error, info};

use crate::{
    Program,
    control::Control,
    crew::Crew,
    hooks::{About, MasterHooks},
    manager,
    observe::Observer,
    policy,
    reloading::Reloading,
    run::Ended,
    shortage::Shortage,
    sources::Signals,
    succession::Predecessor,
    successor::Successor,
    throttling::Throttling,
};

/// What came of an action.
pub(crate) enum Done {
    /// Nothing that the core needs to know.
    Nothing,
    /// Something that it does.
    Happened(Event),
    /// This program is to become another one, when nothing is left to be told to the core.
    ReplaceSelf,
    /// It was the last one.
    Exit(ExitReason),
}

/// Everything outside the core.
pub(crate) struct World {
    program: Program,
    crew: Crew,
    signals: Signals,
    listeners: Vec<Listener>,
    successor: Successor,
    /// An upgrade that waits for the hook `pre_exec`.
    awaited: Option<(UpgradeWay, Option<u16>)>,
    /// How many workers there are to be after the next reload, whatever the settings say: it is part of an upgrade.
    scaled_to: Option<u16>,
    predecessor: Predecessor,
    /// Removed on drop.
    pid_file: Option<PidFile>,
    control: Control,
    observer: Observer,
    reloading: Reloading,
    shortage: Shortage,
    throttling: Throttling,
    samples: Interval,
    ticks: u32,
    interrupts: u32,
    requests: u64,
    listen_failed: bool,
    /// The number of workers that was last told as a metric.
    told_workers: Option<usize>,
    hooks: MasterHooks,
    /// A SIGINT or SIGQUIT stops the service.
    interrupted: bool,
}

impl World {
    pub(crate) fn new(
        program: Program,
        crew: Crew,
        listeners: Vec<Listener>,
        signals: Signals,
        predecessor: Predecessor,
        pid_file: Option<PidFile>,
        hooks: MasterHooks,
    ) -> Self {
        let mut control = Control::default();
        // A successor's is opened when the service is its own.
        if predecessor.is_gone() {
            control.open();
        }
        let mut samples = interval(policy::SAMPLE_EVERY);
        samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            program,
            crew,
            signals,
            listeners,
            successor: Successor::default(),
            awaited: None,
            scaled_to: None,
            predecessor,
            pid_file,
            control,
            observer: Observer::default(),
            reloading: Reloading::default(),
            shortage: Shortage::default(),
            throttling: Throttling::default(),
            samples,
            ticks: 0,
            interrupts: 0,
            requests: 0,
            listen_failed: false,
            told_workers: None,
            hooks,
            interrupted: false,
        }
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
            // What workers say comes last: neither a stop nor the watch over the others waits behind a flood.
            biased;
            received = self.signals.next() => self.signalled(received, queue),
            message = self.successor.hear() => queue.extend(self.successor_said(&message)),
            event = self.predecessor.hear() => queue.push_back(event),
            () = self.hooks.attend() => queue.extend(self.go_on_with_upgrade()),
            ask = self.control.next() => self.asked(ask, queue),
            () = deadline => queue.push_back(Event::Woke),
            _ = self.samples.tick() => {
                self.ticks = self.ticks.wrapping_add(1);
                if self.ticks.is_multiple_of(policy::WEIGH_EVERY) {
                    self.shortage.look();
                    queue.extend(self.throttling.look().into_iter().map(Event::Throttled));
                    self.tell_backlog();
                    self.reloading.look();
                }
                let weigh = policy.max_memory.is_some() && self.ticks.is_multiple_of(policy::WEIGH_EVERY);
                queue.push_back(Event::Sampled(self.crew.vitals(weigh)));
            }
            (id, message) = self.crew.hear() => queue.extend(self.heard(id, message)),
        }
    }

    pub(crate) fn execute(&mut self, action: Action) -> Done {
        match action {
            Action::Spawn { id, slot, generation, urgent } => return self.hire(id, slot, generation, urgent),
            Action::GiveWay { id } => self.crew.give_way(id),
            Action::Hurry { id } => self.crew.hurry(id),
            Action::Listen => return self.listen(),
            Action::Serve { id } => self.let_serve(id),
            Action::AnnounceClose { id } => self.crew.tell(id, &ToWorker::AnnounceClose),
            Action::Drain { id, siblings, grace, quick } => {
                let siblings = siblings && !self.tls_changes();
                let mode = if siblings { DrainMode::Handoff } else { DrainMode::Close };
                self.crew.tell(
                    id,
                    &ToWorker::Drain {
                        mode,
                        grace_ms: milliseconds(grace),
                        quick,
                        interrupted: self.interrupted,
                    },
                );
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
            Action::CloseListeners => self.close_listeners(),
            Action::GiveUpListeners => self.give_up_listeners(),
            Action::StartSuccessor { way, scaled_to } => return self.begin_upgrade(way, scaled_to),
            Action::HandOver => self.successor.tell(&ToSuccessor::TakeOver),
            Action::PassOnReload => self.successor.signal(Signal::Hangup),
            Action::StopSuccessor { siblings, mode } => return self.stop_successor(siblings, mode),
            Action::KillSuccessor => self.successor.signal(Signal::Kill),
            Action::ReplaceSelf => return Done::ReplaceSelf,
            Action::AnnounceReady => self.predecessor.tell(&FromSuccessor::Ready),
            Action::TakeOver => self.take_over(),
            Action::Reply { to, reply } => self.reply(to, reply),
            Action::Notify(notice) => {
                self.follow(&notice);
                if let Notice::Scaled { from, to } = notice {
                    self.call_hook("nworkers_changed", About::scaling(to, Some(from)));
                }
                self.observer.tell(notice, &mut self.crew);
            }
            Action::Exit(reason) => return Done::Exit(reason),
        }
        Done::Nothing
    }

    /// Calls a hook of the master's, if there is such a one.
    fn call_hook(&mut self, hook: &'static str, about: About) {
        let crew = &self.crew;
        self.hooks.call(hook, about, || crew.roll());
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
        info!("Listening at: {} ({})", self.addresses(), ferricorn_sys::pid());
        if self.predecessor.is_gone() {
            manager::tell("READY=1");
        }
        info!("Using worker: {}", self.program.settings.worker_class);
        self.call_hook("when_ready", About::default());
        Done::Nothing
    }

    /// Where it listens, as the log shows it.
    fn addresses(&self) -> String {
        let secure = self.program.settings.speaks_tls();
        let shown = |listener: &Listener| match listener.address().strip_prefix("http://") {
            Some(rest) if secure => format!("https://{rest}"),
            _ => listener.address(),
        };
        self.listeners.iter().map(shown).collect::<Vec<_>>().join(",")
    }

    /// A worker's exit has been dealt with.
    pub(crate) fn forget(&mut self, id: WorkerId) {
        self.crew.forget(id);
    }

    /// Why the loop ended.
    pub(crate) fn ended(self, reason: ExitReason) -> (Ended, MasterHooks) {
        let ended = if self.listen_failed { Ended::ListenFailed } else { Ended::Exited(reason) };
        (ended, self.hooks)
    }
}
