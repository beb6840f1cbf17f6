//! Reloads: the one in progress, those that wait for it, and the result of the last one.
//!
//! Owns: the numbers of generations, the policy that a reload brings, who waits for its outcome, and whether the last one was
//! rejected. Does not own: workers and slots, which the supervisor asks about them.
//!
//! Invariants: one reload is under way at a time; the policy that it brings takes effect when it is proven or committed, never
//! before; each request for a reload gets one answer.

use std::time::{Duration, Instant};

use crate::{
    Generation, Policy, RequestId, WorkerId,
    rollout::{Rollout, RolloutStage},
};

/// All reloads of a service.
#[derive(Clone, Debug)]
pub(crate) struct Reloads {
    generation: Generation,
    last_generation: Generation,
    rollout: Option<Rollout>,
    /// The policy that the reload under way brings, until it is in force.
    next_policy: Option<Policy>,
    /// Reloads that were asked for while one was under way, merged into one.
    queued: Option<(Policy, Vec<RequestId>)>,
    /// Reloads that have succeeded, and who gets an answer when the last worker of an older generation has gone.
    settling: Vec<(Generation, RequestId)>,
    /// The last reload was rejected: the disk does not hold what serves.
    frozen: bool,
}

/// A reload that came to nothing.
pub(crate) struct Rejected {
    /// The reload.
    pub(crate) rollout: Rollout,
    /// The policy that it brought, if that was not in force yet.
    pub(crate) policy: Option<Policy>,
}

impl Reloads {
    /// None has been asked for.
    pub(crate) fn new() -> Self {
        Self::after(Generation(1), Generation(1), false)
    }

    /// Goes on where another program was: the generation that serves, the highest that was ever begun, and whether the last
    /// reload was rejected.
    pub(crate) fn after(generation: Generation, last_generation: Generation, frozen: bool) -> Self {
        Self {
            generation,
            last_generation,
            rollout: None,
            next_policy: None,
            queued: None,
            settling: Vec::new(),
            frozen,
        }
    }

    /// The generation that the service runs, or ran last if a reload is under way.
    pub(crate) fn generation(&self) -> Generation {
        self.generation
    }

    /// The highest generation that was ever begun.
    pub(crate) fn last_generation(&self) -> Generation {
        self.last_generation
    }

    /// Whether the last reload was rejected, and no later one has succeeded.
    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Whether a reload is under way.
    pub(crate) fn is_under_way(&self) -> bool {
        self.rollout.is_some()
    }

    /// Whether a reload was asked for and has not begun.
    pub(crate) fn is_waiting(&self) -> bool {
        self.queued.is_some()
    }

    /// The reload under way.
    pub(crate) fn rollout(&self) -> Option<&Rollout> {
        self.rollout.as_ref()
    }

    /// How far the reload under way is.
    pub(crate) fn stage(&self) -> Option<RolloutStage> {
        self.rollout.as_ref().map(|rollout| rollout.stage)
    }

    /// Moves the reload under way on.
    pub(crate) fn set_stage(&mut self, stage: RolloutStage) {
        if let Some(rollout) = &mut self.rollout {
            rollout.stage = stage;
        }
    }

    /// Whether the reload under way leads to this generation.
    pub(crate) fn leads_to(&self, generation: Generation) -> bool {
        self.rollout.as_ref().is_some_and(|rollout| rollout.to == generation)
    }

    /// Whether the sockets of the reload under way listen.
    pub(crate) fn listens(&self) -> bool {
        self.rollout.as_ref().is_some_and(|rollout| rollout.listens)
    }

    /// The sockets of a generation listen.
    pub(crate) fn sockets_listen(&mut self, generation: Generation) {
        if let Some(rollout) = self.rollout.as_mut().filter(|rollout| rollout.to == generation) {
            rollout.listens = true;
        }
    }

    /// Whether this worker is the canary of the reload under way, and has not proven itself.
    pub(crate) fn is_on_probation(&self, id: WorkerId) -> bool {
        self.rollout.as_ref().is_some_and(|rollout| rollout.is_on_probation(id))
    }

