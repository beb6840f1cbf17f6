//! A reload in progress: its generation, and whether its first worker has proved itself.

use std::time::{Duration, Instant};

use crate::{Generation, Policy, RequestId, WorkerId};

/// A reload under way.
///
/// It begins with one *canary*: a single worker of the new generation, beside the old ones. It has to hold for the
/// probation without serving, so that no request is lost if it dies, and then to serve beside the old ones until
/// it has answered a request, or for a while. Then the generation is *proven* and the rest rolls. A death or a failed boot before every
/// worker runs the new generation rejects the reload.
#[derive(Clone, Debug)]
pub(crate) struct Rollout {
    pub(crate) to: Generation,
    pub(crate) stage: RolloutStage,
    /// Its sockets listen.
    pub(crate) listens: bool,
    /// What was in force before the new policy, once that is: policy and number of workers.
    pub(crate) before: Option<(Policy, u16)>,
    /// Everybody who waits for the outcome.
    pub(crate) asked_by: Vec<RequestId>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RolloutStage {
    /// No worker of the new generation is ready.
    Booting,
    /// The canary is ready and has to run until then. It serves only if its slot has no other worker to do so.
    Holding { canary: WorkerId, until: Instant },
    /// The canary serves, until it has answered a request or until then.
    Serving { canary: WorkerId, until: Instant },
    /// The generation works; the rest rolls.
    Proven,
}

impl Rollout {
    pub(crate) fn new(to: Generation, asked_by: Vec<RequestId>) -> Self {
        Self { to, stage: RolloutStage::Booting, listens: false, before: None, asked_by }
    }

    pub(crate) fn is_proven(&self) -> bool {
        self.stage == RolloutStage::Proven
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.stage {
            RolloutStage::Holding { until, .. } | RolloutStage::Serving { until, .. } => Some(until),
            RolloutStage::Booting | RolloutStage::Proven => None,
        }
    }

    /// Gives the canary more time to prove itself.
    pub(crate) fn postpone(&mut self, by: Duration) {
        if let RolloutStage::Holding { until, .. } | RolloutStage::Serving { until, .. } = &mut self.stage {
            *until += by;
        }
    }

    /// Whether this worker is the canary in probation.
    pub(crate) fn is_on_probation(&self, id: WorkerId) -> bool {
        match self.stage {
            RolloutStage::Holding { canary, .. } | RolloutStage::Serving { canary, .. } => canary == id,
            RolloutStage::Booting | RolloutStage::Proven => false,
        }
    }
}
