//! A core, fake workers with scripted manners, and a clock that jumps to whatever comes next. No process, no waiting.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "shared by several test programs, none of which uses all of it"
)]

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use ferricorn_core::{
    Action, BootFailure, Command, Event, Exit, ExitReason, Generation, Manner, Notice, Origin, Policy, Reply,
    RequestId, Slot, StopMode, Supervisor, TemplateSignal, UpgradeWay, Vitals, WorkerId, WorkerSignal,
};

pub fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A policy like the program's defaults, with two workers.
pub fn policy() -> Policy {
    Policy {
        workers: 2,
        surge: 1,
        timeout: Some(secs(30)),
        slow_loop: None,
        boot_timeout: None,
        graceful_timeout: secs(30),
        probation: secs(5),
        max_requests: None,
        max_requests_jitter: 0,
        max_lifetime: None,
        max_lifetime_jitter: Duration::ZERO,
        max_memory: None,
        drain_delay: Duration::ZERO,
        upgrade_way: UpgradeWay::Beside,
        upgrade_timeout: secs(60),
        listen_early: false,
        speaks_tls: false,
        preload: false,
        manner: Manner::Service,
        sample_every: millis(250),
    }
}

/// How a fake worker behaves.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub struct Manners {
    pub boot: Duration,
    /// Its event loop runs from so long after its birth on: the application's startup is under way.
    pub startup: Option<Duration>,
    /// While it boots no order reaches it, and no signal but SIGKILL: it is in a call in C.
    pub stuck: bool,
    pub boot_failure: Option<BootFailure>,
    /// Dies without a word at the end of its boot.
    pub dies_in_boot: bool,
    pub dies_after: Option<Duration>,
    /// How long it takes to drain; none: it is deaf.
    pub drain: Option<Duration>,
    /// How long its process goes on after its event loop.
    pub end: Duration,
    /// Its event loop ends by itself so long after ready.
    pub quits_after: Option<Duration>,
    /// Its event loop stands still from so long after ready on.
    pub silent_after: Option<Duration>,
    /// Its silence is the machine's fault.
    pub starved: bool,
    /// It is silent since a device does not answer.
    pub held_up: bool,
    /// SIGKILL has no effect on it.
    pub unkillable: bool,
    pub requests_per_second: u64,
    /// Resident memory in bytes, and how much it grows each second.
    pub memory: u64,
    pub leak_per_second: u64,
}

impl Default for Manners {
    fn default() -> Self {
        Self {
            boot: millis(500),
            startup: None,
            stuck: false,
            boot_failure: None,
            dies_in_boot: false,
            dies_after: None,
            drain: Some(millis(100)),
            end: Duration::ZERO,
            quits_after: None,
            silent_after: None,
            starved: false,
            held_up: false,
            unkillable: false,
            requests_per_second: 0,
            memory: 50,
            leak_per_second: 0,
        }
    }
}

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact that a test asks for")]
pub struct Fake {
    pub slot: Slot,
    pub generation: Generation,
    /// Somebody waits for what it does.
    pub urgent: bool,
    /// Since when it gives way.
    pub polite_since: Option<Instant>,
    /// Its event loop has drained, or has ended.
    pub over_since: Option<Instant>,
    pub born: Instant,
    pub ready_at: Option<Instant>,
    /// It shows why the boot before it has failed.
    pub page: bool,
    /// It may begin the application's startup.
    pub proceeds: bool,
    /// It would be ready if it might.
    pub waits: bool,
    /// Nobody was answered by it who has asked since.
    pub outdated: bool,
    pub serving: bool,
    pub leaving: bool,
    pub gone: bool,
    pub manners: Manners,
    pub signals: Vec<WorkerSignal>,
    pub drains: u32,
    /// Its last order to drain lets siblings take its connections over.
    pub hands_over: bool,
    /// It says `Connection: close` on every response.
    pub announced: bool,
}

