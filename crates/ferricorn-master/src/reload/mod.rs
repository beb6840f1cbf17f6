//! How far a reload is: settings are read again, become a [`candidate`], and take effect when its generation is proven.
//!
//! Owns: the way of new settings from the signal to the commit. Nothing holds until the core has proven the generation:
//! a file that cannot be read, an address that cannot be had and a generation that does not work each leave everything as
//! it is. Does not own: reading (a `Configuration` does), what settings need ([`Candidate`]), nor when a generation is
//! proven.

mod candidate;

use std::time::{Duration, Instant};

use ferricorn_config::{LogLevel, Settings};
use ferricorn_core::Generation;
use ferricorn_sys::wait;

use ferricorn_wire::control::Response;
use tokio::sync::oneshot;

use crate::{Question, companions::helper::Helper};
pub(crate) use candidate::{Candidate, Committed};

/// How long a configuration file in Python may take at a reload.
const FILE_LIMIT: Duration = Duration::from_secs(60);

/// Who asked for a reload and waits for an answer: until it is over, or until it begins.
pub(crate) struct Asker {
    pub(crate) answer: oneshot::Sender<Response>,
    pub(crate) wait: bool,
}

/// A file that has been executed.
pub(crate) struct Answered {
    pub(crate) answer: Result<String, String>,
    pub(crate) askers: Vec<Asker>,
    /// It is to be executed once more, for these.
    pub(crate) again: Option<Vec<Asker>>,
}

/// Where reloads are.
#[derive(Default)]
pub(crate) struct Reloading {
    helper: Option<(Helper, Instant)>,
    /// Who wants to hear of the file that is being executed.
    pub(crate) askers: Vec<Asker>,
    /// Another was asked for while a file was being executed, by these.
    again: Option<Vec<Asker>>,
    /// Told to the core, and not begun.
    asked: Option<Candidate>,
    /// Under way.
    begun: Option<(Generation, Candidate)>,
}

impl Reloading {
    /// Whether a file is being executed.
    pub(crate) fn is_reading(&self) -> bool {
        self.helper.is_some()
    }

    /// The file is to be executed once more, since it may have been read before it was changed.
    pub(crate) fn ask_again(&mut self, askers: Vec<Asker>) {
        self.again.get_or_insert_default().extend(askers);
    }

    /// Executes a file.
    pub(crate) fn ask(&mut self, question: &Question) -> Result<(), String> {
        let helper = Helper::config_file(question).map_err(|error| error.to_string())?;
        self.helper = Some((helper, Instant::now() + FILE_LIMIT));
        Ok(())
    }

    /// The process that executes a file.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.helper.as_ref().map(|(helper, _)| helper.pid())
    }

    /// Ends a file that takes too long.
    pub(crate) fn look(&self) {
        if let Some((helper, until)) = &self.helper
            && Instant::now() >= *until
        {
            helper.kill();
        }
    }

    /// The file has been executed.
    pub(crate) fn answered(&mut self, exit: wait::Exit) -> Option<Answered> {
        let (helper, until) = self.helper.take()?;
        let late = Instant::now() >= until;
        let answer = helper.answer(exit).map_err(|error| {
            let limit = FILE_LIMIT.as_secs();
            if late {
                format!("the configuration file took longer than {limit} s")
            } else {
                error.to_string()
            }
        });
        Some(Answered { answer, askers: std::mem::take(&mut self.askers), again: self.again.take() })
    }

    /// The core will get an event.
    pub(crate) fn asked(&mut self, candidate: Candidate) {
        self.asked = Some(candidate);
    }

    /// The core has begun what was asked last.
    pub(crate) fn started(&mut self, generation: Generation) {
        self.begun = self.asked.take().map(|candidate| (generation, candidate));
    }

    /// The candidate of a generation that is under way.
    pub(crate) fn of(&self, generation: Generation) -> Option<&Candidate> {
        self.begun.as_ref().filter(|(begun, _)| *begun == generation).map(|(_, candidate)| candidate)
    }

    /// Whatever is under way has this level of the log from now on.
    pub(crate) fn ask_level(&mut self, level: LogLevel) {
        let begun = self.begun.as_mut().map(|(_, candidate)| candidate);
        for candidate in begun.into_iter().chain(&mut self.asked) {
            candidate.settings.logs.asked_level = Some(level);
        }
    }

    /// The settings of a generation: those of its candidate, or those that hold.
    pub(crate) fn settings_of<'a>(&'a self, generation: Generation, held: &'a Settings) -> &'a Settings {
        self.of(generation).map_or(held, |candidate| &candidate.settings)
    }

    /// The generation under way is over, one way or the other.
    pub(crate) fn take(&mut self, generation: Generation) -> Option<Candidate> {
        self.begun.take_if(|(begun, _)| *begun == generation).map(|(_, candidate)| candidate)
    }
}
