//! What the master counts of the life of the service, and what it tells as metrics by gunicorn's names.

use ferricorn_core::Notice;
use ferricorn_sys::Listener;
use ferricorn_telemetry::metrics::Counter;
use tracing::info;

use super::World;
use crate::METRIC;

impl World {
    /// Counts what has happened. Ends of workers are counted where their cause is found.
    pub(super) fn count(&self, notice: &Notice) {
        let tallies = self.crew.tallies();
        let counter = match notice {
            Notice::Ready { boot, .. } => return tallies.add_boot(boot.as_secs_f64()),
            Notice::BootFailed { .. } | Notice::BootTimedOut { .. } | Notice::SpawnFailed { .. } => {
                Counter::BootFailed
            }
            Notice::Blocked { .. } => Counter::Hang,
            Notice::ReloadCommitted(_) => Counter::ReloadCommitted,
            Notice::ReloadRejected { .. } => Counter::ReloadRejected,
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

    /// Tells how many connections wait to be accepted, as a metric, where it is wanted.
    pub(super) fn tell_backlog(&self) {
        if self.program.settings.logs.statsd.as_ref().is_some_and(|statsd| statsd.backlog) {
            let waiting: u32 = self.listeners.iter().filter_map(Listener::waiting).sum();
            info!(target: METRIC, metric = "gunicorn.backlog", value = u64::from(waiting), kind = "h");
        }
    }
}
