//! Settings of a server that are an option, a line of gunicorn's file, or a variable.
//!
//! Owns: what number a setting has in the end. Does not own: which file a command loads (`application`), nor what a
//! setting means.

use ferricorn_config::options;

use super::{Application, Command, Deployment, Fact, Program, application::Target};
use crate::readers::python::{Value, tree::Kind};

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
        let Some(settings) = self.in_file() else {
            // A file that was named and not found.
            let named = command.option("config").is_some();
            return named.then_some(Fact::Unknown("the configuration file is not known"));
        };
        let setting = options::find_long(name).map(|option| option.entry.setting_name());
        match settings.get(&setting.unwrap_or_else(|| name.replace('-', "_"))) {
            Some(setting) => Some(match setting.value {
                Value::Integer(value) if !setting.conditional => u64::try_from(value)
                    .map_or(Fact::Unknown(COMPUTED), |value| Fact::Known(value, setting.expression.span)),
                _ => Fact::Unknown(COMPUTED),
            }),
            None => settings.has_more.then_some(Fact::Unknown("the file may set it")),
        }
    }

    /// The one port on which the server listens; its place is that of the number, or of the whole address.
    pub fn port(&self, deployment: &Deployment, command: &Command) -> Fact<u16> {
        const ELSEWHERE: &str = "it may be given elsewhere";
        let set = |name: &str| variable(deployment, command, name).is_some();
        match &command.program {
            Program::Uvicorn if command.option("uds").is_some() || command.option("fd").is_some() => {
                Fact::Unknown("it listens on a socket of another kind")
            }
            Program::Uvicorn => match command.value("port") {
                Some(value) => port_of(deployment, value, false),
                None if command.open || set("UVICORN_PORT") || !command.mistakes.is_empty() => {
                    Fact::Unknown(ELSEWHERE)
                }
                None => Fact::Default(8000, "--port is not given"),
            },
            Program::Gunicorn | Program::Ferricorn => self.bound(deployment, command),
            Program::FastApi | Program::Granian | Program::Daphne | Program::Hypercorn => {
                let names: &[&str] = match command.program {
                    Program::Daphne => &["-p", "--port"],
                    Program::Hypercorn => &["-b", "--bind"],
                    _ => &["--port"],
                };
                let address = command.program == Program::Hypercorn;
                command
                    .word_behind(names)
                    .map_or(Fact::Unknown(ELSEWHERE), |it| port_of(deployment, &it, address))
            }
            Program::File(_) => self.port_of_file(),
            _ => Fact::Unknown("its options are not known"),
        }
    }

    /// The port of the only address of gunicorn.
    fn bound(&self, deployment: &Deployment, command: &Command) -> Fact<u16> {
        let name = if command.option("port").is_some() { "port" } else { "bind" };
        let mut all = command.options.iter().filter(|it| it.spelling.entry.name() == name);
        match (all.next(), all.next()) {
            (Some(only), None) => port_of(deployment, &only.value, name == "bind"),
            (Some(_), Some(_)) => Fact::Unknown("there are several addresses"),
            _ if command.open || variable(deployment, command, "GUNICORN_CMD_ARGS").is_some() => {
                Fact::Unknown("a variable may hold options")
            }
            _ => {
                let setting = self.in_file().and_then(|settings| settings.get("bind"));
                match setting.map(|it| (&it.value, it)) {
                    Some((Value::Text(text), setting)) if !setting.conditional => {
                        let value = Fact::Known(text.text().to_owned(), setting.expression.span);
                        port_of(deployment, &value, true)
                    }
                    _ => Fact::Unknown("nothing gives an address"),
                }
            }
        }
    }

    /// The port of `uvicorn.run`.
    fn port_of_file(&self) -> Fact<u16> {
        let (Some(server), Target::Found { .. } | Target::Unknown) = (&self.server, &self.target) else {
            return Fact::Unknown("it starts no server that is known");
        };
        match server.argument("port").map(|it| &it.value) {
            Some(value) => match &value.kind {
                Kind::Number(text) => {
                    text.parse().map_or(Fact::Unknown("it is no port"), |it| Fact::Known(it, value.span))
                }
                _ => Fact::Unknown("it is computed"),
            },
            None if server.has_more()
                || server.argument("fd").is_some()
                || server.argument("uds").is_some() =>
            {
                Fact::Unknown("it may be given elsewhere")
            }
            None => Fact::Default(8000, "port is not given"),
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

/// The port in a value: all of it, or what is behind the last colon.
fn port_of(deployment: &Deployment, value: &Fact<String>, address: bool) -> Fact<u16> {
    value.clone().and_then(|text| {
        let text = deployment.expanded(&text)?;
        let port = if address { text.rsplit_once(':')?.1 } else { text.as_str() };
        port.parse().ok()
    })
}

fn variable<'d>(deployment: &'d Deployment, command: &'d Command, name: &str) -> Option<&'d Fact<String>> {
    command.env.get(name).or_else(|| deployment.env.get(name)).map(|variable| &variable.value)
}
