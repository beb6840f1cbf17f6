//! From options to settings: which configuration file there is, what it says, and which settings result.
//!
//! Owns: finding the file, reading TOML files and the facts of the machine. Does not own: executing a Python file (the
//! master does, at a reload without waiting for it), nor what anything means (`ferricorn-config`).
//!
//! One file is read: the one that is named (command line, `FERRICORN_CONFIG`, `GUNICORN_CMD_ARGS`, in this order), else
//! the first of `ferricorn.toml`, a `pyproject.toml` with a table `[tool.ferricorn]`, and `gunicorn.conf.py`.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use ferricorn_config::{
    Accounts, ConfigError, Environment, Facts, FileContent, Given, Input, Layer, PythonFile, PythonTarget,
    Resolved, Settings, read_toml, resolve,
};
use ferricorn_master::{
    Command, ExecuteError, InterpreterError, PythonSearch, Question, Reread, SystemAccounts,
};

use crate::{cli::StartRequest, guess, target};

/// Everything that settings are made from, kept so that they can be made again.
pub struct Configuration {
    request: StartRequest,
    environment: Environment,
    process: ProcessStart,
    /// The file of a reload that waits for Python's answer.
    source: Option<Source>,
}

/// How the process was started. Nothing else of the process counts for its settings.
pub struct ProcessStart {
    /// The command line, which a Python file sees in `sys.argv`.
    pub command: Command,
    /// The variables, which a Python file sees.
    pub variables: Vec<(OsString, OsString)>,
    /// The directory that the program was started in, by the name that the user has for it.
    pub directory: PathBuf,
    /// Finds the interpreter that executes a Python file.
    pub python: PythonSearch,
    /// The users and groups of the system, and whose rights the process has.
    pub accounts: Box<dyn Accounts>,
}

impl ProcessStart {
    /// Of this process.
    pub fn of_this_process(command: Command, python: PythonSearch) -> Self {
        let directory = ferricorn_master::working_directory().unwrap_or_default();
        Self {
            command,
            variables: std::env::vars_os().collect(),
            directory,
            python,
            accounts: Box::new(SystemAccounts),
        }
    }

    /// The variables as texts.
    pub fn environment(&self) -> Environment {
        let text = |text: &OsString| text.to_string_lossy().into_owned();
        self.variables.iter().map(|(name, value)| (text(name), text(value))).collect()
    }
}

/// The configuration file that is to be read.
pub enum Source {
    /// There is none.
    None,
    /// One that Python has to execute.
    Python {
        /// What is executed.
        file: PythonFile,
        /// The file as the user would name it.
        name: String,
    },
    /// One that was read.
    Read(FileContent),
}

impl Configuration {
    /// What settings can be made from.
    pub fn new(request: StartRequest, process: ProcessStart) -> Self {
        Self { request, environment: process.environment(), process, source: None }
    }

    /// Executes the Python file that is the source, if it is one, and waits for the answer. From the main thread only.
    pub fn ask_python(&self, source: &Source) -> Result<Option<String>, ConfigError> {
        let Some(question) = self.question(source)? else { return Ok(None) };
        let answer = ferricorn_master::execute(&question);
        answer.map(Some).map_err(|error| unanswered(source, &error))
    }

    /// What Python has to be asked about the source, if it is a Python file.
    fn question(&self, source: &Source) -> Result<Option<Question>, ConfigError> {
        let Source::Python { file, name } = source else { return Ok(None) };
        let ProcessStart { command, variables, python, .. } = &self.process;
        let found = python.find(self.python().as_deref()).map_err(|error| without_python(name, &error))?;
        Ok(Some(Question {
            python: found.python,
            file: file.clone(),
            command: command.clone(),
            variables: variables.clone(),
        }))
    }

    /// The interpreter that was named outside a configuration file, which it would be too late in.
    pub fn python(&self) -> Option<PathBuf> {
        let text = self.named("python", "FERRICORN_PYTHON")?;
        Some(if text.contains('/') { self.process.directory.join(text) } else { text.into() })
    }

    /// Finds the configuration file, and reads it unless Python has to.
    pub fn source(&self) -> Result<Source, ConfigError> {
        if let Some(named) = self.named("config", "FERRICORN_CONFIG") {
            return self.named_source(&named);
        }
        let native = self.process.directory.join("ferricorn.toml");
        if native.is_file()
            && let source @ Source::Read(_) = self.toml("ferricorn.toml")?
        {
            return Ok(source);
        }
        if self.process.directory.join("pyproject.toml").is_file()
            && let source @ Source::Read(_) = self.toml("pyproject.toml")?
        {
            return Ok(source);
        }
        if self.process.directory.join("gunicorn.conf.py").is_file() {
            return Ok(self.python_source("gunicorn.conf.py"));
        }
        Ok(Source::None)
    }

