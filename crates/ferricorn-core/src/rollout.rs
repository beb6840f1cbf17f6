//! One reload under way: which generation, and whether its first worker has proved itself.

use std::time::{Duration, Instant};

use crate::{Generation, RequestId, WorkerId};

/// A reload under way.
///
/// It begins with one *canary*: a single worker of the new generation, beside the old ones. Once the canary has been
/// ready for the probation, the generation is *proven* and the rest rolls. Until then its death rejects the reload.
#[derive(Clone, Debug)]
pub(crate) struct Rollout {
    pub(crate) to: Generation,
    pub(crate) stage: RolloutStage,
    /// Everybody who waits for the outcome.
    pub(crate) asked_by: Vec<RequestId>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RolloutStage {
    /// No worker of the new generation is ready.
    Booting,
    /// The canary serves, and has to hold until then.
    Probation { canary: WorkerId, until: Instant },
    /// The generation works; the rest rolls.
    Proven,
}

impl Rollout {
    pub(crate) fn new(to: Generation, asked_by: Vec<RequestId>) -> Self {
        Self { to, stage: RolloutStage::Booting, asked_by }
    }

    pub(crate) fn is_proven(&self) -> bool {
        self.stage == RolloutStage::Proven
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            RolloutStage::Probation { until, .. } => Some(until),
            RolloutStage::Booting | RolloutStage::Proven => None,
        }
    }

    /// Gives the canary more time to prove itself.
    pub(crate) fn postpone(&mut self, by: Duration) {
        if let RolloutStage::Probation { until, .. } = &mut self.stage {
            *until += by;
        }
    }

    /// Whether this worker is the canary in probation.
    pub(crate) fn is_on_probation(&self, id: WorkerId) -> bool {
        matches!(self.stage, RolloutStage::Probation { canary, .. } if canary == id)
    }
}
