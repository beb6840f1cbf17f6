//! How far a reload is: settings are read again, become a [`candidate`], and take effect when its generation is proven.
//!
//! Owns: the process that executes a configuration file, and the candidates on their way to the commit. Nothing takes effect
//! until the core has proven the generation: a file that cannot be read, an address that cannot be had and a generation that
//! does not work each leave everything as it is. Does not own: when settings are read and for how long (the core decides
//! that), reading them (a `Configuration` does), what they need ([`Candidate`]), nor when a generation is proven.

mod candidate;

use ferricorn_config::{LogLevel, Settings};
use ferricorn_core::Generation;
use ferricorn_sys::wait;

use crate::{
    Question,
    companions::helper::{ExecuteError, Helper},
};
pub(crate) use candidate::{Candidate, Committed};

/// Where reloads are.
#[derive(Default)]
pub(crate) struct Reloading {
    /// The process that executes a configuration file.
    helper: Option<Helper>,
    /// Read, and not accepted by the core yet.
    read: Option<Candidate>,
    /// Accepted, and not begun.
    waiting: Option<Candidate>,
    /// Under way.
    begun: Option<(Generation, Candidate)>,
}

impl Reloading {
    /// Executes a file.
    pub(crate) fn execute(&mut self, question: &Question) -> Result<(), ExecuteError> {
        self.helper = Some(Helper::config_file(question)?);
        Ok(())
    }

    /// The process that executes a file.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.helper.as_ref().map(Helper::pid)
    }

    /// The file has been executed: the answer.
    pub(crate) fn answered(&mut self, exit: wait::Exit) -> Option<Result<String, ExecuteError>> {
        self.helper.take().map(|helper| helper.answer(exit))
    }

    /// New settings are prepared.
    pub(crate) fn read(&mut self, candidate: Candidate) {
        self.read = Some(candidate);
    }

    /// The core has accepted what was read last: gives it. It replaces what was still waiting.
    pub(crate) fn accept(&mut self) -> Option<&Candidate> {
        self.waiting = self.read.take();
        self.waiting.as_ref()
    }

    /// The core wants no new settings any more. The process is reaped like any other child.
    pub(crate) fn stop_reading(&mut self) {
        if let Some(helper) = self.helper.take() {
            helper.kill();
        }
        self.read = None;
    }

    /// The core has begun what was accepted last.
    pub(crate) fn started(&mut self, generation: Generation) {
        self.begun = self.waiting.take().map(|candidate| (generation, candidate));
    }

    /// The candidate of a generation that is under way.
    pub(crate) fn of(&self, generation: Generation) -> Option<&Candidate> {
        self.begun.as_ref().filter(|(begun, _)| *begun == generation).map(|(_, candidate)| candidate)
    }

    /// Every candidate has this level of the log from now on.
    pub(crate) fn ask_level(&mut self, level: LogLevel) {
        let begun = self.begun.as_mut().map(|(_, candidate)| candidate);
        for candidate in begun.into_iter().chain(&mut self.waiting).chain(&mut self.read) {
            candidate.settings.logs.asked_level = Some(level);
        }
    }

    /// The settings of a generation: those of its candidate, or those in effect.
    pub(crate) fn settings_of<'a>(&'a self, generation: Generation, in_effect: &'a Settings) -> &'a Settings {
        self.of(generation).map_or(in_effect, |candidate| &candidate.settings)
    }

    /// The generation under way is over, one way or the other.
    pub(crate) fn take(&mut self, generation: Generation) -> Option<Candidate> {
        self.begun.take_if(|(begun, _)| *begun == generation).map(|(_, candidate)| candidate)
    }
}
