//! How what is simulated behaves.

use std::time::Duration;

use ferricorn_core::BootFailure;

use super::{millis, secs};

/// How a fake worker behaves.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub(crate) struct Manners {
    pub(crate) boot: Duration,
    /// Its event loop runs from so long after its birth on: the application's startup is under way.
    pub(crate) startup: Option<Duration>,
    /// While it boots no order reaches it, and no signal but SIGKILL: it is in a call in C.
    pub(crate) stuck: bool,
    pub(crate) boot_failure: Option<BootFailure>,
    /// Dies without a word at the end of its boot.
    pub(crate) dies_in_boot: bool,
    pub(crate) dies_after: Option<Duration>,
    /// How long it takes to drain; none: it is deaf.
    pub(crate) drain: Option<Duration>,
    /// How long its process goes on after its event loop.
    pub(crate) end: Duration,
    /// Its event loop ends by itself so long after ready.
    pub(crate) quits_after: Option<Duration>,
    /// Its event loop stands still from so long after ready on.
    pub(crate) silent_after: Option<Duration>,
    /// Its silence is the machine's fault.
    pub(crate) starved: bool,
    /// It is silent since a device does not answer.
    pub(crate) held_up: bool,
    /// SIGKILL has no effect on it.
    pub(crate) unkillable: bool,
    pub(crate) requests_per_second: u64,
    /// Resident memory in bytes, and how much it grows each second.
    pub(crate) memory: u64,
    pub(crate) leak_per_second: u64,
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

/// How a fake template behaves.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact of its own")]
pub(crate) struct TemplateManners {
    pub(crate) boot: Duration,
    pub(crate) failure: Option<BootFailure>,
    pub(crate) dies_in_boot: bool,
    pub(crate) unfit: bool,
    /// It does not answer to the order to fork.
    pub(crate) mute: bool,
    /// It cannot fork.
    pub(crate) full: bool,
}

impl Default for TemplateManners {
    fn default() -> Self {
        Self { boot: millis(400), failure: None, dies_in_boot: false, unfit: false, mute: false, full: false }
    }
}

/// How the next program behaves that is started to succeed this one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Successor {
    /// When it says that it is ready; none: never.
    pub(crate) ready: Option<Duration>,
    /// When it exits by itself.
    pub(crate) exits: Option<Duration>,
    /// It never confirms that it has taken over.
    pub(crate) mute: bool,
    /// It does not go when it is told to.
    pub(crate) deaf: bool,
    /// How long what the user wants done before takes; none: there is nothing of the kind.
    pub(crate) preparation: Option<Duration>,
}

impl Default for Successor {
    fn default() -> Self {
        Self { ready: Some(secs(2)), exits: None, mute: false, deaf: false, preparation: None }
    }
}

/// How reading the settings behaves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) takes: Duration,
    pub(crate) fails: bool,
}
