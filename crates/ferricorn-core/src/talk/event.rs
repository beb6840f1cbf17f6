//! Facts, in the past tense, that the shell reports to the core.

use std::time::Duration;

use crate::{Generation, Policy, RequestId, WorkerId};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The shell is able to execute orders: the very first event.
    Started,
    /// A worker's process exists.
    Spawned {
        /// The worker.
        id: WorkerId,
    },
    /// A worker's process could not be made; no exit will follow.
    SpawnFailed {
        /// The worker.
        id: WorkerId,
        /// The stage and the system's error, for the log.
        error: String,
        /// It would fail again, whatever time passes: no such program, no such rights.
        lasting: bool,
    },
    /// A template could not fork a worker; no exit will follow.
    ForkFailed {
        /// The worker.
        id: WorkerId,
    },
    /// A template has loaded the application, and waits for orders.
    TemplateReady {
        /// Its generation.
        generation: Generation,
    },
    /// A template has loaded the application, which does what a fork does not survive.
    TemplateUnfit {
        /// Its generation.
        generation: Generation,
    },
    /// A template said that the application cannot be loaded.
    TemplateFailed {
        /// Its generation.
        generation: Generation,
        /// What kind of failure it is.
        failure: BootFailure,
    },
    /// A template says that loading takes longer, and is alive.
    TemplateExtended {
        /// Its generation.
        generation: Generation,
        /// How long from now it may take at least.
        by: Duration,
    },
    /// A template's process has ended, or could not be made. Whatever it was asked for and has not said is lost.
    TemplateExited {
        /// Its generation.
        generation: Generation,
    },
    /// A template says that what it has imported is not what is on disk any more; or the shell, that the settings are others.
    TemplateOutdated {
        /// Its generation.
        generation: Generation,
    },
    /// A worker has imported what no template has, from outside of the code that is being worked on.
    TemplateWanted,
    /// The application's startup is over.
    Ready {
        /// The worker.
        id: WorkerId,
    },
    /// The worker said that it cannot start; its exit will follow.
    BootFailed {
        /// The worker.
        id: WorkerId,
        /// What kind of failure it is.
        failure: BootFailure,
    },
    /// The worker says that its boot takes longer, and is alive.
    Extended {
        /// The worker.
        id: WorkerId,
        /// How long from now it may take at least.
        by: Duration,
    },
    /// Another process than the master asked the worker to stop. It keeps serving until it is replaced.
    AskedToStop {
        /// The worker.
        id: WorkerId,
    },
    /// The worker has answered every request that it will answer. What is left is its own end.
    Drained {
        /// The worker.
        id: WorkerId,
    },
    /// The worker's event loop has ended. What is left are threads, `atexit` functions and the interpreter's own end.
    Exiting {
        /// The worker.
        id: WorkerId,
    },
    /// The scoreboard was read: one entry for every worker whose process exists.
    Sampled(Vec<(WorkerId, Vitals)>),
    /// The kernel has held the service back, since its control group takes more than it may.
    Throttled(Throttled),
    /// A worker's process has ended and was waited for.
    Exited {
        /// The worker.
        id: WorkerId,
        /// How it ended.
        exit: Exit,
    },
    /// Somebody asked for something: by a signal, the control socket, or the reloader.
    Asked {
        /// Who waits for the reply.
        by: RequestId,
        /// What was asked for.
        command: Command,
    },
    /// The code on disk is no longer that which serves. A reload follows when it has settled.
    CodeChanged,
    /// Somebody has opened a debugger in a worker, or has left it.
    Debugging {
        /// The worker.
        id: WorkerId,
        /// Whether it is open.
        open: bool,
    },
    /// The sockets cannot listen.
    ListenFailed,
    /// The settings were read again, and what they need is prepared.
    SettingsRead(Box<Policy>),
    /// The settings cannot be read, or what they need cannot be had.
    SettingsFailed {
        /// Why, for the log.
        reason: String,
    },
    /// The sockets of a generation listen, those that a reload has opened for it as well.
    SocketsListen {
        /// The generation.
        generation: Generation,
    },
    /// A socket that a reload has opened cannot listen.
    SocketsFailed {
        /// The generation that it was opened for.
        generation: Generation,
    },
    /// What the user wants done before an upgrade is done, or there is nothing of the kind.
    UpgradePrepared,
    /// The new program says that it is ready to take over, or, in place, that it is fit to.
    SuccessorReady,
    /// The new master has taken over what it was handed, and serves.
    SuccessorServes,
    /// The new program could not be started, or has exited.
    SuccessorGone {
        /// What it said, or how it ended, for the log.
        reason: String,
    },
    /// The new program could not take the place of this one.
    ReplacingFailed {
        /// Why, for the log.
        reason: String,
    },
    /// To a master that is to succeed another one: the service is yours.
    HandedOver,
    /// To a master that is to succeed another one: you are not wanted any more, or the other one has died.
    CalledOff {
        /// Whether the other one keeps serving, and can take over idle connections.
        siblings: bool,
    },
    /// The moment that [`Supervisor::next_deadline`](crate::Supervisor::next_deadline) named has come.
    Woke,
}

