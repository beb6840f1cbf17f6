//! The world as the loop sees it: it waits for events ([`facts`]), and executes the core's orders.

mod ctl;
mod facts;
mod hire;
mod level;
mod metrics;
pub(crate) mod policy;
mod queues;
mod reload;
mod report;
pub(crate) mod run;
mod sockets;
mod templates;
mod upgrade;

use std::{collections::VecDeque, os::fd::RawFd, time::Instant};

use ferricorn_core::{
    Action, Event, ExitReason, Notice, Policy, RequestId, StopMode, WorkerId, WorkerSignal,
};
use ferricorn_sys::{Listener, PidFile, Signal};
use ferricorn_wire::{
    DrainMode, Runs, ToWorker, milliseconds,
    upgrade::{FromSuccessor, ToSuccessor},
};
use tokio::time::{Interval, MissedTickBehavior, interval, sleep_until};
use tracing::info;

use crate::{
    Program,
    crew::Crew,
    endpoint::{Endpoint, Prepared},
    hooks::{About, MasterHooks},
    outside::{
        manager::{self, Barrier},
        shortage::Shortage,
        standing::Standing,
        throttling::Throttling,
    },
    reload::Reloading,
    reports::observe::Observer,
    sources::{Signals, control::Control},
    takeover::{succession::Predecessor, successor::Successor},
};
use ctl::Dump;
use queues::Queues;
use reload::develop::Bench;
use report::Look;
use run::End;
use templates::Templates;

/// What came of an action.
pub(crate) enum Done {
    /// Nothing that the core needs to know.
    Nothing,
    /// Something that it does.
    Happened(Event),
    /// This process becomes another program once the core has no more events to handle.
    ReplaceSelf,
    /// It was the last one.
    Exit(ExitReason),
}

/// Everything outside the core.
pub(crate) struct World {
    program: Program,
    crew: Crew,
    templates: Templates,
    signals: Signals,
    listeners: Vec<Listener>,
    successor: Successor,
    /// The master that the service belongs to now.
    moved_to: Option<u32>,
    /// An upgrade waits for the hook `pre_exec`.
    awaits_hook: bool,
    /// The service manager was sent the new main pid, and has not confirmed it.
    barrier: Option<Barrier>,
    /// How many workers there are to be after the next reload, whatever the settings say: it is part of an upgrade.
    scaled_to: Option<u16>,
    predecessor: Predecessor,
    /// Removed on drop.
    pid_file: Option<PidFile>,
    control: Control,
    endpoint: Endpoint,
    /// What runs in the workers, as the latest one that became ready has said.
    runs: Option<Runs>,
    /// The endpoint of a successor, until the service is its own.
    prepared: Option<Prepared>,
    /// Clients that wait for the state of the service.
    looks: Vec<(RequestId, Look)>,
    /// Who waits for the stacks of a worker.
    dumps: Vec<Dump>,
    queues: Queues,
    /// What the service manager was last sent.
    standing: Standing,
    /// When its last line was made, and how many requests there were.
    line_before: Option<(f64, u64)>,
    /// When this master began.
    began: Instant,
    /// When the workers were last looked at.
    sampled_at: Instant,
    observer: Observer,
    reloading: Reloading,
    shortage: Shortage,
    throttling: Throttling,
    samples: Interval,
    ticks: u32,
    requests: u64,
    /// The number of workers that was last sent as a metric.
    told_workers: Option<usize>,
    hooks: MasterHooks,
    /// The code is being worked on.
    bench: Option<Bench>,
}

