//! Templates: processes that have loaded the application once, and that workers are forked from.
//!
//! Owns: the life of each template, and which forks it still owes an answer for. Does not own: what follows for the
//! service from any of it (`supervisor/preload.rs`), nor the process.
//!
//! A template is not a worker: it has no slot, serves no client and drains nothing.
//!
//! ```text
//!   booting -> ready -> away (it has ended) -> booting again, after a pause
//!      |  `-> unfit (its process goes; this generation is spawned plainly)
//!      `----> dumping (too late: it prints its stack) -> away
//! ```
//!
//! Invariants: one template for a generation; a generation waits for its template only until that was ready, unfit or
//! away for the first time.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use crate::{Generation, Origin, Policy, WorkerId};

/// Every template, and what was asked of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Templates {
    known: BTreeMap<Generation, Template>,
    /// Forks that were asked for and are not there yet: of which generation, and when they count as failed.
    forks: BTreeMap<WorkerId, (Generation, Instant)>,
}

#[derive(Clone, Debug)]
struct Template {
    state: State,
    /// Nothing of its generation is spawned before it is known what becomes of it.
    is_waited_for: bool,
    /// Ends in a row, without a long life in between.
    failures: u32,
}

/// Where a template is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It loads the application.
    Booting { since: Instant, boot_by: Option<Instant> },
    /// It has taken too long; it prints its stack, and is killed then.
    Dumping { until: Instant },
    /// It waits for orders.
    Ready { since: Instant },
    /// The application does what a fork does not survive.
    Unfit,
    /// It is gone, and is started again then.
    Away { not_before: Instant },
}

/// What time has done to the templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// It has taken too long to load, and is asked where it hangs.
    Boot(Generation),
    /// It has had the time for that.
    Dump(Generation),
    /// It does not fork.
    Fork(Generation),
}

/// How a template was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Its generation had waited for it.
    pub(crate) was_waited_for: bool,
    /// When it may be started again.
    pub(crate) retry_in: Duration,
}

impl Templates {
    /// The longest pause before a template is started again.
    const LONGEST_PAUSE: Duration = Duration::from_secs(30);

    /// How a worker of this generation is started; `None`: that is not known yet.
    pub(crate) fn origin(&self, generation: Generation) -> Option<Origin> {
        let Some(template) = self.known.get(&generation) else { return Some(Origin::Plain) };
        match template.state {
            State::Ready { .. } => Some(Origin::Template(generation)),
            State::Booting { .. } | State::Dumping { .. } if template.is_waited_for => None,
            _ => Some(Origin::Plain),
        }
    }

    pub(crate) fn is_ready(&self, generation: Generation) -> bool {
        self.origin(generation) == Some(Origin::Template(generation))
    }

    /// The newest generation whose template is ready.
    pub(crate) fn newest_ready(&self) -> Option<Generation> {
        self.known.keys().copied().rfind(|generation| self.is_ready(*generation))
    }

    pub(crate) fn knows(&self, generation: Generation) -> bool {
        self.known.contains_key(&generation)
    }

    /// The generation has no template and gets none.
    pub(crate) fn do_without(&mut self, generation: Generation) {
        let template = Template { state: State::Unfit, is_waited_for: false, failures: 0 };
        self.known.insert(generation, template);
    }

    /// It starts now. Whether it is urgent.
    pub(crate) fn make(&mut self, generation: Generation, limit: Option<Duration>, now: Instant) -> bool {
        let state = State::Booting { since: now, boot_by: limit.map(|limit| now + limit) };
        let template = self.known.entry(generation);
        let template = template.and_modify(|it| it.state = state).or_insert(Template {
            state,
            is_waited_for: true,
            failures: 0,
        });
        template.is_waited_for
    }

    /// A warm one is made now, for which nobody waits.
    pub(crate) fn warm(&mut self, generation: Generation, limit: Duration, now: Instant) {
        let state = State::Booting { since: now, boot_by: Some(now + limit) };
        self.known.insert(generation, Template { state, is_waited_for: false, failures: 0 });
    }

    /// Whether it is away, and its pause is over.
    pub(crate) fn may_return(&self, generation: Generation, now: Instant) -> bool {
        let template = self.known.get(&generation);
        template.is_some_and(|it| matches!(it.state, State::Away { not_before } if not_before <= now))
    }

    /// It has loaded the application. Returns how long that took; `None` if it was not booting.
    pub(crate) fn ready(&mut self, generation: Generation, now: Instant) -> Option<Duration> {
        let template = self.known.get_mut(&generation)?;
        let State::Booting { since, .. } = template.state else { return None };
        template.state = State::Ready { since: now };
        template.is_waited_for = false;
        Some(now.saturating_duration_since(since))
    }

