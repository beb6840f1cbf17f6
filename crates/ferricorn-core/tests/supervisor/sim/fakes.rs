//! The processes that are simulated.

use std::time::Instant;

use ferricorn_core::{Generation, WorkerSignal};

use super::{Manners, TemplateManners};

#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact that a test asks for")]
pub(crate) struct Fake {
    pub(crate) generation: Generation,
    /// Somebody waits for what it does.
    pub(crate) urgent: bool,
    /// Since when it gives way.
    pub(crate) polite_since: Option<Instant>,
    /// Its event loop has drained, or has ended.
    pub(crate) over_since: Option<Instant>,
    pub(crate) born: Instant,
    pub(crate) ready_at: Option<Instant>,
    /// It shows why the boot before it has failed.
    pub(crate) page: bool,
    /// It may begin the application's startup.
    pub(crate) proceeds: bool,
    /// It would be ready if it might.
    pub(crate) waits: bool,
    /// Nobody was answered by it who has asked since.
    pub(crate) outdated: bool,
    pub(crate) serving: bool,
    pub(crate) leaving: bool,
    pub(crate) gone: bool,
    pub(crate) manners: Manners,
    pub(crate) signals: Vec<WorkerSignal>,
    pub(crate) drains: u32,
    /// Its last order to drain lets siblings take its connections over.
    pub(crate) hands_over: bool,
    /// It says `Connection: close` on every response.
    pub(crate) announced: bool,
}

impl Fake {
    pub(super) fn born(generation: Generation, urgent: bool, manners: Manners, now: Instant) -> Self {
        Self {
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
    pub(super) fn is_deaf(&self, now: Instant) -> bool {
        let in_startup = self.manners.startup.is_some_and(|after| now >= self.born + after);
        self.ready_at.is_none() && (self.manners.stuck || in_startup)
    }
}

/// A template's process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FakeTemplate {
    pub(crate) born: Instant,
    pub(crate) manners: TemplateManners,
    pub(crate) ready: bool,
}

/// A worker that a template is to fork.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) generation: Generation,
    pub(super) urgent: bool,
    pub(super) page: bool,
    /// The generation of the template.
    pub(super) of: Generation,
}
