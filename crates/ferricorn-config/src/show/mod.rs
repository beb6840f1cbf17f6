//! Every setting with its value and where it came from (`--print-config`).

mod secrets;

use crate::{
    given::{Choice, Choices, Origin, Spoken, decisive},
    options::{self, Entry, Kind, Standing, Target},
    settings::{AccessLog, Bind, Settings, UvicornValue},
};

/// One line of `--print-config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The setting's name, as in a configuration file.
    pub name: String,
    /// Its value as text; empty when there is none.
    pub value: String,
    /// The same as others may see it, without secrets.
    pub public: String,
    /// Where it came from.
    pub source: String,
}

impl Shown {
    /// Whether it is not given.
    pub fn is_default(&self) -> bool {
        self.source == "default"
    }
}

/// Every setting that has an effect, by name, with its value in effect, even if it is not given.
pub(crate) fn all(choices: &Choices, settings: &Settings, spoken: Spoken) -> Vec<Shown> {
    let shown =
        options::all().filter(|entry| has_value(entry)).map(|entry| one(entry, choices, settings, spoken));
    let mut shown: Vec<Shown> = shown.collect();
    shown.sort_by(|left, right| left.name.cmp(&right.name));
    shown
}

fn has_value(entry: &Entry) -> bool {
    !matches!(entry.kind, Kind::Hook(_))
        && !matches!(entry.name(), "check-config" | "print-config")
        && (matches!(entry.standing, Standing::Supported(Target::Draft(_) | Target::Uvicorn(_)))
            || matches!(entry.name(), "config" | "env-file"))
}

fn one(entry: &'static Entry, choices: &Choices, settings: &Settings, spoken: Spoken) -> Shown {
    let name = entry.setting_name();
    let given = choices.get(entry.name()).filter(|choices| !choices.is_empty());
    let typed = given.map(|choices| choices.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join(", "));
    let mut source = given.and_then(|choices| choices.last()).map_or_else(|| "default".to_owned(), source);
    // The application of a file counts where the command line names none.
    if entry.name() == "wsgi-app" && typed.as_ref() != Some(&settings.app) {
        "the command line".clone_into(&mut source);
    }
    if entry.name() == "bind" {
        // It is not given, but it is not the default.
        let of_platform = || settings.binds.iter().any(|bind| *bind != Bind::default());
        source = match decisive(choices) {
            Some(choice) => self::source(choice),
            None if of_platform() => "PORT".to_owned(),
            None => "default".to_owned(),
        };
    }
    let hidden =
        given.map(|it| it.iter().map(|it| secrets::hide(entry, &it.text)).collect::<Vec<_>>().join(", "));
    let held = held(entry, settings);
    let preset = || default(entry, settings, spoken);
    let mut public = held.clone().or(hidden).unwrap_or_else(preset);
    if entry.name() == "http" && settings.native_http.is_some_and(|native| !native.is_named) {
        public.push_str(" (native)");
    }
    let value = held.or(typed).unwrap_or_else(preset);
    Shown { name, value, public, source }
}

/// What holds of those that do not follow from one option.
fn held(entry: &Entry, settings: &Settings) -> Option<String> {
    Some(match entry.name() {
        "wsgi-app" => settings.app.clone(),
        "bind" => settings.binds.iter().map(Bind::to_string).collect::<Vec<_>>().join(", "),
        "user" => settings.rights.user.to_string(),
        "group" => settings.rights.group.to_string(),
        "umask" => format!("{:#05o}", settings.umask),
        "workers" => settings.workers.to_string(),
        "chdir" => settings.chdir.display().to_string(),
        "worker-class" => settings.worker_class.clone(),
        "access-logfile" => match &settings.access_log {
            AccessLog::Off => String::new(),
            AccessLog::Stdout => "-".to_owned(),
            AccessLog::File(path) => path.display().to_string(),
        },
        "max-worker-memory" => settings.max_worker_memory.as_ref()?.share.clone()?,
        "access-logformat" => settings.access_log_format.clone(),
        _ => return None,
    })
}

/// The default.
fn default(entry: &Entry, settings: &Settings, spoken: Spoken) -> String {
    let preset = match entry.standing {
        Standing::Supported(Target::Uvicorn(name)) => {
            settings.uvicorn_defaults.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
        }
        _ => None,
    };
    match (preset, entry.name()) {
        (Some(UvicornValue::Text(text)), _) => return text.clone(),
        // The table has the rest.
        (_, "access-log") => return (!spoken.gunicorn || settings.access_log != AccessLog::Off).to_string(),
        // `bind` says what follows from these; the application stands in for the names.
        (_, "host" | "port" | "log-syslog-prefix" | "name") => return String::new(),
        // One that has its usual name is found without being named.
        (_, "config") => {
            return settings.config_file.as_ref().map(|file| file.target.to_string()).unwrap_or_default();
        }
        _ => {}
    }
    match (entry.kind, entry.preset.text()) {
        (Kind::Switch, None) => "false",
        (Kind::Switch, Some("on")) => "true",
        (Kind::Table, None) => "{}",
        (_, text) => text.unwrap_or_default(),
    }
    .to_owned()
}

fn source(choice: &Choice) -> String {
    match &choice.origin {
        Origin::Setting(place) => {
            place.line.map_or_else(|| place.file.clone(), |line| format!("{}:{line}", place.file))
        }
        Origin::Variable(name) => name.clone(),
        Origin::Option(..) => choice.origin.to_string().replace('`', ""),
    }
}
