//! An upgrade in progress, from either side: the master that hands over, and the one that takes over.

use std::time::Instant;

use crate::RequestId;

/// An upgrade as the master sees it that hands over.
#[derive(Clone, Debug)]
pub(crate) struct Upgrade {
    pub(crate) stage: UpgradeStage,
    /// Whether the process of the new program exists, so that its exit is still to come.
    pub(crate) alive: bool,
    /// Everybody who waits for the outcome.
    pub(crate) asked_by: Vec<RequestId>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum UpgradeStage {
    /// The first start, or a reload, goes first.
    Waiting,
    /// What the user wants done before it is being done. There is no new program yet.
    Preparing { until: Instant },
    /// The new program was started, to serve beside us or to be checked.
    Starting { until: Instant },
    /// In place: it was checked, and takes our place as soon as no worker boots.
    Fit { until: Instant },
    /// Beside: it is ready, and was ordered to take over.
    HandingOver { until: Instant },
    /// Beside: it has taken over. We leave.
    HandedOver,
    /// It failed, or was called off: it was told to leave. A new request starts again when it is gone.
    CalledOff { kill_at: Option<Instant> },
}

impl Upgrade {
    pub(crate) fn new(asked_by: RequestId) -> Self {
        Self { stage: UpgradeStage::Waiting, alive: false, asked_by: vec![asked_by] }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            UpgradeStage::Preparing { until }
            | UpgradeStage::Starting { until }
            | UpgradeStage::Fit { until }
            | UpgradeStage::HandingOver { until } => Some(until),
            UpgradeStage::CalledOff { kill_at } => kill_at,
            UpgradeStage::Waiting | UpgradeStage::HandedOver => None,
        }
    }

    /// Gives the new program more time.
    pub(crate) fn postpone(&mut self, by: std::time::Duration) {
        match &mut self.stage {
            UpgradeStage::Preparing { until: at }
            | UpgradeStage::Starting { until: at }
            | UpgradeStage::Fit { until: at }
            | UpgradeStage::HandingOver { until: at }
            | UpgradeStage::CalledOff { kill_at: Some(at) } => *at += by,
            UpgradeStage::Waiting | UpgradeStage::HandedOver | UpgradeStage::CalledOff { kill_at: None } => {}
        }
    }
}

/// A master that was started beside another one and does not own the service yet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Heir {
    pub(crate) stage: HeirStage,
    /// The other master stops too: no process is left to take over connections.
    pub(crate) alone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum HeirStage {
    /// Not every slot has a ready worker.
    Booting,
    /// All workers are ready, and have to hold until then.
    Proving { until: Instant },
    /// The other master has our report that we are ready.
    Announced,
}

impl Heir {
    pub(crate) const NEW: Self = Self { stage: HeirStage::Booting, alone: false };

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            HeirStage::Proving { until } => Some(until),
            HeirStage::Booting | HeirStage::Announced => None,
        }
    }
}