    /// It has loaded the application, and is no good. False if it was not booting.
    pub(crate) fn unfit(&mut self, generation: Generation) -> bool {
        let Some(template) = self.known.get_mut(&generation) else { return false };
        let booting = matches!(template.state, State::Booting { .. });
        if booting {
            template.state = State::Unfit;
            template.is_waited_for = false;
        }
        booting
    }

    /// More time for a boot, never less, and never more than a boot may take in all.
    pub(crate) fn extend(&mut self, generation: Generation, by: Duration, now: Instant) {
        if let Some(template) = self.known.get_mut(&generation)
            && let State::Booting { since, boot_by: Some(boot_by) } = &mut template.state
        {
            let longest = *since + Policy::LONGEST_BOOT;
            *boot_by = (*boot_by).max(now + by.min(Policy::LONGEST_BOOT)).min(longest);
        }
    }

    /// It has ended, or is about to. `None` if that was known.
    pub(crate) fn lost(&mut self, generation: Generation, now: Instant) -> Option<Lost> {
        let template = self.known.get_mut(&generation)?;
        match template.state {
            State::Unfit | State::Away { .. } => return None,
            State::Ready { since } if now.saturating_duration_since(since) >= Self::LONGEST_PAUSE => {
                template.failures = 0;
            }
            State::Ready { .. } | State::Booting { .. } | State::Dumping { .. } => {}
        }
        let pause = Duration::from_secs(1 << template.failures.min(5)).min(Self::LONGEST_PAUSE);
        template.failures += 1;
        template.state = State::Away { not_before: now + pause };
        let was_waited_for = std::mem::take(&mut template.is_waited_for);
        Some(Lost { was_waited_for, retry_in: pause })
    }

    /// It was asked for its stack.
    pub(crate) fn dump(&mut self, generation: Generation, until: Instant) {
        if let Some(template) = self.known.get_mut(&generation) {
            template.state = State::Dumping { until };
        }
    }

    /// Forgets the templates of these generations: those whose process has to go.
    pub(crate) fn forget(&mut self, which: impl Fn(Generation) -> bool) -> Vec<Generation> {
        let gone: Vec<_> = self.known.keys().copied().filter(|generation| which(*generation)).collect();
        let has_process = |template: &Template| !matches!(template.state, State::Unfit | State::Away { .. });
        gone.into_iter()
            .filter(|generation| self.known.remove(generation).as_ref().is_some_and(has_process))
            .collect()
    }

    /// A worker was asked for.
    pub(crate) fn fork(&mut self, id: WorkerId, generation: Generation, until: Instant) {
        self.forks.insert(id, (generation, until));
    }

    /// The worker is there, or will not be. Whether it was asked for.
    pub(crate) fn forked(&mut self, id: WorkerId) -> bool {
        self.forks.remove(&id).is_some()
    }

    /// The workers that were asked of this template and will not come.
    pub(crate) fn take_forks(&mut self, generation: Generation) -> Vec<WorkerId> {
        let of_it = self.forks.iter().filter(|(_, (of, _))| *of == generation).map(|(id, _)| *id);
        let taken: Vec<_> = of_it.collect();
        self.forks.retain(|_, (of, _)| *of != generation);
        taken
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let boots = self.known.values().filter_map(|template| match template.state {
            State::Booting { boot_by, .. } => boot_by,
            State::Dumping { until } => Some(until),
            State::Away { not_before } => Some(not_before),
            State::Ready { .. } | State::Unfit => None,
        });
        boots.chain(self.forks.values().map(|(_, until)| *until)).min()
    }

    /// Promises that are overdue.
    pub(crate) fn overdue(&self, now: Instant) -> Vec<Overdue> {
        let mut overdue: Vec<_> = self
            .known
            .iter()
            .filter_map(|(generation, template)| match template.state {
                State::Booting { boot_by: Some(by), .. } if by <= now => Some(Overdue::Boot(*generation)),
                State::Dumping { until } if until <= now => Some(Overdue::Dump(*generation)),
                _ => None,
            })
            .collect();
        let late = self.forks.values().filter(|(_, until)| *until <= now);
        overdue.extend(late.map(|(generation, _)| Overdue::Fork(*generation)));
        overdue.dedup();
        overdue
    }

    /// What had to be done in that time gets as much time again.
    pub(crate) fn postpone(&mut self, by: Duration) {
        for template in self.known.values_mut() {
            match &mut template.state {
                State::Booting { boot_by: Some(until), .. } | State::Dumping { until } => *until += by,
                _ => {}
            }
        }
        for (_, until) in self.forks.values_mut() {
            *until += by;
        }
    }
}
