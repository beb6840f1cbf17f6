//! Settings of a server that are an option, a line of gunicorn's file, or a variable.
//!
//! Owns: what number a setting has in the end. Does not own: which file a command loads (`application`), nor what a
//! setting means.

use super::{Application, Command, Deployment, Fact, Program};
use crate::readers::python::Value;

impl Application {
    /// The number of a setting, by the name of its option: as it was given, or as gunicorn's file sets it. `None`: neither
    /// says it.
    pub fn number(&self, deployment: &Deployment, command: &Command, name: &str) -> Option<Fact<u64>> {
        const COMPUTED: &str = "it is computed";
        if let Some(value) = command.value(name) {
            return Some(value.clone().and_then(|text| text.parse().ok()));
        }
        if command.open || variable(deployment, command, "GUNICORN_CMD_ARGS").is_some() {
            return Some(Fact::Unknown("a variable may hold options"));
        }
        let Some((_, settings)) = &self.settings else {
            // A file that was named and not found.
            let named = command.option("config").is_some();
            return named.then_some(Fact::Unknown("the configuration file is not known"));
        };
        match settings.get(&name.replace('-', "_")) {
            Some(setting) => Some(match setting.value {
                Value::Integer(value) if !setting.conditional => u64::try_from(value)
                    .map_or(Fact::Unknown(COMPUTED), |value| Fact::Known(value, setting.expression.span)),
                _ => Fact::Unknown(COMPUTED),
            }),
            None => settings.has_more.then_some(Fact::Unknown("the file may set it")),
        }
    }

    /// How many workers there are: one, unless an option, gunicorn's file or `WEB_CONCURRENCY` says otherwise.
    pub fn workers(&self, deployment: &Deployment, command: &Command) -> Fact<u64> {
        if !matches!(command.program, Program::Gunicorn | Program::Uvicorn | Program::Ferricorn) {
            return Fact::Unknown("its options are not known");
        }
        if let Some(written) = self.number(deployment, command, "workers") {
            return written;
        }
        if variable(deployment, command, "UVICORN_WORKERS").is_some() {
            return Fact::Unknown("a variable says it");
        }
        match variable(deployment, command, "WEB_CONCURRENCY") {
            Some(value) => value.clone().and_then(|text| text.parse().ok()),
            None => Fact::Default(1, "nothing sets workers"),
        }
    }
}

fn variable<'d>(deployment: &'d Deployment, command: &'d Command, name: &str) -> Option<&'d Fact<String>> {
    command.env.get(name).or_else(|| deployment.env.get(name)).map(|variable| &variable.value)
}
