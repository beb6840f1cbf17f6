//! What the master tells as metrics, by gunicorn's names.

use ferricorn_sys::Listener;
use tracing::info;

use super::World;
use crate::METRIC;

impl World {
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