impl World {
    /// `socket`: that of `ferricorn ctl`, if this process has it already.
    pub(crate) fn new(
        program: Program,
        crew: Crew,
        listeners: Vec<Listener>,
        signals: Signals,
        predecessor: Predecessor,
        socket: Option<RawFd>,
        hooks: MasterHooks,
    ) -> Self {
        let standing = Standing::new(!predecessor.is_gone());
        let mut control = Control::closed();
        // A successor's is opened when the service is its own.
        match (socket, predecessor.is_gone()) {
            (Some(socket), _) => control.inherit(socket),
            (None, true) => control.open(),
            (None, false) => {}
        }
        let bench = Bench::new(&program.settings);
        let mut samples = interval(policy::SAMPLE_EVERY);
        samples.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            program,
            crew,
            templates: Templates::default(),
            signals,
            listeners,
            successor: Successor::default(),
            moved_to: None,
            awaits_hook: false,
            barrier: None,
            scaled_to: None,
            predecessor,
            pid_file: None,
            control,
            endpoint: Endpoint::default(),
            runs: None,
            prepared: None,
            looks: Vec::new(),
            dumps: Vec::new(),
            queues: Queues::default(),
            standing,
            line_before: None,
            began: Instant::now(),
            sampled_at: Instant::now(),
            observer: Observer::default(),
            reloading: Reloading::default(),
            shortage: Shortage::default(),
            throttling: Throttling::default(),
            samples,
            ticks: 0,
            requests: 0,
            told_workers: None,
            hooks,
            bench,
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
            () = manager::passed(&mut self.barrier) => queue.push_back(Event::SuccessorServes),
            () = self.hooks.attend() => queue.extend(self.hook_returned()),
            ask = self.control.next() => self.asked(ask, queue),
            change = Bench::next(&mut self.bench) => self.changed(change, queue),
            request = self.endpoint.next() => self.watched(request, queue),
            () = deadline => queue.push_back(Event::Woke),
            _ = self.samples.tick() => {
                self.ticks = self.ticks.wrapping_add(1);
                self.sampled_at = Instant::now();
                self.queues.look(&self.listeners);
                self.answer_dumps();
                if self.ticks.is_multiple_of(policy::WEIGH_EVERY) {
                    self.shortage.look();
                    queue.extend(self.throttling.look().into_iter().map(Event::Throttled));
                    self.tell_backlog();
                }
                let weigh = policy.max_memory.is_some() && self.ticks.is_multiple_of(policy::WEIGH_EVERY);
                let vitals = self.crew.vitals(weigh);
                self.tell_manager(&vitals, queue);
                queue.push_back(Event::Sampled(vitals));
            }
            (generation, message) = self.templates.hear() => self.template_said(generation, message, queue),
            (id, message) = self.crew.hear() => queue.extend(self.heard(id, message)),
        }
    }

    /// Serves metrics there, as soon as the service is this master's.
    pub(crate) fn serve_metrics(&mut self, prepared: Option<Prepared>) {
        if self.predecessor.is_gone() {
            self.endpoint.open(prepared);
        } else {
            self.prepared = prepared;
        }
    }

    pub(crate) fn execute(&mut self, action: Action) -> Done {
        match action {
            Action::Spawn { id, slot, generation, urgent, from, page } => {
                return self.hire(id, slot, generation, urgent, from, page);
            }
            Action::Proceed { id } => self.crew.tell(id, &ToWorker::Proceed),
            Action::MakeTemplate { generation, urgent } => return self.make_template(generation, urgent),
            Action::DropTemplate { generation } => self.drop_template(generation),
            Action::SignalTemplate { generation, signal } => self.signal_template(generation, signal),
            Action::GiveWay { id } => self.crew.give_way(id),
            Action::Hurry { id } => self.crew.hurry(id),
            Action::Listen => return self.listen(),
            Action::Serve { id } => return self.let_serve(id),
            Action::AnnounceClose { id } => self.crew.tell(id, &ToWorker::AnnounceClose),
            Action::Drain { id, siblings, grace, quick, outdated, interrupted, stop } => {
                let mode = match (siblings, outdated) {
                    (true, true) => DrainMode::Replace,
                    (true, false) => DrainMode::Handoff,
                    (false, _) => DrainMode::Close,
                };
                self.crew.tell(
                    id,
                    &ToWorker::Drain { mode, grace_ms: milliseconds(grace), quick, interrupted, stop },
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
            Action::ReadSettings => return self.read_settings(),
            Action::StopReading => self.reloading.stop_reading(),
            Action::PrepareUpgrade => return self.prepare_upgrade(),
            Action::StartSuccessor { way, scaled_to } => return self.start_successor(way, scaled_to),
            Action::HandOver => self.successor.tell(&ToSuccessor::TakeOver),
            Action::PassOnReload => self.successor.signal(Signal::Hangup),
            Action::StopSuccessor { siblings, mode } => self.stop_successor(siblings, mode),
            Action::KillSuccessor => self.successor.signal(Signal::Kill),
            Action::ReplaceSelf => return Done::ReplaceSelf,
            Action::AnnounceReady => self.predecessor.tell(&FromSuccessor::Ready),
            Action::TakeOver => self.take_over(),
            Action::Reply { to, reply } => self.reply(to, reply),
            Action::Notify(notice) => {
                self.count(&notice);
                self.standing.change();
                self.follow(&notice);
                self.tell_of_template(&notice);
                match notice {
                    Notice::Opened => self.tell_of_opening(),
                    Notice::Stopping { mode, interrupted } => self.tell_of_stop(mode, interrupted),
                    _ => {}
                }
                if let Notice::Scaled { from, to } = notice {
                    self.call_hook("nworkers_changed", About::scaling(to, Some(from)));
                }
                self.observer.tell(notice, &mut self.crew);
            }
            Action::Exit(reason) => return Done::Exit(reason),
        }
        Done::Nothing
    }

    /// Calls a hook of the master's, if the file defines it.
    fn call_hook(&mut self, hook: &'static str, about: About) {
        let crew = &self.crew;
        self.hooks.call(hook, about, || crew.roll());
    }

    /// What a stop waits for. A start that fails logs its reason instead.
    fn tell_of_stop(&self, mode: StopMode, interrupted: bool) {
        let (workers, in_flight) = self.crew.burden();
        if workers == 0 || (mode != StopMode::Graceful && !interrupted) {
            return;
        }
        let plural =
            |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let workers = plural(workers, "worker");
        if in_flight == 0 {
            return info!("Stopping {workers}");
        }
        let requests = plural(in_flight, "request");
        let grace = self.program.settings.graceful_timeout.as_secs_f64();
        let again = if interrupted { "; press CTRL+C again to cut what is in flight" } else { "" };
        match mode {
            StopMode::Now => {}
            StopMode::Quick => info!("Stopping {workers}, {requests} in flight will be cut"),
            StopMode::Graceful => info!("Stopping {workers}, {requests} in flight may take {grace} s{again}"),
        }
    }

    /// A worker's exit has been dealt with.
    pub(crate) fn forget(&mut self, id: WorkerId) {
        self.crew.forget(id);
    }

    /// Why the loop ended, and what is left. The pid file goes before the socket that answers for it.
    pub(crate) fn ended(mut self, reason: ExitReason) -> End {
        self.templates.end();
        self.pid_file = None;
        End { reason, control: self.control, hooks: self.hooks, last_word: self.observer.last_word() }
    }
}
