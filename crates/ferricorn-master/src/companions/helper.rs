//! Helpers: Python processes that answer one question.
//!
//! One executes a configuration file, one loads the application as a worker would (`--check-config`). Owns: starting them, and the answer,
//! which travels in a memfd of its own: what the file or the application prints goes where the master's own output goes.
//! Does not own: what the answer means, nor when it is asked for.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read as _, Seek as _, Write as _},
    path::Path,
};

use ferricorn_config::{PythonTarget, Settings};
use ferricorn_sys::{memfd::memfd_empty, wait};
use ferricorn_wire::BootStage;
use serde_json::json;

use super::companion::Companion;
use crate::{
    Command, Question,
    python::{environment, shim::Job, start_message},
};

/// Why a configuration file could not be executed. What is wrong with the file itself is in the answer.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// The helper could not be started, or its answer not be read.
    #[error("cannot start Python: {0}")]
    System(#[from] io::Error),
    /// It ended without an answer: `os._exit`, a crash, a kill.
    #[error("Python ended without an answer ({0})")]
    NoAnswer(String),
}

/// A helper at work.
pub(crate) struct Helper {
    companion: Companion,
    answer: File,
}

impl Helper {
    /// Starts the one that executes a configuration file.
    pub(crate) fn config_file(question: &Question) -> Result<Self, ExecuteError> {
        let Question { python, file, command, variables } = question;
        let (kind, target): (&str, OsString) = match &file.target {
            PythonTarget::Path(path) => ("path", path.into()),
            PythonTarget::Module(name) => ("module", name.into()),
        };
        let words = vec!["config".into(), kind.into(), target];
        let environment = variables.clone();
        let job = Job { words, environment, directory: file.directory.clone(), rights: None };
        Self::start(python, command, job, "")
    }

    /// Starts one. The file of the answer holds the question until it is read: others can read a command line.
    fn start(python: &Path, command: &Command, job: Job, question: &str) -> Result<Self, ExecuteError> {
        let mut answer = memfd_empty("ferricorn-answer")?;
        answer.write_all(question.as_bytes())?;
        answer.rewind()?;
        let companion = Companion::start(python, command, &answer, job)?;
        Ok(Self { companion, answer })
    }

    /// Its pid.
    pub(crate) fn pid(&self) -> i32 {
        self.companion.pid()
    }

    /// Ends it.
    pub(crate) fn kill(&self) {
        self.companion.kill();
    }

    /// The answer, once the helper has exited.
    pub(crate) fn answer(mut self, exit: wait::Exit) -> Result<String, ExecuteError> {
        let mut text = String::new();
        self.answer.rewind()?;
        self.answer.read_to_string(&mut text)?;
        match exit {
            wait::Exit::Code(0) if !text.is_empty() => Ok(text),
            wait::Exit::Code(code) => Err(ExecuteError::NoAnswer(format!("exit code {code}"))),
            wait::Exit::Signal { number, .. } => {
                Err(ExecuteError::NoAnswer(wait::signal_name(number).to_owned()))
            }
        }
    }

    fn wait(self) -> Result<String, ExecuteError> {
        let exit = self.companion.wait()?;
        self.answer(exit)
    }
}

/// Executes a configuration file and waits for the answer. For the start only, before there is an event loop; call it from
/// the main thread.
pub fn execute(question: &Question) -> Result<String, ExecuteError> {
    Helper::config_file(question)?.wait()
}

/// Takes the steps of a worker up to its startup with this interpreter, and waits for the verdict: none, or what is wrong.
/// Call it from the main thread, before there is an event loop.
pub fn rehearse(
    settings: &Settings,
    python: &Path,
    command: &Command,
    version: &str,
) -> Result<Option<Unfit>, ExecuteError> {
    let question = json!({ "app": start_message::app(settings), "log": start_message::log(settings, false) });
    let environment = environment::for_worker(version, &settings.environment);
    let words = vec!["rehearsal".into()];
    let job = Job { words, environment, directory: settings.chdir.clone(), rights: None };
    let helper = Helper::start(python, command, job, &question.to_string())?;
    let answer: Answer = serde_json::from_str(&helper.wait()?).map_err(io::Error::other)?;
    Ok(answer.failure)
}

/// Why no worker would come as far as its startup.
#[derive(Debug, serde::Deserialize)]
pub struct Unfit {
    /// How far it would come.
    pub stage: BootStage,
    /// What is wrong, in words.
    pub text: String,
}

#[derive(serde::Deserialize)]
struct Answer {
    failure: Option<Unfit>,
}