    fn named_source(&self, named: &str) -> Result<Source, ConfigError> {
        if let Some(module) = named.strip_prefix("python:") {
            let file = PythonFile {
                target: PythonTarget::Module(module.to_owned()),
                directory: self.process.directory.clone(),
            };
            return Ok(Source::Python { file, name: named.to_owned() });
        }
        let path = named.strip_prefix("file:").unwrap_or(named);
        if !self.process.directory.join(path).is_file() {
            let missing =
                if self.process.directory.join(path).exists() { "it is not a file" } else { "no such file" };
            return Err(ConfigError::File {
                file: path.to_owned(),
                reason: missing.to_owned(),
                hint: "give a file in Python or TOML, or `python:MODULE`".to_owned(),
            });
        }
        match Path::new(path).extension() {
            Some(extension) if extension == "toml" => self.toml(path),
            _ => Ok(self.python_source(path)),
        }
    }

    fn python_source(&self, name: &str) -> Source {
        let target = PythonTarget::Path(self.process.directory.join(name));
        Source::Python {
            file: PythonFile { target, directory: self.process.directory.clone() },
            name: name.to_owned(),
        }
    }

    fn toml(&self, name: &str) -> Result<Source, ConfigError> {
        let text =
            fs::read_to_string(self.process.directory.join(name)).map_err(|error| ConfigError::File {
                file: name.to_owned(),
                reason: error.to_string(),
                hint: "give a file that can be read".to_owned(),
            })?;
        Ok(read_toml(name, &text)?.map_or(Source::None, Source::Read))
    }

    /// The settings that hold. `answer` is Python's, where the source is a Python file.
    pub fn resolve(&self, source: Source, answer: Option<&str>) -> Result<Resolved, ConfigError> {
        let (file, python_file) = match source {
            Source::None => (None, None),
            Source::Read(content) => (Some(content), None),
            Source::Python { file, name } => {
                (Some(FileContent::from_answer(&name, answer.unwrap_or_default())?), Some(file))
            }
        };
        let input = Input {
            app: self.request.app.clone(),
            given: self.request.given.clone(),
            file,
            development: self.request.development,
            has_native_http: ferricorn_master::has_native_http(),
            python_file,
        };
        let facts = Facts {
            current_directory: self.process.directory.clone(),
            memory: ferricorn_master::memory_limit(),
            // Knows the affinity mask and the quota of the control group.
            processors: std::thread::available_parallelism()
                .map_or(1, |count| u16::try_from(count.get()).unwrap_or(u16::MAX)),
            is_directory: &Path::is_dir,
            accounts: &*self.process.accounts,
            read_file: &|path| fs::read_to_string(path),
        };
        match resolve(&input, &self.environment, &facts) {
            Err(ConfigError::NoApplication) if self.request.development => {
                let found = guess::application(&self.process.directory).ok_or(ConfigError::NoApplication)?;
                let mut resolved = resolve(&found.named_in(input), &self.environment, &facts)?;
                resolved.notes.push(found.note());
                Ok(resolved)
            }
            resolved => resolved,
        }
    }

    /// Checks what is named as the application, which needs no Python.
    pub fn look_for_target(&self, settings: &Settings) -> Result<(), ConfigError> {
        target::check(settings, self.request.app.is_some(), &self.process.python)
    }

    /// What is given for an option that is needed before there are settings.
    fn named(&self, option: &str, variable: &str) -> Option<String> {
        let last = |layer: Layer| {
            let is_it = |given: &&Given| given.layer == layer && given.spelling.entry.name() == option;
            self.request.given.iter().rev().find(is_it).map(|given| given.text.clone())
        };
        let named = last(Layer::CommandLine)
            .or_else(|| self.environment.get(variable).filter(|text| !text.is_empty()).map(str::to_owned))
            .or_else(|| last(Layer::CommandVariable));
        named.filter(|text| !text.is_empty())
    }
}

impl ferricorn_master::Configuration for Configuration {
    fn begin(&mut self) -> Result<Option<Question>, String> {
        let source = self.source().map_err(|error| told(&error))?;
        let question = self.question(&source).map_err(|error| told(&error))?;
        self.source = Some(source);
        Ok(question)
    }

    fn finish(&mut self, answer: Option<&str>) -> Result<Reread, String> {
        let source = self.source.take().unwrap_or(Source::None);
        let resolved = self.resolve(source, answer).map_err(|error| told(&error))?;
        let Resolved { settings, colors, warnings, task: _, shown: _, notes: _ } = resolved;
        Ok(Reread { settings, colors, warnings })
    }
}

/// The error of a file that could not be executed at all.
fn unanswered(source: &Source, error: &ExecuteError) -> ConfigError {
    let file = if let Source::Python { name, .. } = source { name.clone() } else { String::new() };
    let hint = "run the file with `python3` to see why".to_owned();
    ConfigError::File { file, reason: error.to_string(), hint }
}

fn without_python(file: &str, error: &InterpreterError) -> ConfigError {
    ConfigError::File { file: file.to_owned(), reason: error.to_string(), hint: error.hint().to_owned() }
}

/// An error with its hint, for the log.
fn told(error: &ConfigError) -> String {
    let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{error}{hint}")
}
