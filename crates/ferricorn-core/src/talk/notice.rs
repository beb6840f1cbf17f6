//! What the core reports to the user. The shell puts it into words, counts it and passes it on; a notice orders
//! nothing.

use std::time::Duration;

use crate::{Exit, Generation, Retirement, Scarce, StopMode, Unread, UpgradeFailure, WorkerId};

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
    /// The start is over: the sockets listen, and all workers that were about to be ready are.
    Opened,
    /// Another process has sent SIGTERM to a worker, and it is replaced.
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
    /// A worker's boot failed, and the service continues without it for now.
    BootFailed {
        /// The worker.
        id: WorkerId,
        /// How often in a row a boot for this slot has failed.
        failures: u32,
        /// When the next try comes; `None`: there is no next try.
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
        /// When the next try comes; `None`: the master ends because of it.
        retry_in: Option<Duration>,
    },
    /// Restarts after failures have used up their budget: from now on they come one by one.
    RestartsSlowed {
        /// How many slots wait for one.
        waiting: usize,
        /// The time between two.
        every: Duration,
    },
    /// A worker was ready and died without an order.
    Crashed {
        /// The worker.
        id: WorkerId,
        /// How it ended.
        exit: Exit,
        /// When it is replaced.
        restart_in: Duration,
    },
    /// A worker has ended on order.
    Exited {
        /// The worker.
        id: WorkerId,
        /// How it ended.
        exit: Exit,
        /// The reason of the order.
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
    /// A worker's event loop runs again after it was reported as blocked.
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
    /// A worker that was told to leave while it booted does not exit, and is killed.
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
    /// The settings were read again: those that were prepared last are now waiting for their reload.
    SettingsRead,
    /// A reload ends before it has begun.
    SettingsUnread(Unread),
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
        /// Nothing is recycled until a good reload, because only the workers have the old code.
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
        /// When it is started again; `None`: not for now.
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
    UpgradeFailed(UpgradeFailure),
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
    Stopping {
        /// How it treats requests in flight.
        mode: StopMode,
        /// Somebody at the keyboard has asked for it, and may do so again.
        interrupted: bool,
    },
}
