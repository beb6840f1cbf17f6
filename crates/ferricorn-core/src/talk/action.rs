//! The orders of the core to the shell, in the imperative.

use std::time::Duration;

use crate::{BootFailure, Generation, Notice, Reply, RequestId, Slot, StopMode, UpgradeWay, WorkerId};

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
        /// Whether it is urgent. It is not if it replaces a worker that is only old, and
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
        /// Whether it is urgent.
        urgent: bool,
    },
    /// End a template. Nothing more is reported about it.
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
    /// Begin to listen: the first worker is ready. Answered by `ListenFailed` if that cannot be done.
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
    /// Tell a worker to accept connections. The sockets that a reload has opened listen from the first such order to its
    /// generation on. Answered by `SocketsListen` or `SocketsFailed`.
    Serve {
        /// The worker.
        id: WorkerId,
    },
    /// Order a worker to send `Connection: close` with every response from now on, and to keep accepting.
    AnnounceClose {
        /// The worker.
        id: WorkerId,
    },
    /// Tell a worker to stop accepting and to finish what it has.
    Drain {
        /// The worker.
        id: WorkerId,
        /// Whether siblings keep serving, and can take over idle connections.
        siblings: bool,
        /// How long requests in flight may take.
        grace: Duration,
        /// That is the time of a quick stop, and not the graceful timeout.
        quick: bool,
        /// Its code is no longer on disk: it must not answer requests that arrive from now on.
        outdated: bool,
        /// Somebody at the keyboard has interrupted the service.
        interrupted: bool,
        /// The whole service stops, and no other master has it.
        stop: bool,
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
    /// Read the settings again, and prepare what they need. Answered by `SettingsRead` or `SettingsFailed`.
    ReadSettings,
    /// Stop reading the settings, and forget what was read. Nothing more is reported about it.
    StopReading,
    /// Do what the user wants done before an upgrade (`pre_exec`). Answered by `UpgradePrepared`.
    PrepareUpgrade,
    /// Start the program that is on disk now, to succeed this one. Answered by `SuccessorReady` or `SuccessorGone`.
    StartSuccessor {
        /// How it comes to power.
        way: UpgradeWay,
        /// How many workers it should have, if a client has asked for another number than that of the settings.
        scaled_to: Option<u16>,
    },
    /// Tell the new master that the service is its own. Answered by `SuccessorServes` or `SuccessorGone`.
    HandOver,
    /// Tell the new master to reload, since that was asked for while it booted.
    PassOnReload,
    /// Tell the new program to end. Answered by `SuccessorGone`.
    StopSuccessor {
        /// Whether this master keeps serving, and can take over idle connections.
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
    /// It is forked from the template that was made for this generation: its own, or, while the code is being worked on, an
    /// older one.
    Template(Generation),
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
    /// End a boot that is no longer needed (SIGTERM).
    Terminate,
    /// Print the stack of every thread (SIGUSR2).
    Dump,
    /// Let the application say what it was doing (SIGABRT).
    Abort,
    /// SIGKILL.
    Kill,
}

/// Why the master ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// It was asked to stop.
    Stopped,
    /// No worker of the first generation ever became ready.
    BootFailed(BootFailure),
    /// The sockets could not be made to listen.
    ListenFailed,
}
