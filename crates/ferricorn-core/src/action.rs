//! Orders, in the imperative, that the core gives the shell.

use std::time::Duration;

use crate::{
    BootFailure, Exit, Generation, RequestId, Scarce, Slot, Snapshot, StopMode, UpgradeWay, WorkerId,
};

/// Something the shell has to do. Actions of one step are executed in their order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Make a worker process. Answered by `Spawned` or `SpawnFailed`.
    Spawn {
        /// Its id.
        id: WorkerId,
        /// Its slot.
        slot: Slot,
        /// Its generation.
        generation: Generation,
        /// Whether somebody waits for it. Nobody does if it is to take the place of a worker that only is old, and
        /// that serves until then.
        urgent: bool,
        /// Where it comes from. If it is the template, `ForkFailed` is a third answer.
        from: Origin,
        /// It serves no application, but a page that says why the boot before it has failed.
        page: bool,
    },
    /// Make a template: a process that loads the application of a generation. Answered by `TemplateReady`, `TemplateUnfit`,
    /// `TemplateFailed` or `TemplateExited`.
    MakeTemplate {
        /// The generation.
        generation: Generation,
        /// Whether somebody waits for it.
        urgent: bool,
    },
    /// Let a template go. Nothing more of it is to be told.
    DropTemplate {
        /// Its generation.
        generation: Generation,
    },
    /// Send a template a signal.
    SignalTemplate {
        /// Its generation.
        generation: Generation,
        /// Which.
        signal: TemplateSignal,
    },
    /// Let a worker begin the application's startup: nobody of an older generation is in its own any more. Ordered of each worker
    /// of a service that is worked on, and of no other.
    Proceed {
        /// The worker.
        id: WorkerId,
    },
    /// Begin to listen: the first worker is ready.
    Listen,
    /// Nobody waits for what a worker does from now on: it has drained, and others serve. Taken back by `Hurry` after a while,
    /// unless the worker has exited.
    GiveWay {
        /// The worker.
        id: WorkerId,
    },
    /// Somebody waits now for a worker that gave way to others.
    Hurry {
        /// The worker.
        id: WorkerId,
    },
    /// Tell a worker to accept connections.
    Serve {
        /// The worker.
        id: WorkerId,
    },
    /// Tell a worker to say `Connection: close` on every response from now on, and to go on accepting.
    AnnounceClose {
        /// The worker.
        id: WorkerId,
    },
    /// Tell a worker to stop accepting and to finish what it has.
    Drain {
        /// The worker.
        id: WorkerId,
        /// Whether siblings go on serving, and can take idle connections over.
        siblings: bool,
        /// How long requests in flight may take.
        grace: Duration,
        /// That is the time of a quick stop, and not the graceful timeout.
        quick: bool,
        /// Its code is no longer on disk: nobody shall be answered by it who asks from now on.
        outdated: bool,
    },
    /// Send a worker a signal.
    Signal {
        /// The worker.
        id: WorkerId,
        /// Which.
        signal: WorkerSignal,
    },
    /// Give up the master's own copies of the listening sockets, so that the last worker closes them.
    CloseListeners,
    /// The same when another master has them: the files of unix sockets are its own now.
    GiveUpListeners,
    /// Start the program that is on disk now, to succeed this one. Answered by `SuccessorReady` or `SuccessorGone`.
    StartSuccessor {
        /// How it comes to power.
        way: UpgradeWay,
        /// How many workers it is to have, if somebody has asked for another number than that of the settings.
        scaled_to: Option<u16>,
    },
    /// Tell the new master that the service is its own. Answered by `SuccessorServes` or `SuccessorGone`.
    HandOver,
    /// Tell the new master to reload, since that was asked for while it booted.
    PassOnReload,
    /// Tell the new program to end. Answered by `SuccessorGone`.
    StopSuccessor {
        /// Whether this master goes on serving, and can take idle connections over.
        siblings: bool,
        /// How quickly.
        mode: StopMode,
    },
    /// Send the new program SIGKILL.
    KillSuccessor,
    /// Become the new program, in this process. Returns only as `ReplacingFailed`; ordered again at every step.
    ReplaceSelf,
    /// Tell the other master that we are ready to take over from it.
    AnnounceReady,
    /// The service is ours: take hold of what the other master kept until now, and tell it.
    TakeOver,
    /// Answer a command.
    Reply {
        /// Who asked.
        to: RequestId,
        /// The answer.
        reply: Reply,
    },
    /// Tell the user what happened: log lines and metrics are made from this one stream.
    Notify(Notice),
    /// The last action of all: end the master.
    Exit(ExitReason),
}

/// Where a worker's process comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An interpreter is started, which loads the application.
    Plain,
    /// It is forked from the template of its generation.
    Template,
}

/// A signal to a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateSignal {
    /// Print the stack of every thread (SIGUSR2).
    Dump,
    /// SIGKILL. `TemplateExited` is not waited for.
    Kill,
}

/// A signal to a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerSignal {
    /// End a boot that nobody waits for any more (SIGTERM).
    Terminate,
    /// Print the stack of every thread (SIGUSR2).
    Dump,
    /// Let the application say what it was doing (SIGABRT).
    Abort,
    /// SIGKILL.
    Kill,
}

