//! A core, fake workers with scripted manners, and a clock that jumps to whatever comes next. No process, no waiting.

mod asking;
mod clock;
mod fakes;
mod manners;
mod orders;
mod templates;

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use ferricorn_core::{
    Event, ExitReason, Generation, Manner, Notice, Policy, Reply, RequestId, Supervisor, TemplateSignal,
    UpgradeWay, WorkerId,
};

use self::fakes::{Asked, Fake, FakeTemplate};
pub(crate) use self::manners::{Manners, Reading, Successor, TemplateManners};

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A policy like the program's defaults, with two workers.
pub(crate) fn policy() -> Policy {
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

#[expect(clippy::struct_excessive_bools, reason = "each is one fact that a test asks for")]
pub(crate) struct Sim {
    pub(crate) reading: Reading,
    /// What is read next; `None`: the policy in force.
    pub(crate) settings: Option<Policy>,
    is_reading: bool,
    /// The sockets that a reload opens cannot listen.
    pub(crate) new_sockets_fail: bool,
    pub(crate) readings: usize,
    pub(crate) readings_stopped: usize,
    pub(crate) successor: Successor,
    /// It was started and has not exited.
    pub(crate) successor_alive: bool,
    pub(crate) successor_serves: bool,
    /// The number of workers that it was told.
    pub(crate) successor_scaled_to: Option<u16>,
    /// What it was told: `siblings` of each order to go.
    pub(crate) successor_stops: Vec<bool>,
    pub(crate) successor_killed: bool,
    /// As a successor: what was said to the other master.
    pub(crate) announced_ready: bool,
    pub(crate) took_over: bool,
    pub(crate) gave_up_listeners: bool,
    pub(crate) replaced: bool,
    pub(crate) reloads_passed_on: usize,
    successor_number: u64,
    pub(crate) core: Supervisor,
    pub(crate) now: Instant,
    pub(crate) workers: BTreeMap<WorkerId, Fake>,
    pub(crate) notices: Vec<Notice>,
    pub(crate) replies: BTreeMap<RequestId, Vec<Reply>>,
    pub(crate) exit: Option<ExitReason>,
    pub(crate) listening: bool,
    pub(crate) listeners_closed: bool,
    pub(crate) most_alive: usize,
    /// The fewest ready workers since `watch_capacity`.
    pub(crate) fewest_ready: usize,
    pub(crate) spawns: usize,
    pub(crate) templates: BTreeMap<Generation, FakeTemplate>,
    pub(crate) templates_made: usize,
    /// Workers that were asked of a template, and are not there yet.
    asked: BTreeMap<WorkerId, Asked>,
    pub(crate) forks: usize,
    pub(crate) template_manners: TemplateManners,
    pub(crate) template_signals: Vec<TemplateSignal>,
    manners: Box<dyn Fn(Generation, WorkerId) -> Manners>,
    timeline: BTreeMap<(Instant, u64), Event>,
    next_sample: Instant,
    sequence: u64,
    requests: u64,
}

impl Sim {
    pub(crate) fn new(policy: Policy, manners: impl Fn(Generation, WorkerId) -> Manners + 'static) -> Self {
        Self::with(Supervisor::new(policy, 7), manners)
    }

    pub(crate) fn with(
        core: Supervisor,
        manners: impl Fn(Generation, WorkerId) -> Manners + 'static,
    ) -> Self {
        let mut sim = Self::not_begun(core, manners);
        sim.begin();
        sim
    }

    /// One to which nothing has happened yet.
    pub(crate) fn waiting(
        policy: Policy,
        manners: impl Fn(Generation, WorkerId) -> Manners + 'static,
    ) -> Self {
        Self::not_begun(Supervisor::new(policy, 7), manners)
    }

    pub(crate) fn begin(&mut self) {
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
    pub(crate) fn booted(policy: Policy) -> Self {
        let mut sim = Self::new(policy, |_, _| Manners::default());
        sim.advance(secs(1));
        sim.watch();
        sim
    }

    /// From here on capacity counts.
    pub(crate) fn watch(&mut self) {
        self.fewest_ready = self.ready();
        self.most_alive = self.alive();
    }

    pub(crate) fn set_manners(&mut self, manners: impl Fn(Generation, WorkerId) -> Manners + 'static) {
        self.manners = Box::new(manners);
    }
}
