//! The level of the log that a client has set in the running service.
//!
//! It is stronger than all that settings say, and holds for the master and for every worker, those of a later generation
//! included, until the service is started again: an upgrade passes it on.

use ferricorn_config::LogLevel;
use ferricorn_wire::{ToWorker, control::Response, upgrade::Estate};
use tracing::info;

use super::World;

impl World {
    /// Changes the level by its name. Returns the answer for the client: the old level and the new one.
    pub(super) fn change_level(&mut self, name: &str) -> Response {
        let Some(new) = LogLevel::named(name) else {
            return Response::Failed { text: format!("there is no log level `{name}`") };
        };
        let (old, new_name) = (self.program.settings.master_level().as_str(), new.as_str());
        // One of the two lines is seen, whichever of the levels is the stricter one.
        info!("Handling command: log-level {new_name}");
        self.ask_level(new);
        info!("Log level: {old} to {new_name}");
        Response::Done { text: format!("log level {new_name}, it was {old}") }
    }

    /// Goes on with the level that the predecessor was asked for, and with what it knew of the workers.
    pub(crate) fn take_on(&mut self, estate: &Estate) {
        self.runs = estate.runs.as_deref().cloned();
        if let Some(level) = estate.log_level.as_deref().and_then(LogLevel::named) {
            self.ask_level(level);
        }
    }

    fn ask_level(&mut self, level: LogLevel) {
        self.program.settings.logs.asked_level = Some(level);
        self.program.log.set_level(level);
        self.reloading.ask_level(level);
        self.hooks.set_level(level);
        for id in self.crew.ids() {
            self.crew.tell(id, &ToWorker::LogLevel { level: level.as_str().to_owned() });
        }
    }
}
