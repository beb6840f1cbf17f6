//! A warm template: for a service that is worked on, a process that has imported what the code imports from elsewhere, and
//! nothing of the code itself. A worker that is forked from it loads the code alone.
//!
//! The first boot is plain, and says what there is to import. Nobody ever waits for the template: while it is made, workers come
//! from the one before, or are spawned plainly. One that is lost is made anew when the next boot says what is missing.
//!
//! Invariants: there are two at most, of which the newest that is ready forks; one whose imports are no longer what is on
//! disk forks nobody.

use std::time::Instant;

use super::super::{Phase, Supervisor};
use crate::{Action, Generation, Policy};

impl Supervisor {
    /// A worker has imported what no template has.
    pub(in crate::supervisor) fn want_template(&mut self) {
        self.bench.wants_template = self.policy.is_development();
    }

    /// What a template has imported is not what is on disk, or was not imported in the environment that holds now.
    pub(in crate::supervisor) fn template_outdated(
        &mut self,
        generation: Generation,
        actions: &mut Vec<Action>,
    ) {
        if self.policy.is_development() && self.templates.knows(generation) {
            self.drop_templates(|it| it == generation, actions);
            self.want_template();
        }
    }

    /// Makes the template that is wanted when the newest worker serves, and lets those go that a newer one replaces.
    pub(super) fn arrange_warm_templates(&mut self, now: Instant, actions: &mut Vec<Action>) {
        let forks = self.templates.newest_ready();
        self.drop_templates(|it| forks.is_some_and(|newest| it < newest), actions);
        let settled = self.phase == Phase::Running && self.slots.keys().all(|slot| self.is_replaced(*slot));
        if !self.bench.wants_template || !settled || self.is_upgrading() || self.heir.is_some() {
            return;
        }
        self.bench.wants_template = false;
        let generation = self.reloads.generation();
        // One that is still being made lacks something; and a generation has one template.
        self.drop_templates(|it| it == generation || forks != Some(it), actions);
        self.templates.warm(generation, Policy::LONGEST_BOOT, now);
        // On a machine that is busy with other things, one that gives way would not be there for minutes.
        actions.push(Action::MakeTemplate { generation, urgent: true });
    }
}
