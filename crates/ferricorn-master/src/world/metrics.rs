//! What the master counts of the life of the service, and what it sends as metrics by gunicorn's names.

use std::{collections::VecDeque, time::Duration};

use ferricorn_core::{Event, Notice, Vitals, WorkerId};
use ferricorn_sys::Listener;
use ferricorn_telemetry::metrics::Counter;
use tracing::info;

use super::{World, report::Look};
use crate::METRIC;

/// How much longer than the timeout all workers may be silent before the service manager is to see to the master: by then
/// it should have replaced them.
const WATCHDOG_GRACE: Duration = Duration::from_secs(5);

impl World {
    /// Tells the service manager what is due: that the service lives, how it is, that its start needs more time.
    pub(super) fn tell_manager(&mut self, vitals: &[(WorkerId, Vitals)], queue: &mut VecDeque<Event>) {
        if !self.predecessor.is_gone() || self.successor.serves() {
            return;
        }
        let settings = &self.program.settings;
        let timeout = settings.timeout;
        let most = timeout + WATCHDOG_GRACE;
        let all_silent = !timeout.is_zero()
            && !vitals.is_empty()
            && vitals.iter().all(|(_, vitals)| vitals.silent_for.is_some_and(|it| it > most));
        if !all_silent {
            self.standing.live();
        }
        // A stop gives the sockets up first of all.
        if !self.listeners.is_empty() {
            self.standing.boot(self.began.elapsed(), settings.boot_timeout);
        }
        if self.standing.is_due() {
            self.standing.begin();
            self.look(Look::Manager, queue);
        }
    }

    /// Counts what has happened. Ends of workers are counted where their cause is found.
    pub(super) fn count(&self, notice: &Notice) {
        let tallies = self.crew.tallies();
        let counter = match notice {
            Notice::Ready { boot, .. } => return tallies.add_boot(boot.as_secs_f64()),
            Notice::BootFailed { .. } | Notice::BootTimedOut { .. } | Notice::SpawnFailed { .. } => {
                Counter::BootFailed
            }
            Notice::Blocked { .. } => Counter::Hang,
            Notice::ReloadCommitted(_) | Notice::Replacing(_) => Counter::ReloadCommitted,
            Notice::ReloadRejected { .. } => Counter::ReloadRejected,
            Notice::SettingsUnread(_) => Counter::ReloadCalledOff,
            Notice::UpgradeFailed(_) => Counter::UpgradeRejected,
            Notice::UpgradeCalledOff => Counter::UpgradeCalledOff,
            Notice::TookOver => Counter::UpgradeCommitted,
            _ => return,
        };
        tallies.count(counter);
    }

    /// Tells the number of workers as a metric, whenever it has changed.
    pub(super) fn tell_workers(&mut self) {
        let workers = self.crew.len();
        if self.told_workers.replace(workers) != Some(workers) {
            info!(target: METRIC, metric = "gunicorn.workers", value = workers as u64);
        }
    }

    /// Sends how many connections wait to be accepted, as a metric, if it is enabled.
    pub(super) fn tell_backlog(&self) {
        if self.program.settings.logs.statsd.as_ref().is_some_and(|statsd| statsd.backlog) {
            let waiting: u32 = self.listeners.iter().filter_map(Listener::waiting).sum();
            info!(target: METRIC, metric = "gunicorn.backlog", value = u64::from(waiting), kind = "h");
        }
    }
}
