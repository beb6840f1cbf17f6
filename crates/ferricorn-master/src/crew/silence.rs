//! A worker whose event loop is silent: what keeps it from running, if not the application.
//!
//! Owns: the watch over one such worker. Does not own: how long silence is borne, and what an excuse is good for (both the
//! core's).
//!
//! Invariant: a worker that is heard of costs nothing; only of a silent one is anything read.

use std::time::{Duration, Instant};

use ferricorn_sys::activity;

/// How long a worker must be silent before we check why it does not run. Before that, nothing is read.
const SUSPICIOUS: Duration = Duration::from_millis(500);
/// How long a silent worker is watched before what it has got of a processor says something.
const WATCHED: Duration = Duration::from_millis(200);

/// The watch over one worker.
#[derive(Debug, Default)]
pub(super) struct Silence(Option<Watch>);

/// What keeps a silent worker from running, if not the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Excuse {
    /// The machine has not let it run: it could have, and has got less than a twentieth of a processor. An event loop
    /// needs next to nothing for a heartbeat.
    pub(super) starved: bool,
    /// It waits for a device or a file system.
    pub(super) held_up: bool,
}

/// What was seen of a worker since it was first seen to be silent.
#[derive(Debug)]
struct Watch {
    since: Instant,
    /// How long it had run by then.
    ran: Duration,
    looks: u32,
    /// At how many of the looks it ran or waited for a processor. To ask the kernel how long it has waited is not enough:
    /// while its control group has used up its quota, that does not grow (Linux 6.18).
    runnable: u32,
}

impl Silence {
    /// Looks at a worker that has been silent for so long; none: it has not been heard of yet.
    pub(super) fn look(&mut self, pid: i32, silent_for: Option<Duration>) -> Excuse {
        if silent_for.is_none_or(|silent_for| silent_for < SUSPICIOUS) {
            self.0 = None;
            return Excuse::default();
        }
        let Some(activity) = activity::of(pid) else { return Excuse::default() };
        let starved = activity::ran(pid).is_some_and(|ran| {
            let watch = self.0.get_or_insert_with(|| Watch::from(ran));
            watch.is_starved(ran, activity.is_runnable())
        });
        Excuse { starved, held_up: activity.is_held_up() }
    }
}

impl Watch {
    fn from(ran: Duration) -> Self {
        Self { since: Instant::now(), ran, looks: 0, runnable: 0 }
    }

    fn is_starved(&mut self, ran: Duration, runnable: bool) -> bool {
        self.looks += 1;
        self.runnable += u32::from(runnable);
        let watched = self.since.elapsed();
        let has_got = ran.saturating_sub(self.ran);
        // At the first look nothing is known but that it could run; one that loops for ever is found at the next.
        self.runnable * 2 > self.looks && (watched < WATCHED || has_got < watched / 20)
    }
}