/// Why a worker is taken out of service on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retirement {
    /// It has answered as many requests as it may.
    MaxRequests,
    /// It has served for as long as it may.
    MaxLifetime,
    /// It is above its memory limit.
    MaxMemory,
    /// It takes twice as much memory as it may.
    MemoryLimit,
    /// A newer generation takes its place.
    Reload,
    /// It belongs to a generation that was rejected.
    Rejected,
    /// There are more workers than wanted.
    ScaleDown,
    /// Somebody sent the worker itself a SIGTERM.
    Asked,
    /// The service stops.
    Stop,
    /// A new master has taken over.
    Upgrade,
    /// It said that it cannot start.
    BootFailed,
    /// Its boot took too long.
    BootTimeout,
    /// Its event loop was silent for too long.
    Timeout,
    /// Its drain took too long.
    DrainTimeout,
    /// Its event loop had ended, and its process did not.
    ExitTimeout,
}

impl Retirement {
    /// Whether the worker could as well stay: recycling is a precaution, and loads the code anew.
    pub fn is_recycling(self) -> bool {
        matches!(self, Self::MaxRequests | Self::MaxLifetime | Self::MaxMemory)
    }

    /// The reason that has this name in log lines.
    pub fn named(name: &str) -> Option<Self> {
        const ALL: [Retirement; 15] = [
            Retirement::MaxRequests,
            Retirement::MaxLifetime,
            Retirement::MaxMemory,
            Retirement::MemoryLimit,
            Retirement::Reload,
            Retirement::Rejected,
            Retirement::ScaleDown,
            Retirement::Asked,
            Retirement::Stop,
            Retirement::Upgrade,
            Retirement::BootFailed,
            Retirement::BootTimeout,
            Retirement::Timeout,
            Retirement::DrainTimeout,
            Retirement::ExitTimeout,
        ];
        ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The reason's name in log lines.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaxRequests => "max-requests",
            Self::MaxLifetime => "max-lifetime",
            Self::MaxMemory => "max-memory",
            Self::MemoryLimit => "memory-limit",
            Self::Reload => "reload",
            Self::Rejected => "rejected",
            Self::ScaleDown => "scale-down",
            Self::Asked => "asked",
            Self::Stop => "stop",
            Self::Upgrade => "upgrade",
            Self::BootFailed => "boot-failed",
            Self::BootTimeout => "boot-timeout",
            Self::Timeout => "timeout",
            Self::DrainTimeout => "drain-timeout",
            Self::ExitTimeout => "exit-timeout",
        }
    }
}

/// The one answer to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is under way and cannot fail.
    Accepted,
    /// There are to be so many workers now.
    Scaled(u16),
    /// The whole service runs this generation.
    Reloaded(Generation),
    /// The new generation does not work; the old one serves on.
    ReloadRejected(Generation),
    /// How the service is.
    Status(Box<Snapshot>),
    /// The new program has taken over.
    Upgraded,
    /// The new program could not take over; the old one serves on.
    UpgradeFailed(String),
    /// The new master, which was about to take over, was told to do it.
    PassedOn,
    /// The service is stopping.
    Stopping,
}