/// A wish of the user's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Read the settings again, and replace every worker by one of a new generation under them.
    Reload {
        /// Whether the reply is the outcome, and not that the reload begins.
        wait: bool,
    },
    /// One worker more.
    ScaleUp,
    /// One worker less, but never fewer than one.
    ScaleDown,
    /// So many workers.
    ScaleTo(u16),
    /// How the service is.
    Status,
    /// Hand the service over to the program that is on disk now.
    Upgrade,
    /// Stop the whole service.
    Stop(StopMode),
    /// Stop the whole service, as Ctrl-C does (SIGINT): each further one is meant more urgently.
    Interrupt,
    /// Stop the whole service quickly, as Ctrl-\ does (SIGQUIT).
    Quit,
}

/// Why there are no new settings for a reload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// They cannot be read, or what they need cannot be had: why, for the log.
    Failed(String),
    /// Reading them took longer than this.
    TookLongerThan(Duration),
}

/// Why the new program has not taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpgradeFailure {
    /// It could not be started or executed, or has exited: why, for the log.
    Gone(String),
    /// It was not ready within this time.
    NotReady(Duration),
    /// It was to take the place of this one, but workers were still booting after this time.
    StillBooting(Duration),
    /// The service stops.
    Stopping,
}

/// How a stop treats requests in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopMode {
    /// They may take up to the graceful timeout.
    Graceful,
    /// They are cut after a moment; the application's shutdown still runs.
    Quick,
    /// Every worker is killed.
    Now,
}

/// What kind of boot failure it is; decides the exit code of a first start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BootFailure {
    /// The environment cannot run any worker (uvicorn missing, sockets unusable): exit code 1.
    Environment,
    /// The import failed: exit code 3.
    Boot,
    /// The application's lifespan startup failed, which what it waits for may mend: exit code 3.
    Startup,
    /// The application was not found in its module: exit code 4.
    App,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It exited with a code.
    Code(i32),
    /// A signal killed it.
    Signal(i32),
}

/// What a control group has too little of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scarce {
    /// Memory: a process that takes more waits until some is given back (`memory.high`).
    Memory,
    /// Time of processors: a quota is used up.
    Processor,
}

/// A limit that has held the service back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttled {
    /// What there is too little of.
    pub scarce: Scarce,
    /// The limit, in words for the log.
    pub source: String,
    /// For how long it has held processes back, summed over processors.
    pub held: Duration,
    /// In how much time.
    pub within: Duration,
}

/// What the scoreboard says of one worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// How long ago its event loop last ran; `None` before it ran at all.
    pub silent_for: Option<Duration>,
    /// It is silent because the machine has not let it run: it waits for a processor, and has got next to none.
    pub starved: bool,
    /// It is silent while it waits where no signal reaches it, for a device or a file system (state D).
    pub held_up: bool,
    /// Requests answered since it began.
    pub requests: u64,
    /// Its resident memory in bytes, when it was looked at this time.
    pub memory: Option<u64>,
}