impl Fake {
    fn born(slot: Slot, generation: Generation, urgent: bool, manners: Manners, now: Instant) -> Self {
        Self {
            slot,
            generation,
            urgent,
            polite_since: (!urgent).then_some(now),
            over_since: None,
            born: now,
            ready_at: None,
            page: false,
            proceeds: true,
            waits: false,
            outdated: false,
            serving: false,
            leaving: false,
            gone: false,
            manners,
            signals: Vec::new(),
            drains: 0,
            hands_over: false,
            announced: false,
        }
    }

    /// Whether SIGTERM does not end it: it is stuck, or its event loop runs and goes on to the end of the startup.
    fn is_deaf(&self, now: Instant) -> bool {
        let in_startup = self.manners.startup.is_some_and(|after| now >= self.born + after);
        self.ready_at.is_none() && (self.manners.stuck || in_startup)
    }
}

/// How a fake template behaves.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub struct TemplateManners {
    pub boot: Duration,
    pub failure: Option<BootFailure>,
    pub dies_in_boot: bool,
    pub unfit: bool,
    /// It does not answer to the order to fork.
    pub mute: bool,
    /// It cannot fork.
    pub full: bool,
}

impl Default for TemplateManners {
    fn default() -> Self {
        Self { boot: millis(400), failure: None, dies_in_boot: false, unfit: false, mute: false, full: false }
    }
}

/// A template's process.
#[derive(Clone, Copy, Debug)]
pub struct FakeTemplate {
    pub born: Instant,
    pub manners: TemplateManners,
    pub ready: bool,
}

/// A worker that a template is to fork.
#[derive(Clone, Copy, Debug)]
struct Asked {
    slot: Slot,
    generation: Generation,
    urgent: bool,
    page: bool,
    /// The generation of the template.
    of: Generation,
}

/// How the next program behaves that is started to succeed this one.
#[derive(Clone, Copy, Debug)]
pub struct Successor {
    /// When it says that it is ready; none: never.
    pub ready: Option<Duration>,
    /// When it exits by itself.
    pub exits: Option<Duration>,
    /// It never confirms that it has taken over.
    pub mute: bool,
    /// It does not go when it is told to.
    pub deaf: bool,
    /// How long what the user wants done before takes; none: there is nothing of the kind.
    pub preparation: Option<Duration>,
}

impl Default for Successor {
    fn default() -> Self {
        Self { ready: Some(secs(2)), exits: None, mute: false, deaf: false, preparation: None }
    }
}

/// How reading the settings behaves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading {
    pub takes: Duration,
    pub fails: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "each is one fact that a test asks for")]
pub struct Sim {
    pub reading: Reading,
    /// What is read next; `None`: the policy in force.
    pub settings: Option<Policy>,
    is_reading: bool,
    /// The sockets that a reload opens cannot listen.
    pub new_sockets_fail: bool,
    pub readings: usize,
    pub readings_stopped: usize,
    pub successor: Successor,
    /// It was started and has not exited.
    pub successor_alive: bool,
    pub successor_serves: bool,
    /// The number of workers that it was told.
    pub successor_scaled_to: Option<u16>,
    /// What it was told: `siblings` of each order to go.
    pub successor_stops: Vec<bool>,
    pub successor_killed: bool,
    /// As a successor: what was said to the other master.
    pub announced_ready: bool,
    pub took_over: bool,
    pub gave_up_listeners: bool,
    pub replaced: bool,
    pub reloads_passed_on: usize,
    successor_number: u64,
    pub core: Supervisor,
    pub now: Instant,
    pub workers: BTreeMap<WorkerId, Fake>,
    pub notices: Vec<Notice>,
    pub replies: BTreeMap<RequestId, Vec<Reply>>,
    pub exit: Option<ExitReason>,
    pub listening: bool,
    pub listeners_closed: bool,
    pub most_alive: usize,
    /// The fewest ready workers since `watch_capacity`.
    pub fewest_ready: usize,
    pub spawns: usize,
    pub templates: BTreeMap<Generation, FakeTemplate>,
    pub templates_made: usize,
    /// Workers that were asked of a template, and are not there yet.
    asked: BTreeMap<WorkerId, Asked>,
    pub forks: usize,
    pub template_manners: TemplateManners,
    pub template_signals: Vec<TemplateSignal>,
    manners: Box<dyn Fn(Generation, WorkerId) -> Manners>,
    timeline: BTreeMap<(Instant, u64), Event>,
    next_sample: Instant,
    sequence: u64,
    requests: u64,
}