    /// When the reload under way has to be looked at.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.rollout.as_ref().and_then(Rollout::deadline)
    }

    /// Gives the canary more time.
    pub(crate) fn postpone(&mut self, by: Duration) {
        if let Some(rollout) = &mut self.rollout {
            rollout.postpone(by);
        }
    }

    /// The generation of a worker that is started now.
    pub(crate) fn next_generation(&self) -> Generation {
        self.rollout.as_ref().map_or(self.generation, |rollout| rollout.to)
    }

    /// The policy of a worker that is started now: that of the reload under way, or the one in force.
    pub(crate) fn policy<'a>(&'a self, in_force: &'a Policy) -> &'a Policy {
        self.next_policy.as_ref().unwrap_or(in_force)
    }

    /// Every policy that is to come.
    pub(crate) fn coming(&mut self) -> impl Iterator<Item = &mut Policy> {
        self.next_policy.iter_mut().chain(self.queued.iter_mut().map(|(policy, _)| policy))
    }

    /// Asks for a reload. Those that come while one is under way are merged into one that follows it: what that one has
    /// loaded may be older than they are.
    pub(crate) fn ask(&mut self, policy: Policy, by: impl IntoIterator<Item = RequestId>) {
        let mut asked_by = self.withdraw().unwrap_or_default();
        asked_by.extend(by);
        self.queued = Some((policy, asked_by));
    }

    /// Takes back the reload that waits, and gives who asked for it.
    pub(crate) fn withdraw(&mut self) -> Option<Vec<RequestId>> {
        self.queued.take().map(|(_, asked_by)| asked_by)
    }

    /// Begins the reload that waits, if there is one: a new generation.
    pub(crate) fn begin(&mut self) -> Option<Generation> {
        let (policy, asked_by) = self.queued.take()?;
        self.last_generation = Generation(self.last_generation.0 + 1);
        self.next_policy = Some(policy);
        self.rollout = Some(Rollout::new(self.last_generation, asked_by));
        Some(self.last_generation)
    }

    /// Begins the reload that waits, if there is one, as one that replaces at once: gives its policy, which is in force, and who
    /// has asked for it.
    pub(crate) fn replace(&mut self) -> Option<(Policy, Vec<RequestId>)> {
        let waiting = self.queued.take()?;
        self.last_generation = Generation(self.last_generation.0 + 1);
        self.generation = self.last_generation;
        Some(waiting)
    }

    /// The canary has held: gives the generation, and the policy that takes effect. What was in force is kept for a way back.
    pub(crate) fn prove(&mut self, in_force: &Policy, target: u16) -> Option<(Generation, Option<Policy>)> {
        let rollout = self.rollout.as_mut()?;
        rollout.stage = RolloutStage::Proven;
        let policy = self.next_policy.take();
        if policy.is_some() {
            rollout.before = Some((in_force.clone(), target));
        }
        Some((rollout.to, policy))
    }

    /// Every worker runs the new generation: gives it, and the policy that takes effect if it has not yet.
    pub(crate) fn commit(&mut self) -> Option<(Generation, Option<Policy>)> {
        let rollout = self.rollout.take()?;
        self.generation = rollout.to;
        self.frozen = false;
        self.settling.extend(rollout.asked_by.into_iter().map(|asker| (rollout.to, asker)));
        Some((rollout.to, self.next_policy.take()))
    }

    /// The new generation does not work.
    pub(crate) fn reject(&mut self) -> Option<Rejected> {
        let rollout = self.rollout.take()?;
        self.frozen = true;
        Some(Rejected { rollout, policy: self.next_policy.take() })
    }

    /// Takes out who waits for a generation of which `is_settled` says that no older worker is left.
    pub(crate) fn settle(&mut self, is_settled: impl Fn(Generation) -> bool) -> Vec<(Generation, RequestId)> {
        self.settling.extract_if(.., |(generation, _)| is_settled(*generation)).collect()
    }

    /// Ends every reload, and returns the clients that wait for one.
    pub(crate) fn abandon(&mut self) -> Vec<RequestId> {
        let mut asked_by = self.rollout.take().map(|rollout| rollout.asked_by).unwrap_or_default();
        asked_by.extend(self.withdraw().unwrap_or_default());
        asked_by.extend(std::mem::take(&mut self.settling).into_iter().map(|(_, asker)| asker));
        self.next_policy = None;
        asked_by
    }
}