/// Something the user may want to know.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// A worker accepts connections from now on.
    Ready {
        /// The worker.
        id: WorkerId,
        /// How long its boot took.
        boot: Duration,
    },
    /// A worker shows why the boot before it has failed, until the code changes.
    PageShown {
        /// The worker.
        id: WorkerId,
    },
    /// The start is over: the sockets listen, and whoever was about to be ready is.
    Opened,
    /// Somebody has told a worker to stop, and it is replaced.
    AskedToStop {
        /// The worker.
        id: WorkerId,
    },
    /// A worker stops accepting.
    Draining {
        /// The worker.
        id: WorkerId,
        /// Why.
        why: Retirement,
    },
    /// A worker's boot failed, and the service goes on without it for now.
    BootFailed {
        /// The worker.
        id: WorkerId,
        /// How often in a row a boot for this slot has failed.
        failures: u32,
        /// When the next try comes; none: there will be none.
        retry_in: Option<Duration>,
        /// The master ends for it: the first start is over, or the succession is given up.
        ends: bool,
    },
    /// A process could not even be made.
    SpawnFailed {
        /// The worker.
        id: WorkerId,
        /// The system's error.
        error: String,
        /// When the next try comes; none: the master ends for it.
        retry_in: Option<Duration>,
    },
    /// Restarts after failures have used up their budget: from now on they come one by one.
    RestartsSlowed {
        /// How many slots wait for one.
        waiting: usize,
        /// The time between two.
        every: Duration,
    },
    /// A worker was ready and died without being told to.
    Crashed {
        /// The worker.
        id: WorkerId,
        /// How it ended.
        exit: Exit,
        /// When it is replaced.
        restart_in: Duration,
    },
    /// A worker has ended as it was told to.
    Exited {
        /// The worker.
        id: WorkerId,
        /// How it ended.
        exit: Exit,
        /// Why it was told to.
        why: Retirement,
    },
    /// A worker's event loop has been silent for longer than the timeout.
    TimedOut {
        /// The worker.
        id: WorkerId,
        /// For how long.
        silent_for: Duration,
    },
    /// A worker's event loop does not run; its stack was asked for, and is there by now.
    Blocked {
        /// The worker.
        id: WorkerId,
        /// For how long.
        silent_for: Duration,
    },
    /// A worker's event loop runs again after it was told of as blocked.
    Recovered {
        /// The worker.
        id: WorkerId,
        /// For how long it did not.
        silent_for: Duration,
    },
    /// All workers are late at once, held up by a device or a file system, and get more time.
    HostStalled {
        /// How many they are.
        workers: usize,
        /// How much time.
        more: Duration,
    },
    /// The kernel holds the service back, which explains that a worker is silent, or that the master was late.
    Throttled {
        /// What there is too little of.
        scarce: Scarce,
        /// The limit.
        source: String,
    },
    /// A worker was sent SIGKILL and is still there: it sleeps where no signal reaches it.
    Unkillable {
        /// The worker.
        id: WorkerId,
    },
    /// A worker takes twice as much memory as it may, and is killed.
    OverMemory {
        /// The worker.
        id: WorkerId,
        /// Its resident memory in bytes.
        memory: u64,
    },
    /// A worker has not become ready in time.
    BootTimedOut {
        /// The worker.
        id: WorkerId,
    },
    /// A worker that was told to go while it booted does not end, and is killed.
    BootCut {
        /// The worker.
        id: WorkerId,
    },
    /// A worker has not finished its drain in time and is killed.
    DrainTimedOut {
        /// The worker.
        id: WorkerId,
    },
    /// A worker's event loop has ended, its process has not in time, and is killed.
    ExitTimedOut {
        /// The worker.
        id: WorkerId,
        /// How long ago the event loop has ended.
        after: Duration,
    },
    /// A reload begins.
    ReloadStarted(Generation),
    /// A reload begins that replaces every worker at once, and holds whatever comes of it.
    Replacing(Generation),
    /// The code has changed, and a debugger is open: the change waits until that is left.
    ChangesWait,
    /// The first worker of a reload is ready, and has to hold for so long before it serves.
    OnProbation {
        /// The worker.
        id: WorkerId,
        /// How long.
        lasts: Duration,
    },
    /// The first worker of the new generation has proved itself; the others follow.
    ReloadProven(Generation),
    /// Every worker runs the new generation.
    ReloadCommitted(Generation),
    /// The new generation does not work; the old one serves on.
    ReloadRejected {
        /// The generation that does not work.
        generation: Generation,
        /// Nothing is recycled until a good reload, since nobody but the workers has the old code.
        frozen: bool,
    },
    /// Workers of a generation that was rejected serve alone in their slots; each is replaced by one of the old
    /// generation.
    RollingBack {
        /// The rejected generation.
        generation: Generation,
        /// How many there are.
        workers: usize,
    },
    /// A worker is due for recycling, and is kept, since recycling would load the rejected code.
    RecyclingFrozen {
        /// The worker.
        id: WorkerId,
    },
    /// A template has loaded the application: from now on workers are forked from it.
    TemplateReady {
        /// Its generation.
        generation: Generation,
        /// How long that took.
        boot: Duration,
    },
    /// The application does what a fork does not survive: workers of this generation are spawned plainly.
    TemplateUnfit {
        /// Its generation.
        generation: Generation,
    },
    /// A template has not loaded the application in time; its stack was asked for, and is there by now.
    TemplateTimedOut {
        /// Its generation.
        generation: Generation,
    },
    /// A template does not answer to the order to fork, and is killed.
    TemplateSilent {
        /// Its generation.
        generation: Generation,
        /// For how long.
        silent_for: Duration,
    },
    /// A template has ended, or has failed to load the application: workers are spawned plainly until it is back.
    TemplateLost {
        /// Its generation.
        generation: Generation,
        /// When it is made anew; none: not for now.
        retry_in: Option<Duration>,
        /// The master ends for it: the first start is over, or the succession is given up.
        ends: bool,
    },
    /// The number of workers wanted has changed.
    Scaled {
        /// How many there were to be.
        from: u16,
        /// How many there are to be.
        to: u16,
    },
    /// The master itself was not running for a while, so silence in that time proves nothing.
    Overslept(Duration),
    /// The new program is started.
    UpgradeStarted,
    /// An upgrade was asked for while one is under way: that one is enough.
    UpgradeUnderWay,
    /// The new program could not take over; the old one serves on.
    UpgradeFailed(String),
    /// The upgrade is not wanted any more, since the service stops.
    UpgradeCalledOff,
    /// A new master has taken over, and this one leaves.
    HandedOver,
    /// The new master has ended after it had taken over, and before this one.
    SuccessorDied(String),
    /// This master has taken the service over from another one.
    TookOver,
    /// The stop is announced to clients; the drain begins after this delay.
    StopAnnounced(Duration),
    /// The stop begins.
    Stopping(StopMode),
}

/// Why the master ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// It was told to.
    Stopped,
    /// No worker of the first generation ever became ready.
    BootFailed(BootFailure),
}