impl Sim {
    pub fn new(policy: Policy, manners: impl Fn(Generation, WorkerId) -> Manners + 'static) -> Self {
        Self::with(Supervisor::new(policy, 7), manners)
    }

    pub fn with(core: Supervisor, manners: impl Fn(Generation, WorkerId) -> Manners + 'static) -> Self {
        let mut sim = Self::not_begun(core, manners);
        sim.begin();
        sim
    }

    /// One to which nothing has happened yet.
    pub fn waiting(policy: Policy, manners: impl Fn(Generation, WorkerId) -> Manners + 'static) -> Self {
        Self::not_begun(Supervisor::new(policy, 7), manners)
    }

    pub fn begin(&mut self) {
        self.happen(Event::Started);
    }

    fn not_begun(core: Supervisor, manners: impl Fn(Generation, WorkerId) -> Manners + 'static) -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "an instant cannot be made from a number; only its differences count"
        )]
        let now = Instant::now();
        Self {
            reading: Reading::default(),
            settings: None,
            is_reading: false,
            new_sockets_fail: false,
            readings: 0,
            readings_stopped: 0,
            successor: Successor::default(),
            successor_alive: false,
            successor_serves: false,
            successor_scaled_to: None,
            successor_stops: Vec::new(),
            successor_killed: false,
            announced_ready: false,
            took_over: false,
            gave_up_listeners: false,
            replaced: false,
            reloads_passed_on: 0,
            successor_number: 0,
            core,
            now,
            workers: BTreeMap::new(),
            notices: Vec::new(),
            replies: BTreeMap::new(),
            exit: None,
            listening: false,
            listeners_closed: false,
            most_alive: 0,
            fewest_ready: 0,
            spawns: 0,
            templates: BTreeMap::new(),
            templates_made: 0,
            asked: BTreeMap::new(),
            forks: 0,
            template_manners: TemplateManners::default(),
            template_signals: Vec::new(),
            manners: Box::new(manners),
            timeline: BTreeMap::new(),
            next_sample: now + millis(250),
            sequence: 0,
            requests: 0,
        }
    }

    /// Everybody is well-mannered, and ready.
    pub fn booted(policy: Policy) -> Self {
        let mut sim = Self::new(policy, |_, _| Manners::default());
        sim.advance(secs(1));
        sim.watch();
        sim
    }

    /// From here on capacity counts.
    pub fn watch(&mut self) {
        self.fewest_ready = self.ready();
        self.most_alive = self.alive();
    }

    pub fn set_manners(&mut self, manners: impl Fn(Generation, WorkerId) -> Manners + 'static) {
        self.manners = Box::new(manners);
    }

    pub fn ready(&self) -> usize {
        self.workers.values().filter(|it| it.serving && !it.leaving && !it.gone).count()
    }

    pub fn alive(&self) -> usize {
        self.workers.values().filter(|it| !it.gone).count()
    }

    /// Workers that are not ready, and were not told to go.
    pub fn booting(&self) -> impl Iterator<Item = &Fake> {
        self.workers.values().filter(|it| it.ready_at.is_none() && !it.gone && !it.leaving)
    }

    pub fn serving_ids(&self) -> Vec<WorkerId> {
        let serving = self.workers.iter().filter(|(_, it)| it.serving && !it.leaving && !it.gone);
        serving.map(|(id, _)| *id).collect()
    }

    pub fn generations(&self) -> Vec<u32> {
        self.serving_ids().iter().map(|id| self.workers[id].generation.0).collect()
    }

    pub fn ask(&mut self, command: Command) -> RequestId {
        self.requests += 1;
        let by = RequestId(self.requests);
        self.replies.insert(by, Vec::new());
        self.happen(Event::Asked { by, command });
        by
    }

    pub fn reload(&mut self) -> RequestId {
        self.ask(Command::Reload { wait: true })
    }

    /// A reload to other settings.
    pub fn reload_to(&mut self, policy: Policy) -> RequestId {
        self.settings = Some(policy);
        self.reload()
    }

    pub fn stop(&mut self, mode: StopMode) -> RequestId {
        self.ask(Command::Stop(mode))
    }

    /// The templates that there are change their manners.
    pub fn jam(&mut self, change: impl Fn(&mut TemplateManners)) {
        self.templates.values_mut().for_each(|template| change(&mut template.manners));
    }

    /// The template of a generation dies of something that is not our doing.
    pub fn kill_template(&mut self, generation: Generation) {
        if self.templates.remove(&generation).is_some() {
            self.asked.retain(|_, asked| asked.of != generation);
            self.happen(Event::TemplateExited { generation });
        }
    }

    /// A worker dies of something that is not our doing.
    pub fn kill_from_outside(&mut self, id: WorkerId) {
        self.end(id, Exit::Signal(9));
    }

    /// Whether a template is to fork it, and has not yet.
    pub fn is_asked_for(&self, id: WorkerId) -> bool {
        self.asked.contains_key(&id)
    }

    fn end(&mut self, id: WorkerId, exit: Exit) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        if !worker.gone {
            worker.gone = true;
            self.happen(Event::Exited { id, exit });
        }
    }

    fn later(&mut self, after: Duration, event: Event) {
        self.sequence += 1;
        self.timeline.insert((self.now + after, self.sequence), event);
    }

    /// Lets time pass, jumping from one thing that happens to the next.
    pub fn advance(&mut self, duration: Duration) {
        let end = self.now + duration;
        for _ in 0..1_000_000 {
            if self.exit.is_some() {
                self.now = end;
                return;
            }
            let scripted = self.timeline.keys().next().copied();
            let deadline = self.core.next_deadline();
            let next = [scripted.map(|(at, _)| at), deadline, Some(self.next_sample)];
            let next = next.into_iter().flatten().min().expect("a sample is always next");
            if next > end {
                self.now = end;
                return;
            }
            // What was due during a leap comes right after it: time never goes back.
            self.now = next.max(self.now);
            if let Some(key) = scripted.filter(|(at, _)| *at == next) {
                let event = self.timeline.remove(&key).expect("it was just seen");
                self.scripted(event);
            } else if deadline == Some(next) {
                self.happen(Event::Woke);
                let later = self.core.next_deadline().is_none_or(|deadline| deadline > self.now);
                assert!(later, "the core asks to be woken when it has just been: it would spin");
            } else {
                self.next_sample = self.now + millis(250);
                let samples = self.samples();
                self.happen(Event::Sampled(samples));
            }
        }
        panic!("time does not pass");
    }

    /// Time passes without a look at anything, since the master does not run; then it looks at the scoreboard.
    pub fn stand_still(&mut self, duration: Duration) {
        self.now += duration;
        self.next_sample = self.now + millis(250);
        let samples = self.samples();
        self.happen(Event::Sampled(samples));
    }

    /// Time passes and nobody runs: a suspend.
    pub fn leap(&mut self, duration: Duration) {
        self.now += duration;
        self.next_sample = self.now;
        // The workers were suspended as well: on waking, their last sign of life looks old.
        let samples: Vec<_> = self
            .samples()
            .into_iter()
            .map(|(id, vitals)| (id, Vitals { silent_for: vitals.silent_for.map(|_| duration), ..vitals }))
            .collect();
        self.happen(Event::Sampled(samples));
    }

    fn samples(&self) -> Vec<(WorkerId, Vitals)> {
        let vitals = |fake: &Fake| {
            let ready_for = fake.ready_at.map(|at| self.now.saturating_duration_since(at));
            let looped_for =
                fake.manners.startup.and_then(|after| self.now.checked_duration_since(fake.born + after));
            let booting = looped_for.filter(|_| ready_for.is_none()).map(|_| Duration::ZERO);
            let silent_for = ready_for.map(|ready_for| match fake.manners.silent_after {
                // Nothing beats any more.
                _ if fake.over_since.is_some() => {
                    fake.over_since.map(|at| self.now.saturating_duration_since(at)).unwrap_or_default()
                }
                Some(after) => ready_for.saturating_sub(after),
                None => Duration::ZERO,
            });
            let silent_for = silent_for.or(booting);
            let whole_seconds = ready_for.unwrap_or_default().as_secs();
            Vitals {
                silent_for,
                starved: fake.manners.starved,
                held_up: fake.manners.held_up,
                requests: whole_seconds * fake.manners.requests_per_second,
                memory: Some(fake.manners.memory + whole_seconds * fake.manners.leak_per_second),
            }
        };
        self.workers.iter().filter(|(_, it)| !it.gone).map(|(id, it)| (*id, vitals(it))).collect()
    }

    fn scripted(&mut self, event: Event) {
        match event {
            Event::Exited { id, exit } => self.end(id, exit),
            Event::Drained { id } | Event::Exiting { id } => {
                let now = self.now;
                let worker = self.workers.get_mut(&id).expect("it was spawned");
                if !worker.gone {
                    worker.over_since.get_or_insert(now);
                    worker.leaving = true;
                    self.happen(event);
                }
            }
            Event::SuccessorGone { reason } => {
                if self.successor_alive && reason.starts_with(&format!("{}: ", self.successor_number)) {
                    self.successor_alive = false;
                    self.happen(Event::SuccessorGone { reason });
                }
            }
            Event::SuccessorReady | Event::SuccessorServes if !self.successor_alive => {}
            Event::SuccessorServes => {
                self.successor_serves = true;
                self.happen(Event::SuccessorServes);
            }
            Event::Ready { id } => {
                let now = self.now;
                let worker = self.workers.get_mut(&id).expect("it was spawned");
                let drain = worker.manners.drain;
                worker.waits = !worker.proceeds;
                if worker.waits {
                    return;
                }
                if !worker.gone && worker.leaving && worker.manners.startup.is_some() {
                    // It has read the order meanwhile.
                    if let Some(drain) = drain {
                        self.later(drain / 2, Event::Drained { id });
                        self.later(drain, Event::Exited { id, exit: Exit::Code(0) });
                    }
                } else if !worker.gone {
                    worker.ready_at = Some(now);
                    let Manners { dies_after, quits_after, end, .. } = worker.manners;
                    if let Some(after) = dies_after {
                        self.later(after, Event::Exited { id, exit: Exit::Code(1) });
                    }
                    if let Some(after) = quits_after {
                        self.later(after, Event::Exiting { id });
                        self.later(after + end, Event::Exited { id, exit: Exit::Code(1) });
                    }
                    self.happen(Event::Ready { id });
                }
            }
            Event::SettingsRead(_) | Event::SettingsFailed { .. } => {
                self.is_reading = false;
                self.happen(event);
            }
            Event::TemplateReady { generation }
            | Event::TemplateUnfit { generation }
            | Event::TemplateFailed { generation, .. }
            | Event::TemplateExited { generation } => self.scripted_template(generation, event),
            Event::Spawned { id } => self.forked(id),
            Event::BootFailed { id, failure } => {
                if !self.workers[&id].gone {
                    self.happen(Event::BootFailed { id, failure });
                    self.end(id, Exit::Code(3));
                }
            }
            event => self.happen(event),
        }
    }

    /// Tells the core, and does what it says.
    pub fn happen(&mut self, event: Event) {
        let mut queue = VecDeque::from([event]);
        while let Some(event) = queue.pop_front() {
            for action in self.core.step(event, self.now) {
                queue.extend(self.execute(action));
            }
        }
        self.fewest_ready = self.fewest_ready.min(self.ready());
        self.most_alive = self.most_alive.max(self.alive());
    }

    fn living(&mut self, id: WorkerId) -> &mut Fake {
        let worker = self.workers.get_mut(&id).expect("an action names a worker that was spawned");
        assert!(!worker.gone, "an action names worker {id}, which has exited");
        worker
    }

    #[expect(clippy::too_many_lines, reason = "a few lines for each action")]
    fn execute(&mut self, action: Action) -> Option<Event> {
        assert!(self.exit.is_none(), "nothing comes after the exit: {action:?}");
        match action {
            Action::Spawn { from: Origin::Template(_), .. }
            | Action::MakeTemplate { .. }
            | Action::DropTemplate { .. }
            | Action::SignalTemplate { .. } => return self.execute_of_template(action),
            Action::Spawn { id, slot, generation, urgent, from: Origin::Plain, page } => {
                return Some(self.spawn(id, slot, generation, urgent, page));
            }
            Action::Proceed { id } => {
                let generation = self.living(id).generation;
                let runs = |it: &Fake| it.ready_at.is_some() && !it.gone && it.over_since.is_none();
                let both = self.workers.values().any(|it| it.generation < generation && runs(it));
                assert!(!both, "two generations of the application run at once");
                let worker = self.living(id);
                assert!(!worker.proceeds, "worker {id} may proceed already");
                worker.proceeds = true;
                if std::mem::take(&mut worker.waits) {
                    self.later(Duration::ZERO, Event::Ready { id });
                }
            }
            Action::Hurry { id } => {
                let worker = self.living(id);
                assert!(!worker.urgent, "worker {id} is in a hurry already");
                worker.urgent = true;
                worker.polite_since = None;
            }
            Action::GiveWay { id } => {
                let (now, worker) = (self.now, self.living(id));
                assert!(worker.urgent && worker.leaving, "worker {id} has something to do for somebody");
                worker.urgent = false;
                worker.polite_since = Some(now);
            }
            Action::Listen => self.listening = true,
            Action::Serve { id } => {
                assert!(self.listening, "a worker serves only when the sockets listen");
                let refuses = self.new_sockets_fail && self.core.snapshot().reloading;
                let worker = self.living(id);
                let generation = worker.generation;
                if refuses {
                    return Some(Event::SocketsFailed { generation });
                }
                worker.serving = true;
                return Some(Event::SocketsListen { generation });
            }
            Action::AnnounceClose { id } => self.living(id).announced = true,
            Action::Drain { id, outdated, siblings, .. } => {
                let worker = self.living(id);
                worker.hands_over = siblings;
                worker.leaving = true;
                worker.outdated |= outdated;
                worker.drains += 1;
                let end = worker.manners.end;
                if let (Some(drain), Some(_)) = (worker.manners.drain, worker.ready_at) {
                    self.later(drain / 2, Event::Drained { id });
                    self.later(drain, Event::Exiting { id });
                    self.later(drain + end, Event::Exited { id, exit: Exit::Code(0) });
                }
            }
            Action::Signal { id, signal } => {
                let now = self.now;
                let worker = self.living(id);
                let is_over = worker.over_since.is_some() && signal != WorkerSignal::Kill;
                assert!(!is_over, "worker {id} is sent {signal:?}, and its event loop is over");
                worker.signals.push(signal);
                worker.leaving |= signal != WorkerSignal::Dump;
                match signal {
                    WorkerSignal::Terminate if worker.is_deaf(now) => {}
                    WorkerSignal::Terminate => {
                        self.later(millis(2), Event::Exited { id, exit: Exit::Signal(15) });
                    }
                    WorkerSignal::Kill if worker.manners.unkillable => {}
                    WorkerSignal::Kill => self.later(millis(2), Event::Exited { id, exit: Exit::Signal(9) }),
                    WorkerSignal::Dump | WorkerSignal::Abort => {}
                }
            }
            Action::CloseListeners => self.listeners_closed = true,
            Action::GiveUpListeners => {
                self.listeners_closed = true;
                self.gave_up_listeners = true;
            }
            Action::ReadSettings => return self.read_settings(),
            Action::StopReading => {
                assert!(self.is_reading, "what is stopped is under way");
                self.is_reading = false;
                self.readings_stopped += 1;
                self.timeline
                    .retain(|_, it| !matches!(it, Event::SettingsRead(_) | Event::SettingsFailed { .. }));
            }
            Action::PrepareUpgrade => match self.successor.preparation {
                Some(takes) => self.later(takes, Event::UpgradePrepared),
                None => return Some(Event::UpgradePrepared),
            },
            Action::StartSuccessor { scaled_to, .. } => {
                self.successor_scaled_to = scaled_to;
                self.start_successor();
            }
            Action::HandOver => {
                if !self.successor.mute {
                    self.later(millis(1), Event::SuccessorServes);
                }
            }
            Action::PassOnReload => self.reloads_passed_on += 1,
            Action::StopSuccessor { siblings, .. } => {
                assert!(self.successor_alive, "an action names a successor that has exited");
                self.successor_stops.push(siblings);
                if !self.successor.deaf {
                    self.successor_exits(millis(50), "it was told to");
                }
            }
            Action::KillSuccessor => {
                assert!(self.successor_alive, "an action names a successor that has exited");
                self.successor_killed = true;
                self.successor_exits(millis(2), "it was killed");
            }
            Action::ReplaceSelf => {
                assert!(self.core.may_be_replaced());
                self.replaced = true;
            }
            Action::AnnounceReady => self.announced_ready = true,
            Action::TakeOver => self.took_over = true,
            Action::Reply { to, reply } => self.replies.entry(to).or_default().push(reply),
            Action::Notify(notice) => self.notices.push(notice),
            Action::Exit(reason) => {
                let left = self.workers.values().filter(|it| !it.gone && !it.manners.unkillable).count();
                assert_eq!(left, 0, "the master leaves last");
                assert!(!self.successor_alive || self.successor_serves, "nothing is left behind");
                self.exit = Some(reason);
            }
        }
        None
    }

    fn spawn(&mut self, id: WorkerId, slot: Slot, generation: Generation, urgent: bool, page: bool) -> Event {
        assert!(!self.listeners_closed, "nothing is spawned after the stop");
        self.asked.remove(&id);
        self.spawns += 1;
        // A page has nothing that could fail.
        let manners = if page { Manners::default() } else { (self.manners)(generation, id) };
        self.script_boot(id, &manners);
        let proceeds = self.core.policy().manner == Manner::Service;
        let fake = Fake::born(slot, generation, urgent, manners, self.now);
        self.workers.insert(id, Fake { page, proceeds, ..fake });
        Event::Spawned { id }
    }

    fn execute_of_template(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Spawn { id, slot, generation, urgent, from: Origin::Template(of), page } => {
                assert!(!self.listeners_closed, "nothing is forked after the stop");
                let template = self.templates.get(&of).copied();
                let template =
                    template.filter(|it| it.ready).expect("a worker is asked of a template that is ready");
                if template.manners.full {
                    return Some(Event::ForkFailed { id });
                }
                let asked = Asked { slot, generation, urgent, page, of };
                assert!(self.asked.insert(id, asked).is_none(), "{id} is asked for once");
                if !template.manners.mute {
                    self.later(millis(20), Event::Spawned { id });
                }
            }
            Action::MakeTemplate { generation, .. } => {
                assert!(
                    self.core.policy().preload
                        || self.core.policy().manner == Manner::Development
                        || generation != Generation(1),
                    "nobody has asked for one"
                );
                assert!(!self.listeners_closed, "no template is made after the stop");
                self.make_template(generation);
            }
            Action::DropTemplate { generation } => {
                self.templates.remove(&generation).expect("a template that goes was there");
                self.asked.retain(|_, asked| asked.of != generation);
            }
            Action::SignalTemplate { generation, signal } => {
                assert!(self.templates.contains_key(&generation), "a signal names a template that was there");
                self.template_signals.push(signal);
                if signal == TemplateSignal::Kill {
                    self.templates.remove(&generation);
                    self.asked.retain(|_, asked| asked.of != generation);
                }
            }
            other => panic!("{other:?} is not about a template"),
        }
        None
    }

    fn make_template(&mut self, generation: Generation) {
        self.templates_made += 1;
        let (born, manners) = (self.now, self.template_manners);
        let before = self.templates.insert(generation, FakeTemplate { born, manners, ready: false });
        assert!(before.is_none(), "a generation has one template");
        assert!(self.templates.len() <= 2, "there are two templates at most");
        let event = if manners.dies_in_boot {
            Event::TemplateExited { generation }
        } else if let Some(failure) = manners.failure {
            Event::TemplateFailed { generation, failure }
        } else if manners.unfit {
            Event::TemplateUnfit { generation }
        } else {
            Event::TemplateReady { generation }
        };
        self.later(manners.boot, event);
    }

    /// What a template does at the end of its boot, unless it is gone, or another one has its place.
    fn scripted_template(&mut self, generation: Generation, event: Event) {
        let now = self.now;
        let Some(template) = self.templates.get_mut(&generation) else { return };
        if template.ready || now < template.born + template.manners.boot {
            return;
        }
        match event {
            Event::TemplateReady { .. } => template.ready = true,
            Event::TemplateUnfit { .. } => {}
            _ => drop(self.templates.remove(&generation)),
        }
        self.happen(event);
    }

    /// A template has forked a worker, if it still is to.
    fn forked(&mut self, id: WorkerId) {
        let Some(Asked { slot, generation, urgent, page, .. }) = self.asked.remove(&id) else { return };
        self.forks += 1;
        let manners = if page { Manners::default() } else { (self.manners)(generation, id) };
        let manners = Manners { boot: manners.boot.min(millis(50)), ..manners };
        self.script_boot(id, &manners);
        let proceeds = self.core.policy().manner == Manner::Service;
        let fake = Fake::born(slot, generation, urgent, manners, self.now);
        self.workers.insert(id, Fake { page, proceeds, ..fake });
        self.happen(Event::Spawned { id });
    }

    /// Whether the settings are being read.
    pub fn is_reading(&self) -> bool {
        self.is_reading
    }

    fn read_settings(&mut self) -> Option<Event> {
        assert!(!self.is_reading, "one reading at a time");
        assert!(!self.listeners_closed, "nothing is read after the stop");
        self.readings += 1;
        let settings = self.settings.take().unwrap_or_else(|| self.core.policy().clone());
        let event = if self.reading.fails {
            Event::SettingsFailed { reason: "a mistake".to_owned() }
        } else {
            Event::SettingsRead(Box::new(settings))
        };
        if self.reading.takes.is_zero() {
            return Some(event);
        }
        self.is_reading = true;
        self.later(self.reading.takes, event);
        None
    }

    fn start_successor(&mut self) {
        assert!(!self.successor_alive, "one successor at a time");
        self.successor_alive = true;
        self.successor_number += 1;
        if let Some(ready) = self.successor.ready {
            self.later(ready, Event::SuccessorReady);
        }
        if let Some(exits) = self.successor.exits {
            self.successor_exits(exits, "it exited with code 1");
        }
    }

    fn successor_exits(&mut self, after: Duration, how: &str) {
        let reason = format!("{}: {how}", self.successor_number);
        self.later(after, Event::SuccessorGone { reason });
    }

    fn script_boot(&mut self, id: WorkerId, manners: &Manners) {
        let event = if let Some(failure) = manners.boot_failure {
            Event::BootFailed { id, failure }
        } else if manners.dies_in_boot {
            Event::Exited { id, exit: Exit::Signal(11) }
        } else {
            Event::Ready { id }
        };
        self.later(manners.boot, event);
    }
}
