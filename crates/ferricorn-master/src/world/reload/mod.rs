//! Reloads: the configuration is read first, and takes effect when its generation is proven.

pub(super) mod develop;
mod imports;

use ferricorn_config::Settings;
use ferricorn_core::{Command, Event, Generation, Notice};
use ferricorn_sys::{PidFileError, PreparedPidFile, wait};
use tracing::{error, info, warn};

use super::{Done, World, policy, sockets};
use crate::{
    Program,
    hooks::About,
    outside::{limits, rights, title},
    reload::{Candidate, Committed},
    reports::reasons,
};

impl World {
    /// Lets the workers of another program be replaced. It keeps the number of workers that was asked for.
    pub(crate) fn replace_inherited(&mut self, scaled_to: Option<u16>) -> Event {
        self.scaled_to = scaled_to;
        self.ask_reload(true)
    }

    /// A request for a reload. `wait`: whether the answer is its outcome.
    pub(in crate::world) fn ask_reload(&mut self, wait: bool) -> Event {
        if self.predecessor.is_gone() {
            self.standing.reload();
        }
        self.ask(Command::Reload { wait })
    }

    /// Reads the settings again. A configuration file in Python is executed by a process of its own, and the answer comes later.
    pub(in crate::world) fn read_settings(&mut self) -> Done {
        let answer = match self.program.configuration.begin() {
            Ok(Some(question)) => match self.reloading.execute(&question) {
                Ok(()) => return Done::Nothing,
                Err(error) => Err(error.to_string()),
            },
            Ok(None) => Ok(None),
            Err(text) => Err(text),
        };
        Done::Happened(self.settings_read(answer))
    }

    /// Python has executed the configuration file, or has failed to.
    pub(in crate::world) fn file_executed(&mut self, exit: wait::Exit) -> Option<Event> {
        let answer = self.reloading.answered(exit)?;
        Some(self.settings_read(answer.map(Some).map_err(|error| error.to_string())))
    }

    /// What became of reading the settings. `answer`: Python's, if it was asked.
    fn settings_read(&mut self, answer: Result<Option<String>, String>) -> Event {
        match answer.and_then(|answer| self.prepare(answer.as_deref())) {
            Ok(candidate) => {
                let mut policy = policy::from_settings(&candidate.settings);
                policy.workers = self.scaled_to.take().unwrap_or(policy.workers);
                self.reloading.read(candidate);
                Event::SettingsRead(Box::new(policy))
            }
            Err(reason) => Event::SettingsFailed { reason },
        }
    }

    /// Makes settings, and opens what they need.
    fn prepare(&mut self, answer: Option<&str>) -> Result<Candidate, String> {
        let (is_master, held) = (self.predecessor.is_gone(), self.listeners.len());
        let Program { settings, configuration, log, invocation, .. } = &mut self.program;
        let search = invocation.python_search();
        let mut reread = configuration.finish(answer)?;
        let warnings = std::mem::take(&mut reread.warnings);
        // What is watched is decided at the start, and with it what a reload is.
        reread.settings.reload.clone_from(&settings.reload);
        reread.settings.logs.asked_level = settings.logs.asked_level;
        let candidate = Candidate::new(reread, settings, held, log.as_mut(), is_master, &search)?;
        for warning in warnings {
            warn!("{warning}");
        }
        Ok(candidate)
    }

    /// The core has accepted the settings that were read: whoever is called for a reload hears of it.
    fn accept_candidate(&mut self) {
        let Some(candidate) = self.reloading.accept() else { return };
        rights::give_logs(&candidate.settings);
        self.hooks.propose(&candidate.settings, candidate.log.colors);
        self.call_hook("on_reload", About::candidate());
    }

    /// What the core says of a reload, before it is logged.
    pub(in crate::world) fn follow(&mut self, notice: &Notice) {
        match notice {
            Notice::SettingsRead => self.accept_candidate(),
            Notice::SettingsUnread(why) => {
                let why = reasons::unread(why);
                let line = why.lines().next().unwrap_or_default();
                self.standing.reloaded(&format!("not reloaded, nothing changes: {line}"));
            }
            Notice::ReloadStarted(generation) => self.reloading.started(*generation),
            Notice::ReloadCommitted(generation) => {
                self.commit(*generation);
                self.standing.reloaded(&format!("every worker runs generation {generation}"));
            }
            Notice::Replacing(generation) => {
                self.reloading.started(*generation);
                self.commit(*generation);
                self.standing.reloaded(&format!("every worker runs generation {generation}"));
                if let Some(bench) = &mut self.bench {
                    bench.boots();
                }
            }
            // The sockets that were opened for it are closed with it.
            Notice::ReloadRejected { generation, .. } => {
                drop(self.reloading.take(*generation));
                rights::give_logs(&self.program.settings);
                self.hooks.discard();
                self.standing
                    .reloaded(&format!("generation {generation} does not work, the old one serves on"));
            }
            _ => {}
        }
    }

    fn commit(&mut self, generation: Generation) {
        let Some(candidate) = self.reloading.take(generation) else { return };
        let moves = candidate.moves(self.listeners.len());
        let Committed { settings, log, pid_file, listeners, superseded } =
            candidate.commit(std::mem::take(&mut self.listeners));
        self.tell_where_the_log_goes(&settings);
        (log.begin)();
        // A statsd server that is new has got no message yet.
        self.told_workers = None;
        let before = std::mem::replace(&mut self.program.settings, settings);
        // It was prepared before, perhaps with another level.
        self.program.log.set_level(self.program.settings.master_level());
        if before.max_worker_memory != self.program.settings.max_worker_memory {
            limits::tell_share(&self.program.settings);
        }
        title::show_name(&self.program.settings);
        self.listeners = listeners;
        self.hooks.commit();
        self.endpoint.change(&self.program.settings.metrics);
        self.renew_pid_file(pid_file);
        sockets::close(superseded);
        if moves {
            info!("Listening at: {} ({})", self.addresses(), ferricorn_sys::pid());
        }
    }

    /// The last line of a log when another one replaces it, for its readers.
    fn tell_where_the_log_goes(&self, settings: &Settings) {
        let old = &self.program.settings;
        if (&old.error_log, &old.chdir) == (&settings.error_log, &settings.chdir) {
            return;
        }
        let place = settings.error_log.as_ref().map_or_else(
            || "standard error".to_owned(),
            |path| format!("`{}`", settings.chdir.join(path).display()),
        );
        info!("Further log lines go to {place}");
    }

    /// The pid file gets its place, where scripts find it.
    pub(crate) fn put_pid_file(&mut self, prepared: PreparedPidFile) -> Result<(), PidFileError> {
        prepared.put(&mut self.pid_file)
    }

    /// The pid file of the new settings takes the place of the old one.
    fn renew_pid_file(&mut self, prepared: Option<PreparedPidFile>) {
        match prepared {
            Some(prepared) => {
                if let Err(error) = self.put_pid_file(prepared) {
                    error!("{error}");
                }
            }
            None if self.program.settings.pid_file.is_none() => self.pid_file = None,
            // The service has become ours since.
            None if self.predecessor.is_gone() => self.write_pid_file(),
            None => {}
        }
    }

    /// The new sockets of a generation listen from the moment on at which one of its workers serves. Whether they all do.
    pub(in crate::world) fn listen_for(&self, generation: Generation) -> bool {
        let Some(candidate) = self.reloading.of(generation) else { return true };
        for listener in candidate.new_listeners() {
            if let Err(error) = listener.listen(candidate.settings.backlog) {
                error!("cannot listen on {}: {error}", listener.address());
                return false;
            }
        }
        true
    }
}
