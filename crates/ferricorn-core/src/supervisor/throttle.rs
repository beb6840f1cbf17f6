//! Throttling: the kernel holds the service back, because its control group takes more than it may. What that explains
//! is logged once; and how much silence it excuses is decided here.
//!
//! Too little processor time excuses a worker that gets almost none ([`Vitals::starved`]), for as long as that lasts:
//! it takes nothing from others. Too little memory is different: nothing in the group makes progress until some is
//! given back, and what does not run gives nothing back. It doubles the timeout, and then the timeout holds, so that
//! the end of the worker that is silent sets the others free. The master is held back as well; that it was must not
//! excuse the same silence again and again.

use std::time::{Duration, Instant};

use super::Supervisor;
use crate::{Action, Notice, Vitals, WorkerId};

impl Supervisor {
    /// The timeout in force.
    pub(super) fn timeout(&mut self, now: Instant) -> Option<Duration> {
        let factor = if self.watch.short_of_memory(now).is_some() { 2 } else { 1 };
        self.policy.timeout.map(|timeout| timeout * factor)
    }

    /// Says once what explains that a worker is silent, or that the master was late.
    pub(super) fn tell_of_throttles(
        &mut self,
        samples: &[(WorkerId, Vitals)],
        late: bool,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let longest = samples.iter().filter_map(|(_, it)| it.silent_for).max().unwrap_or_default();
        let causes = self.watch.explain(longest, late, now);
        actions.extend(
            causes.into_iter().map(|(scarce, source)| Action::Notify(Notice::Throttled { scarce, source })),
        );
    }
}
