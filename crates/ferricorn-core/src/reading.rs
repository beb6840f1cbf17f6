//! Reading the settings again, which is how every reload begins.
//!
//! Owns: who waits for settings, how long reading them may take, and how the number of workers was changed meanwhile. Does not
//! own: reading them, which the shell does, and the reload that follows.
//!
//! Invariants: one reading is under way at a time; a request during one is served by another reading after it, because what the
//! first one has read may be older than the request; each request leaves here exactly once.

use std::time::{Duration, Instant};

use crate::{RequestId, scale::Scale};

/// A request for a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) by: RequestId,
    /// Whether the answer is the outcome of the reload, and not that it begins.
    pub(crate) wait: bool,
}

/// Requests that one reading serves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) askers: Vec<Asker>,
    /// What was asked of the number of workers since. It applies to the number that the settings say.
    pub(crate) changes: Vec<Scale>,
}

/// The readings of a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Readings {
    /// Requests that no reading serves yet.
    waiting: Option<Batch>,
    /// The reading under way, and when it has taken too long.
    under_way: Option<(Batch, Instant)>,
}

impl Readings {
    /// Asks for a reading that begins from now on.
    pub(crate) fn ask(&mut self, asker: Asker) {
        self.waiting.get_or_insert_default().askers.push(asker);
    }

    /// Begins a reading if one was asked for and none is under way; whether it has begun one.
    pub(crate) fn begin(&mut self, until: Instant) -> bool {
        if self.under_way.is_some() {
            return false;
        }
        self.under_way = self.waiting.take().map(|batch| (batch, until));
        self.under_way.is_some()
    }

    /// The reading under way is over: gives the requests that it served.
    pub(crate) fn end(&mut self) -> Option<Batch> {
        self.under_way.take().map(|(batch, _)| batch)
    }

    /// Whether the settings are being read.
    pub(crate) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Whether the settings are being read, or will be.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.under_way.is_some() || self.waiting.is_some()
    }

    /// Remembers a change of the number of workers, which the settings that are still to come do not know.
    pub(crate) fn scale(&mut self, change: Scale) {
        let under_way = self.under_way.iter_mut().map(|(batch, _)| batch);
        for batch in under_way.chain(&mut self.waiting) {
            batch.changes.push(change);
        }
    }

    /// When the reading under way has taken too long.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.under_way.as_ref().map(|(_, until)| *until)
    }

    /// Gives the reading under way more time.
    pub(crate) fn postpone(&mut self, by: Duration) {
        if let Some((_, until)) = &mut self.under_way {
            *until += by;
        }
    }

    /// Forgets every reading, and gives who has asked for one.
    pub(crate) fn abandon(&mut self) -> Vec<RequestId> {
        let batches = self.end().into_iter().chain(self.waiting.take());
        batches.flat_map(|batch| batch.askers).map(|asker| asker.by).collect()
    }
}
