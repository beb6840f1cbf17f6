//! Numbers of the command line in the narrower types of the settings, within their limits.

use std::{fmt::Debug, time::Duration};

use crate::{
    given::{Choices, ConfigError, value_error},
    values::{Problem, Value},
};

/// Numbers that must fit into something narrower than they were read as.
pub(crate) struct Numbers<'a> {
    /// How many `--workers auto` means.
    pub(crate) processors: u16,
    /// What was given, to say in an error.
    pub(crate) choices: &'a Choices,
}

impl Numbers<'_> {
    fn narrow(&self, name: &str, number: u64, most: u32) -> Result<u32, ConfigError> {
        match u32::try_from(number) {
            Ok(number) if number <= most => Ok(number),
            _ => Err(self.too_large(name, number, most)),
        }
    }

    fn too_large(&self, name: &str, number: u64, most: u32) -> ConfigError {
        self.refused(name, &number, Problem::meaning("too large", format!("give at most {most}")))
    }

    fn refused(&self, name: &str, value: &dyn Debug, problem: Problem) -> ConfigError {
        match self.choices.get(name).and_then(|choices| choices.last()) {
            Some(choice) => value_error(choice, problem),
            None => ConfigError::Grammar(format!("`--{name}` is {}: {value:?}", problem.reason)),
        }
    }

    /// Workers show ten times a second that their event loop runs. What is not several times as long would kill some that
    /// are in order.
    pub(crate) fn timeout(&self, timeout: Duration) -> Result<Duration, ConfigError> {
        const LEAST: Duration = Duration::from_millis(500);
        if timeout.is_zero() || timeout >= LEAST {
            return Ok(timeout);
        }
        let reason = "too short: workers show ten times a second that they live";
        let hint = "give at least 0.5, or 0 for no limit";
        Err(self.refused("timeout", &timeout, Problem::meaning(reason, hint)))
    }

    /// `listen(2)` takes a signed number; 0, which gunicorn lets through, means one place.
    pub(crate) fn backlog(&self, places: u64) -> Result<u32, ConfigError> {
        let most = i32::MAX.unsigned_abs();
        self.narrow("backlog", places, most).map(|number| number.max(1))
    }

    pub(crate) fn worker_connections(&self, given: Option<u64>) -> Result<Option<u32>, ConfigError> {
        given.map(|number| self.narrow("worker-connections", number, u32::MAX)).transpose()
    }

    pub(crate) fn workers(&self, workers: Option<&Value>) -> u16 {
        match workers {
            Some(Value::Whole(number)) => u16::try_from(*number).unwrap_or(u16::MAX),
            _ => self.processors.max(1),
        }
    }
}
