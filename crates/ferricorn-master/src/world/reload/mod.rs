//! Reloads: the configuration is read first, and takes effect when its generation is proven.

pub(super) mod develop;
mod imports;

use std::collections::VecDeque;

use ferricorn_config::Settings;
use ferricorn_core::{Command, Event, Generation, Notice, RequestId, WorkerId};
use ferricorn_sys::{PidFileError, PreparedPidFile, wait};
use ferricorn_wire::control::Response;
use tracing::{error, info, warn};

use super::{World, policy, sockets};
use crate::{
    Program,
    hooks::About,
    outside::{limits, rights, title},
    reload::{Asker, Candidate, Committed},
};

impl World {
    /// Lets the workers of another program be replaced. It keeps the number of workers that was asked for.
    pub(crate) fn replace_inherited(&mut self, scaled_to: Option<u16>, queue: &mut VecDeque<Event>) {
        self.scaled_to = scaled_to;
        self.ask_reload(queue);
    }

    /// Reads the configuration again, and asks the core for a reload if that works.
    pub(crate) fn ask_reload(&mut self, queue: &mut VecDeque<Event>) {
        self.reload_for(Vec::new(), queue);
    }

    /// As [`Self::ask_reload`], for those who want to hear of it.
    pub(in crate::world) fn reload_for(&mut self, askers: Vec<Asker>, queue: &mut VecDeque<Event>) {
        if self.predecessor.is_gone() {
            self.standing.reload();
        }
        if self.reloading.is_reading() {
            return self.reloading.ask_again(askers);
        }
        let asked = match self.program.configuration.begin() {
            Ok(Some(question)) => self.reloading.ask(&question),
            Ok(None) => return self.apply(None, askers, queue),
            Err(text) => Err(text),
        };
        match asked {
            Ok(()) => self.reloading.askers = askers,
            Err(text) => {
                self.unchanged(&text, askers);
                self.replace_all_the_same(queue);
            }
        }
    }

    /// Python has executed the configuration file, or has failed to.
    pub(in crate::world) fn file_executed(&mut self, exit: wait::Exit, queue: &mut VecDeque<Event>) {
        let Some(answered) = self.reloading.answered(exit) else { return };
        match answered.answer {
            Ok(answer) => self.apply(Some(&answer), answered.askers, queue),
            Err(text) => {
                self.unchanged(&text, answered.askers);
                self.replace_all_the_same(queue);
            }
        }
        if let Some(askers) = answered.again {
            self.reload_for(askers, queue);
        }
    }

    fn apply(&mut self, answer: Option<&str>, askers: Vec<Asker>, queue: &mut VecDeque<Event>) {
        let (is_master, held) = (self.predecessor.is_gone(), self.listeners.len());
        let Program { settings, configuration, log, invocation, .. } = &mut self.program;
        let search = invocation.python_search();
        let candidate = configuration.finish(answer).and_then(|mut reread| {
            let warnings = std::mem::take(&mut reread.warnings);
            // What is watched is decided at the start, and with it what a reload is.
            reread.settings.reload.clone_from(&settings.reload);
            reread.settings.logs.asked_level = settings.logs.asked_level;
            let candidate = Candidate::new(reread, settings, held, log.as_mut(), is_master, &search)?;
            Ok((candidate, warnings))
        });
        let (candidate, warnings) = match candidate {
            Ok(found) => found,
            Err(text) => {
                self.unchanged(&text, askers);
                return self.replace_all_the_same(queue);
            }
        };
        for warning in warnings {
            warn!("{warning}");
        }
        rights::give_logs(&candidate.settings);
        let mut policy = policy::from_settings(&candidate.settings);
        policy.workers = self.scaled_to.take().unwrap_or(policy.workers);
        self.hooks.propose(&candidate.settings, candidate.log.colors);
        self.call_hook("on_reload", About::candidate());
        self.reloading.asked(candidate);
        if askers.is_empty() {
            let event = self.ask(Command::Reload(Box::new(policy)));
            return queue.push_back(event);
        }
        for Asker { answer, wait } in askers {
            let event = self.ask(Command::Reload(Box::new(policy.clone())));
            if wait {
                self.control.remember(RequestId(self.requests), answer);
            } else {
                // It may have hung up.
                let _ = answer.send(Response::Done { text: "the reload begins".to_owned() });
            }
            queue.push_back(event);
        }
    }

    fn unchanged(&mut self, text: &str, askers: Vec<Asker>) {
        error!("Not reloaded, nothing changes: {text}");
        self.standing
            .reloaded(&format!("not reloaded, nothing changes: {}", text.lines().next().unwrap_or_default()));
        for Asker { answer, .. } in askers {
            // It may have hung up.
            let _ = answer.send(Response::Failed { text: format!("not reloaded, nothing changes: {text}") });
        }
    }

    /// What the core says of a reload, before it is logged.
    pub(in crate::world) fn follow(&mut self, notice: &Notice) {
        match notice {
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
            || "at standard error".to_owned(),
            |path| format!("in `{}`", settings.chdir.join(path).display()),
        );
        info!("The log goes on {place}");
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

    /// The new sockets of a generation listen from the moment on at which one of its workers serves.
    pub(in crate::world) fn listen_for(&self, id: WorkerId) {
        let Some(member) = self.crew.get(id) else { return };
        let Some(candidate) = self.reloading.of(member.generation) else { return };
        for listener in candidate.new_listeners() {
            if let Err(error) = listener.listen(candidate.settings.backlog) {
                error!("cannot listen on {}: {error}", listener.address());
            }
        }
    }
}
